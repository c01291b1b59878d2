"""The command line of published bundles, as a person uses it."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console

import pipelines.bundle
from pipelines.bundle import main
from recs_core.artifacts.bundle import Bundle
from recs_core.artifacts.published import provenance_of
from recs_core.testing.tiny import tiny_bundle


@pytest.fixture(scope="module")
def bundles(tmp_path_factory: pytest.TempPathFactory) -> list[Bundle]:
    """Two, the better first."""
    root = tmp_path_factory.mktemp("bundles")
    made = [tiny_bundle(root / str(seed), seed=seed) for seed in (7, 8)]
    return sorted(made, key=ndcg, reverse=True)


def ndcg(bundle: Bundle) -> float:
    wanted = (bundle.meta.model_name, "ndcg", 10, "all")
    (mean,) = (e.mean for e in bundle.meta.metrics if (e.model, e.metric, e.k, e.cohort) == wanted)
    return mean


@pytest.fixture(autouse=True)
def _wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipelines.bundle, "console", Console(width=250, highlight=False))
    monkeypatch.delenv("REDIS_URL", raising=False)
    monkeypatch.delenv("BOOKVERSE_REDIS_URL", raising=False)


def test_publish_list_roll_back_verify_and_prune(
    bundles: list[Bundle], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    to = ["--to", str(tmp_path)]
    worse, better = bundles[1], bundles[0]
    for each in (worse, better):
        assert main(["publish", "--bundle", str(each.path), *to]) == 0
    assert "the first bundle" in capsys.readouterr().out
    assert main(["rollback", "--reason", "it was a test", *to]) == 0
    assert f"serving {worse.version} again, instead of {better.version}" in capsys.readouterr().out
    assert main(["list", "--changes", *to]) == 0
    shown = capsys.readouterr().out
    (current,) = (line for line in shown.splitlines() if line.strip().startswith("*"))
    assert worse.version in current
    assert f"{ndcg(worse):.4f}" in current
    assert "it was a test" in shown
    assert main(["verify", worse.version, better.version, *to]) == 0
    assert capsys.readouterr().out.count("is whole") == 2
    assert main(["prune", "--keep", "1", *to]) == 0
    assert (tmp_path / worse.version).exists()


def test_a_worse_bundle_is_refused_unless_a_reason_is_given(
    bundles: list[Bundle], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    better, worse = bundles
    main(["publish", "--bundle", str(better.path), "--to", str(tmp_path)])
    command = ["publish", "--bundle", str(worse.path), "--to", str(tmp_path), "--max-drop", "0"]
    assert main(command) == 1
    said = capsys.readouterr().err
    assert said.startswith("nothing was published")
    assert f"{ndcg(worse):.4f}" in said
    assert f"{ndcg(better):.4f}" in said
    assert "--force" in said
    assert (tmp_path / "CURRENT").read_text().strip() == better.version
    assert main([*command, "--force", "to see it"]) == 0
    assert (tmp_path / "CURRENT").read_text().strip() == worse.version
    known = provenance_of(tmp_path / worse.version)
    assert known.forced == "to see it"
    assert "below" in str(known.admission)


def test_a_damaged_version_is_named(
    bundles: list[Bundle], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["publish", "--bundle", str(bundles[0].path), "--to", str(tmp_path)])
    victim = tmp_path / bundles[0].version / "books.npy"
    victim.write_bytes(victim.read_bytes()[:-1] + b"!")
    assert main(["verify", "--to", str(tmp_path)]) == 1
    assert f"not verified: {victim} is damaged" in capsys.readouterr().err


def test_an_empty_list_says_how_to_publish(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["list", "--to", str(tmp_path)]) == 0
    assert "python -m pipelines.publish" in capsys.readouterr().out
