from pathlib import Path

import numpy as np
import pytest

from benchmarks.ann import clustered, main
from recs_core.data.idmap import IdMap
from recs_core.features.content import ContentFeatures


def test_the_table_has_a_line_for_each_way_of_searching(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    books = IdMap.from_ids([f"b{number:03d}" for number in range(200)], space="book")
    ContentFeatures(books, clustered(200, 8, np.random.default_rng(7))).save(tmp_path / "features")
    arguments = ["--sizes", "300", "100", "--dimensions", "8", "--queries", "20", "--ef", "16", "64"]
    monkeypatch.setattr("sys.argv", ["ann", *arguments, "--real", str(tmp_path / "features")])
    main()
    table, verdict = capsys.readouterr().out.split("\n\n")
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines()[2:]]
    ways = ["exact", "ef 16", "ef 64"]
    assert [row[:3] for row in rows] == [
        [name, size, way]
        for name, size in [("clustered", "100"), ("clustered", "300"), ("real", "200")]
        for way in ways
    ]
    assert all(float(row[3]) > 0.9 for row in rows)
    assert "pays at none of these sizes" in verdict
