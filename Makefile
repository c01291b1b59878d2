# BookVerse Recommendations. `make help` lists what there is.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
export PATH := $(CURDIR)/$(BIN):$(PATH)

.DEFAULT_GOAL := help
.PHONY: help setup demo test check verify parity bench lab clean lock schema clients

help:  ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

setup: $(READY)  ## create .venv and install the pinned packages (does nothing when up to date)

$(READY): requirements.lock requirements-platform.lock pyproject.toml
	@echo "setup: installing the pinned packages into $(VENV) (a few minutes the first time)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --no-deps --require-hashes --requirement requirements.lock
	@$(BIN)/python -m pip install --quiet --requirement requirements-platform.lock
	@$(BIN)/python -m pip install --quiet --no-deps --editable .
	@touch $(READY)

demo: setup  ## pipeline on real books, server, a printed answer (ONCE=1: exit after printing; PORT=8000: that port)
	@$(BIN)/python -m pipelines.demo $(if $(ONCE),--once) $(if $(PORT),--port $(PORT))

test: setup  ## run the tests
	@$(BIN)/python -m pytest $(ARGS)

check: setup  ## lint, format, types, import rules, security and secrets, committed contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/bandit -q -c pyproject.toml -r recs_core graphql_api pipelines bookverse benchmarks
	git ls-files -z | xargs -0 $(BIN)/detect-secrets-hook --no-verify --exclude-files '^(dvc\.lock|reports/|benchmarks/results/|docs/clients/.*(__generated__/|package-lock))' --exclude-lines 'sha256: .?[0-9a-f]{64}'
	$(BIN)/python -m graphql_api.export_schema --check
	$(BIN)/python -m graphql_api.lint_schema
	$(BIN)/python -m graphql_api.export_docs --check
	$(BIN)/python -m graphql_api.settings.page --check

verify: setup  ## run the pipeline again, apart, and compare every output with dvc.lock
	@$(BIN)/python -m pipelines.verify

parity: setup  ## ask the real server for every evaluated reader and compare the metrics with the pipeline's
	@$(BIN)/python -m pipelines.parity

bench: setup  ## measure how fast the product answers, beside others (needs wrk; ARGS='api': only that)
	@$(BIN)/python -m benchmarks $(ARGS)

lab: setup  ## open JupyterLab on the notebooks
	@JUPYTER_CONFIG_PATH=$(CURDIR)/config/jupyter $(BIN)/jupyter lab $(if $(filter 0,$(shell id -u)),--allow-root) --notebook-dir=notebooks --LabApp.default_url=/lab/tree/tutorials/00_start.ipynb

schema: setup  ## write graphql_api/schema.graphql, and docs/api.md and docs/configuration.md, which are made of the code
	@$(BIN)/python -m graphql_api.export_schema
	@$(BIN)/python -m graphql_api.export_docs
	@$(BIN)/python -m graphql_api.settings.page
	@if command -v npm >/dev/null; then $(MAKE) --no-print-directory clients; else echo 'schema: npm is not installed, docs/clients is left as it is'; fi

clients: docs/clients/node_modules/.package-lock.json  ## generate the code of docs/clients from the schema (needs node)
	@npm --prefix docs/clients run --silent generate

docs/clients/node_modules/.package-lock.json: docs/clients/package-lock.json
	@npm --prefix docs/clients ci --silent --no-audit --no-fund

lock:  ## resolve pyproject.toml anew into requirements.lock and requirements-platform.lock
	@rm -rf .venv-lock && $(PYTHON) -m venv .venv-lock
	@.venv-lock/bin/python -m pip install --quiet --upgrade pip
	@.venv-lock/bin/python -m pip install --quiet torch==2.13.0 --editable '.[dev]'
	@.venv-lock/bin/python -m pip freeze --exclude-editable | sed 's/+cpu$$//' > .venv-lock/frozen
	@.venv-lock/bin/python -m pip install --dry-run --ignore-installed --no-deps --quiet \
	   --report .venv-lock/report.json --requirement .venv-lock/frozen
	@$(PYTHON) .ci/lock.py .venv-lock/report.json
	@rm -rf .venv-lock

clean:  ## remove what the pipeline and the tools made (keeps .venv, downloads and the DVC cache)
	@rm -rf data/interim data/split data/features data/models data/recs data/metrics data/bundle data/published
	@rm -rf reports/runs .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis dist
	@find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +
