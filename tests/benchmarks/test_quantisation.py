from pathlib import Path

import numpy as np
import pytest

from benchmarks.quantisation import main
from recs_core.data.interactions import InteractionRows
from recs_core.data.splits.registry import split_interactions
from recs_core.testing.tiny import SPLIT_OPTIONS, tiny_catalogue, tiny_features, tiny_interactions


def test_the_table_compares_each_storage_with_float32(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    interactions = tiny_interactions()
    rows, rng = InteractionRows.of(interactions), np.random.default_rng(7)
    split_interactions(rows, "random", SPLIT_OPTIONS, source="tiny", rng=rng).split.save(tmp_path / "split")
    tiny_features(tiny_catalogue(interactions.books)).save(tmp_path / "features")
    monkeypatch.setattr(
        "sys.argv", ["quantisation", "--data", str(tmp_path), "--models", "rp3beta", "content"]
    )
    main()
    lines = capsys.readouterr().out.splitlines()[2:]
    table = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]
    assert [row[:2] for row in table] == [
        [kind, storage] for kind in ("rp3beta", "content") for storage in ("float32", "float16", "int8")
    ]
    for row in table:
        if row[1] == "float32":
            assert row[4:6] == ["+0.00 %", "1.000"]
        assert float(row[5]) > 0.8
