import json
from pathlib import Path

import pytest

from benchmarks.serving import main
from recs_core.testing.tiny import tiny_bundle


def test_every_kind_of_request_is_timed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle = tiny_bundle(tmp_path / "bundle")
    result = tmp_path / "serving.json"
    asked = ["--bundle", str(bundle.path), "--readers", "5", "--result", str(result)]
    monkeypatch.setattr("sys.argv", ["serving", *asked])
    main()
    assert result.read_text() == capsys.readouterr().out
    found = json.loads(result.read_text())
    assert found["bundle"] == {
        "source": "tiny",
        "model": "hybrid",
        "users": len(bundle.users),
        "books": len(bundle.books),
        "interactions": len(bundle.history),
    }
    # the tiny bundle has no ready lists
    assert set(found["milliseconds"]) == {
        "recommend(k=10)",
        "recommend(k=10) and reasons(first=3)",
        "recommend(k=10) by a weighted strategy and reasons(first=3)",
        "also_read(k=10)",
        "similar(k=10)",
        "new_arrivals(k=10)",
        "who read each book, when a bundle is opened",
    }
    assert all(0 < times["median"] <= times["p95"] for times in found["milliseconds"].values())
