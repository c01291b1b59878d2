import numpy as np
import pyarrow as pa

from recs_core.data.cleaning.quarantine import SCHEMA, Fault, Quarantine
from recs_core.data.reading.raw import RawRows

ROWS = RawRows(
    pa.RecordBatch.from_pydict({"id": ["a", "b", "c", "d"], "n": ["1", "x", "3", "y"]}),
    np.array([2, 3, 4, 6]),
)
NOT_A_NUMBER = Fault("n", "not a number", np.array([False, True, False, True]))


def only(place: int) -> np.ndarray:
    return np.arange(4) == place


def test_what_is_kept_and_what_is_set_aside_make_up_what_was_read() -> None:
    quarantine = Quarantine()
    keep = quarantine.check(ROWS, "f.csv", [NOT_A_NUMBER])
    assert keep.tolist() == [True, False, True, False]
    assert quarantine.table().num_rows + int(keep.sum()) == len(ROWS)


def test_a_row_with_two_faults_is_set_aside_once_under_the_first() -> None:
    quarantine = Quarantine()
    quarantine.check(ROWS, "f.csv", [Fault(None, "is b", only(1)), NOT_A_NUMBER])
    assert quarantine.table().to_pylist() == [
        {"file": "f.csv", "line": 3, "column": None, "reason": "is b", "value": None, "text": "b;x"},
        {"file": "f.csv", "line": 6, "column": "n", "reason": "not a number", "value": "y", "text": "d;y"},
    ]


def test_the_table_is_ordered_by_file_and_line() -> None:
    quarantine = Quarantine()
    quarantine.add_one("z.csv", 9, "short", "z9")
    quarantine.add_one("a.csv", 7, "short", "a7")
    quarantine.check(ROWS, "a.csv", [Fault("id", "is d", only(3))])
    rows = quarantine.table().to_pylist()
    assert [(row["file"], row["line"]) for row in rows] == [("a.csv", 6), ("a.csv", 7), ("z.csv", 9)]


def test_rows_are_counted_by_file() -> None:
    quarantine = Quarantine()
    quarantine.add_one("z.csv", 9, "short", "z9")
    quarantine.check(ROWS, "a.csv", [NOT_A_NUMBER])
    assert [quarantine.count(file) for file in ("a.csv", "z.csv", "other.csv")] == [2, 1, 0]


def test_nothing_set_aside_is_an_empty_table_of_the_same_schema() -> None:
    quarantine = Quarantine()
    keep = quarantine.check(ROWS, "f.csv", [Fault("id", "never", np.zeros(4, dtype=np.bool_))])
    assert keep.all()
    assert quarantine.table().num_rows == 0
    assert quarantine.table().schema == SCHEMA
    quarantine.add_one("f.csv", 1, "why", "text")
    assert quarantine.table().schema == SCHEMA
