"""Settings: four layers, each value's place, and what stops the start."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from api_server import server_command, server_environment

from graphql_api.__main__ import main
from graphql_api.app import create_app
from graphql_api.settings import Settings, page
from graphql_api.settings.names import leaves
from recs_core.artifacts.bundle import Bundle
from recs_core.errors import ParameterError
from recs_core.serving.recommender import ServingRecommender

SECRETS = {
    "BOOKVERSE_REDIS_URL": "redis://user:geheim@cache",  # pragma: allowlist secret
    "BOOKVERSE_CURSOR_KEY": "geheim" * 8,
    "BOOKVERSE_PROFILE_KEYS": "feed" * 16,
}
KEYS = "BOOKVERSE_AUTH__KEYS"
"""Not a secret, and without it production has nobody whom to believe."""


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith("BOOKVERSE_") or name == "REDIS_URL":
            monkeypatch.delenv(name)


@pytest.fixture
def production(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv(KEYS, "https://issuer.example/keys")


def checked(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, tuple[str, str]]:
    """What `--check-config` prints: the origin and the value by setting."""
    assert main(["--check-config", *arguments]) == 0
    lines = [line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines()]
    pairs = {path: rest.rsplit("  ", 1) for path, rest in lines}
    return {path: (origin.strip(), value) for path, (origin, value) in pairs.items()}


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["--check-config", *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("graphql_api: ")
    return captured.err


def test_a_later_layer_goes_before_an_earlier_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "my.yaml"
    file.write_text("api:\n  max_depth: 5\n  max_first: 5\n  port: 5\n")
    monkeypatch.setenv("BOOKVERSE_API__MAX_FIRST", "6")
    monkeypatch.setenv("BOOKVERSE_API__PORT", "6")
    shown = checked(capsys, "--config", str(file), "--port", "7")
    assert shown["api.max_tokens"] == ("default", "1000")
    assert shown["api.max_depth"] == (f"{file}, line 2", "5")
    assert shown["api.max_first"] == ("environment variable BOOKVERSE_API__MAX_FIRST", "6")
    assert shown["api.port"] == ("command line", "7")


def test_development_is_open_and_needs_nothing() -> None:
    settings = Settings.load()
    assert settings.environment == "development"
    assert settings.api.introspection
    assert settings.api.suggestions
    assert settings.api.page
    assert settings.api.debug_mode
    assert (settings.api.cache_ttl, settings.api.rate_limit) == (60, 1_000)
    weights = settings.algorithms.default_weights
    assert (weights.content, weights.collaborative, weights.popularity) == (0.4, 0.4, 0.2)


@pytest.mark.usefixtures("production")
def test_production_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOOKVERSE_ENVIRONMENT", "production")
    settings = Settings.load()
    assert not settings.api.introspection
    assert not settings.api.suggestions
    assert not settings.api.page
    assert not settings.api.debug_mode
    assert (settings.api.cache_ttl, settings.api.rate_limit) == (900, 10_000)
    weights = settings.algorithms.default_weights
    assert (weights.content, weights.collaborative, weights.popularity) == (0.3, 0.5, 0.2)


def test_what_no_file_opens_is_closed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "empty.yaml").write_text("")
    monkeypatch.setenv("BOOKVERSE_CONFIG", str(tmp_path / "empty.yaml"))
    api = Settings.load().api
    assert [api.introspection, api.suggestions, api.page, api.debug_mode] == [False] * 4


@pytest.mark.parametrize("missing", [*SECRETS, KEYS])
@pytest.mark.usefixtures("production")
def test_production_without_a_secret_names_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], missing: str
) -> None:
    monkeypatch.delenv(missing)
    line = refused(capsys, "--environment", "production")
    assert f"production needs the environment variable {missing}: " in line
    assert "geheim" not in line


@pytest.mark.usefixtures("production")
def test_a_worker_of_production_does_without_what_only_servers_need(
    monkeypatch: pytest.MonkeyPatch, bundle: Bundle
) -> None:
    monkeypatch.setenv("BOOKVERSE_ENVIRONMENT", "production")
    for name in (KEYS, "BOOKVERSE_CURSOR_KEY"):
        monkeypatch.delenv(name)
    settings = Settings.load()
    with pytest.raises(ParameterError, match=f"{KEYS}: .*; and BOOKVERSE_CURSOR_KEY: "):
        create_app(settings, ServingRecommender(bundle))


@pytest.mark.usefixtures("production")
def test_the_host_s_own_redis_variable_is_enough(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("BOOKVERSE_REDIS_URL")
    monkeypatch.setenv("REDIS_URL", "redis://cache")
    shown = checked(capsys, "--environment", "production")
    assert shown["redis_url"] == ("environment variable REDIS_URL", "set")


@pytest.mark.usefixtures("production")
def test_production_sends_no_token_that_can_be_read_on_its_way(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BOOKVERSE_INVENTORY_TOKEN", "geheim")
    monkeypatch.setenv("BOOKVERSE_UPSTREAM__INVENTORY_URL", "http://inventory")
    line = refused(capsys, "--environment", "production")
    assert (
        "production sends no token over plain HTTP: upstream.inventory_url must begin with https://" in line
    )
    assert "geheim" not in line
    monkeypatch.setenv("BOOKVERSE_UPSTREAM__INVENTORY_URL", "https://inventory")
    assert checked(capsys, "--environment", "production")["inventory_token"][1] == "set"


@pytest.mark.usefixtures("production")
def test_secrets_are_never_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--check-config", "--environment", "production"]) == 0
    settings = Settings.load()
    shown = repr(settings) + str(settings) + settings.model_dump_json() + capsys.readouterr().out
    assert "geheim" not in shown


@pytest.mark.parametrize(
    ("name", "value", "fault"),
    [
        (
            "BOOKVERSE_API__PROT",
            "80",
            "BOOKVERSE_API__PROT: no such setting; did you mean BOOKVERSE_API__PORT?",
        ),
        ("BOOKVERSE_PORT", "80", "BOOKVERSE_PORT: no such setting; did you mean BOOKVERSE_API__PORT?"),
        ("bookverse_api__prot", "80", "bookverse_api__prot: no such setting"),
        ("BOOKVERSE_API__PORT", "many", "api.port: Input should be a valid integer"),
        (
            "BOOKVERSE_API__CACHE_TTL",
            "-1",
            "api.cache_ttl: Input should be greater than or equal to 0 (got '-1')",
        ),
        ("BOOKVERSE_API__PERSISTED_DOCUMENTS", "trusted", "documents must name their folder"),
        ("BOOKVERSE_ALGORITHMS__STRATEGIES", "{", "algorithms"),
        (
            "BOOKVERSE_ALGORITHMS__DEFAULT_STRATEGY",
            "best",
            "default_strategy 'best' is not one of strategies",
        ),
        ("BOOKVERSE_ENVIRONMENT", "staging", "must be development or production (got 'staging')"),
        ("BOOKVERSE_CONFIG", "/none/my.yaml", "/none/my.yaml: cannot be read: "),
        ("BOOKVERSE_CURSOR_KEY", "geheim", "cursor_key: must have at least 32 characters"),
        ("BOOKVERSE_INVENTORY_TOKEN", "geheim geheim", "inventory_token: must be a bearer token"),
        ("BOOKVERSE_UPSTREAM__INVENTORY_URL", "inventory", "upstream.inventory_url: must be like https://"),
        (
            "BOOKVERSE_UPSTREAM__CHECKOUT_URL",
            "https://me:geheim@checkout",  # pragma: allowlist secret
            "upstream.checkout_url: must hold no name and no password",
        ),
        (
            "REDIS_URL",
            "http://user:geheim@cache",  # pragma: allowlist secret
            "REDIS_URL: redis_url: must begin with one of redis://",
        ),
        (
            "REDIS_URL",
            "redis://:geheim/7@cache",  # pragma: allowlist secret
            "REDIS_URL: redis_url: must have a number as its port",
        ),
    ],
)
def test_a_wrong_variable_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, value: str, fault: str
) -> None:
    monkeypatch.setenv(name, value)
    line = refused(capsys)
    assert fault in line
    assert "geheim" not in line


@pytest.mark.parametrize(
    ("text", "line", "fault"),
    [
        ("api:\n  prot: 80\n", 2, "api.prot: no such setting; did you mean api.port?"),
        ("api:\n  port: 80\nmax_cost: 5\n", 3, "max_cost: no such setting; did you mean api.max_cost?"),
        ("api:\n  port: many\n", 2, "api.port: Input should be a valid integer"),
        ("api:\n  port: 80\n\n  port: 81\n", 4, "api.port is there twice"),
        (
            f"redis_url: {SECRETS['BOOKVERSE_REDIS_URL']}\n",
            1,
            "set the environment variable BOOKVERSE_REDIS_URL",
        ),
        ("cursor_key:\n", 1, "set the environment variable BOOKVERSE_CURSOR_KEY"),
        ("api:\n  on: true\n", 2, "a key must be a name (got 'on'); put it in quotes"),
        (
            "algorithms:\n  strategies:\n    tuned: {description: x}\n    mine:\n      description: x\n"
            "      rerank: {diversty: 0.1}\n",
            6,
            "did you mean algorithms.strategies.mine.rerank.diversity?",
        ),
        (
            "algorithms:\n  strategies:\n    tuned:\n      description: x\n      weights: {content: 1}\n",
            5,
            "algorithms.strategies.tuned.weights.collaborative: Field required",
        ),
    ],
)
def test_a_wrong_key_is_named_with_its_file_and_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, line: int, fault: str
) -> None:
    file = tmp_path / "my.yaml"
    file.write_text(text)
    shown = refused(capsys, "--config", str(file))
    assert f"{file}, line {line}: " in shown
    assert fault in shown
    assert "geheim" not in shown


@pytest.mark.parametrize("text", ["- api\n", "api: {port\n"])
def test_a_file_that_is_no_mapping_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    file = tmp_path / "my.yaml"
    file.write_text(text)
    assert f"{file}: " in refused(capsys, "--config", str(file))


def test_a_strategy_without_weights_has_the_default_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOOKVERSE_ALGORITHMS__DEFAULT_WEIGHTS__CONTENT", "0.9")
    algorithms = Settings.load().algorithms
    assert algorithms.strategies["balanced"].weights == algorithms.default_weights
    assert algorithms.default_weights.content == 0.9
    assert algorithms.strategies["tuned"].weights is None


def test_a_table_is_set_by_its_variable_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    name = "BOOKVERSE_ALGORITHMS__STRATEGIES__TUNED__DESCRIPTION"
    monkeypatch.setenv(name, "Mine.")
    shown = checked(capsys)
    path = "algorithms.strategies.tuned.description"
    assert shown[path] == (f"environment variable {name}", '"Mine."')


def test_what_a_caller_gives_goes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REDIS_URL", "redis://a")
    monkeypatch.setenv("BOOKVERSE_API__PORT", "1")
    settings = Settings.load(redis_url="redis://b", api={"port": 2})
    assert settings.redis_url is not None
    assert settings.redis_url.get_secret_value() == "redis://b"
    assert settings.api.port == 2
    with pytest.raises(ParameterError, match=r"argument: api\.prt: no such setting"):
        Settings.load(api={"prt": 2})


def test_the_files_are_found_from_anywhere(tmp_path: Path) -> None:
    ended = subprocess.run(
        server_command("--check-config"),
        cwd=tmp_path,
        env=server_environment(PYTHONPATH=str(Path.cwd())),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert "config/development.yaml, line" in ended.stdout


def test_a_package_without_its_files_says_what_to_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("graphql_api.settings.loading.CONFIG", tmp_path / "config")
    line = refused(capsys)
    assert f"there is no {tmp_path / 'config/development.yaml'}" in line
    assert "--config or BOOKVERSE_CONFIG" in line


def test_help_lists_every_setting(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    shown = "".join(capsys.readouterr().out.split())
    assert ended.value.code == 0
    for leaf in leaves(Settings):
        assert leaf.table or leaf.variable in shown
        assert leaf.field.description, leaf.path
        assert leaf.field.description.endswith("."), leaf.path
    assert "--bundle" in shown


def test_no_option_takes_a_secret(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--cursor_key", "geheim"])
    assert ended.value.code == 2


def test_the_page_is_current(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert page.main(["--check"]) == 0
    stale = tmp_path / "configuration.md"
    stale.write_text(page.PAGE.read_text(encoding="utf-8").replace("api.port", "api.prot"), encoding="utf-8")
    monkeypatch.setattr(page, "PAGE", stale)
    assert page.main(["--check"]) == 1
    assert page.main([]) == 0
    assert page.main(["--check"]) == 0
