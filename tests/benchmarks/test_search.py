import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.search import ALPHABET, main, with_error
from recs_core.data.interactions import InteractionRows
from recs_core.data.splits.registry import split_interactions
from recs_core.testing.tiny import SPLIT_OPTIONS, tiny_catalogue, tiny_interactions

WAYS = ["whole", "one error", "typed 50%", "typed 75%", "typed 90%", "one letter", "common word"]


def test_each_catalogue_is_asked_in_every_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    interactions = tiny_interactions()
    rows, rng = InteractionRows.of(interactions), np.random.default_rng(7)
    split_interactions(rows, "random", SPLIT_OPTIONS, source="tiny", rng=rng).split.save(tmp_path / "split")
    tiny_catalogue(interactions.books).save(tmp_path / "split/catalogue.arrow")
    out = tmp_path / "search.json"
    arguments = ["--real", str(tmp_path), "--sizes", "200", "--queries", "40", "--out", str(out)]
    monkeypatch.setattr("sys.argv", ["search", *arguments])
    main()
    lines = capsys.readouterr().out.splitlines()[2:]
    results = json.loads(out.read_bytes())["results"]
    assert [(found["catalogue"], found["books"]) for found in results] == [
        ("real", 50),
        ("generated", 200),
        ("with names", 200),
    ]
    assert len(lines) == len(WAYS) * len(results)
    for found in results:
        assert [way["way"] for way in found["asked"]] == WAYS
        page = {way["way"]: way.get("page") for way in found["asked"]}
        assert page["whole"] == 1.0
        assert page["one error"] > 0.9


def test_an_error_is_one_edit_of_a_letter() -> None:
    rng = np.random.default_rng(7)
    wrong = {with_error("ab", rng) for _ in range(2000)}
    replaced = {first + "b" for first in ALPHABET} | {"a" + second for second in ALPHABET}
    assert wrong == {"a", "b", "aab", "abb", "ba"} | (replaced - {"ab"})
