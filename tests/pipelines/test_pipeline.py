"""The whole pipeline on a tiny data set, through real DVC, real papermill and real kernels."""

import json
import shutil

import nbformat
import numpy as np
import pyarrow.parquet as pq
import pytest
import yaml
from project_copy import ROOT, Workspace

from recs_core.artifacts.bundle import open_bundle
from recs_core.data.splits.split import Split
from recs_core.data.topk import TopK
from recs_core.serving.recommender import ServingRecommender

MODELS = list(yaml.safe_load((ROOT / "params.yaml").read_text())["models"])


def test_every_notebook_is_run_by_a_stage(workspace: Workspace) -> None:
    notebooks = {path.name for path in (ROOT / "notebooks").glob("*.ipynb")}
    executed = {stage["cmd"].split()[3].removeprefix("notebooks/") for stage in workspace.lock().values()}
    # the search stands apart, for it takes long; states are compared by hand, for a person says which
    apart = (ROOT / "reports/tuning/dvc.yaml").read_text() + (ROOT / "docs/workbench.md").read_text()
    assert executed | {name for name in notebooks if f"notebooks/{name} --run" in apart} == notebooks
    assert "10_tune.ipynb" not in executed


def test_every_run_leaves_its_executed_notebook(workspace: Workspace) -> None:
    runs = {path.stem for path in (workspace.root / "reports/runs").glob("*.ipynb")}
    per_model = {f"{step}-{model}" for step in ("train", "recommend", "evaluate") for model in MODELS}
    assert runs == per_model | {
        "ingest",
        "split",
        "data_report",
        "features",
        "compare",
        "report",
        "bundle",
    }


def test_executed_notebooks_hold_nothing_of_this_machine_or_moment(workspace: Workspace) -> None:
    for path in (workspace.root / "reports/runs").glob("*.ipynb"):
        text = path.read_text()
        assert str(workspace.root) not in text
        notebook = nbformat.reads(text, as_version=4)
        assert set(notebook.metadata) == {"kernelspec"}
        assert all(set(cell.metadata) <= {"tags"} for cell in notebook.cells)


def test_a_second_repro_runs_nothing(workspace: Workspace) -> None:
    before = (workspace.root / "dvc.lock").read_bytes()
    said = workspace.dvc("repro").stdout
    assert "Running stage" not in said
    assert "Data and pipelines are up to date" in said
    assert (workspace.root / "dvc.lock").read_bytes() == before


def test_changing_als_runs_als_and_what_collects_it(workspace: Workspace) -> None:
    before = (workspace.root / "params.yaml").read_text()
    try:
        workspace.change_params(lambda params: params["models"]["als"]["config"].update(factors=4))
        said = workspace.dvc("repro").stdout
    finally:
        (workspace.root / "params.yaml").write_text(before)
        # from the run cache, without running anything
        workspace.dvc("repro")
    running = {line.split("'")[1] for line in said.splitlines() if line.startswith("Running stage")}
    assert running == {"train@als", "recommend@als", "evaluate@als", "compare", "report", "bundle"}


def test_two_clean_runs_in_different_places_give_the_same_bytes(
    workspace: Workspace, other_workspace: Workspace
) -> None:
    digests = [
        {out["path"]: out["md5"] for stage in place.lock().values() for out in stage["outs"]}
        for place in (workspace, other_workspace)
    ]
    assert digests[0] == digests[1]


def test_rows_read_are_kept_or_set_aside_with_a_reason(workspace: Workspace) -> None:
    quarantine = pq.read_table(workspace.root / "data/interim/quarantine.parquet").to_pandas()
    assert len(quarantine) > 0
    assert quarantine["reason"].str.len().gt(0).all()
    assert quarantine["line"].gt(1).all()


@pytest.mark.parametrize("model", MODELS)
def test_no_list_holds_a_known_book(workspace: Workspace, model: str) -> None:
    history = Split.load(workspace.root / "data/split").known_before_test.matrix
    recs = TopK.load(workspace.root / "data/recs" / model)
    for row in range(len(recs)):
        known = history.indices[history.indptr[row] : history.indptr[row + 1]]
        assert not np.isin(recs.books[row], known).any()


def test_dvc_metrics_and_plots_have_something_to_show(workspace: Workspace) -> None:
    shown = json.loads(workspace.dvc("metrics", "show", "--json").stdout)
    metrics = shown[""]["data"]["reports/summary.json"]["data"]
    assert metrics.pop("data") == {"source": "book-crossing", "synthetic": False}
    assert set(metrics) == set(MODELS)
    workspace.dvc("plots", "show", "--out", "plots-page")
    page = (workspace.root / "plots-page/index.html").read_text()
    shutil.rmtree(workspace.root / "plots-page")
    plots = yaml.safe_load((ROOT / "dvc.yaml").read_text())["plots"]
    assert page.count("vegaEmbed(") == len(plots)
    # each plot tells every model by its name
    assert all(page.count(f'"model": "{model}"') >= len(plots) for model in MODELS)


def test_the_bundle_serves_what_the_pipeline_measured(workspace: Workspace) -> None:
    bundle = open_bundle(workspace.root / "data/bundle")
    measured = {
        (model, entry["metric"], entry["k"]): entry["mean"]
        for model in MODELS
        for entry in json.loads((workspace.root / f"data/metrics/{model}.json").read_text())
    }
    assert {(m.model, m.metric, m.k): m.mean for m in bundle.meta.metrics} == measured
    assert [model.name for model in bundle.meta.models] == MODELS
    answer = ServingRecommender(bundle).recommend(str(bundle.users.array[0]), k=5)
    assert answer.served_from == "PRECOMPUTED"
