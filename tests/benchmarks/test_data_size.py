import json
from pathlib import Path

import pytest

from benchmarks.data_size import FAULT_EVERY, in_fresh_process, main, write_interactions

ROWS = 20_000


def test_every_row_of_the_benchmark_is_in_an_account(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["--rows", str(ROWS), "--out", str(tmp_path / "results.json")])
    (result,) = json.loads((tmp_path / "results.json").read_text())
    accounts = result["accounts"]
    assert accounts["read"] == result["rows"] == ROWS
    assert accounts["kept"] + accounts["set aside"] + accounts["filtered"] == ROWS
    assert 0 < accounts["k-core"] <= accounts["kept"]
    assert accounts["set aside"] == write_interactions(tmp_path / "again.csv", ROWS)
    assert 0 < accounts["set aside"] < 5 * ROWS / FAULT_EVERY
    table = capsys.readouterr().out.splitlines()
    assert table[-1].startswith("| 20,000 |")
    assert {line.count("|") for line in table} == {table[0].count("|")}


def test_the_same_rows_are_made_every_time(tmp_path: Path) -> None:
    for name in ("one.csv", "two.csv"):
        write_interactions(tmp_path / name, 1_000)
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "two.csv").read_bytes()


def test_the_peak_is_of_the_measured_process_alone() -> None:
    held = bytearray(2**30)
    held[::4096] = b"x" * len(held[::4096])
    assert in_fresh_process(1_000).peak_bytes < 2**30
