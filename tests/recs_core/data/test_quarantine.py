import pandas as pd

from recs_core.data.quarantine import SCHEMA, Fault, Quarantine


def frame() -> pd.DataFrame:
    return pd.DataFrame({"id": ["a", "b", "c", "d"], "n": ["1", "x", "3", "y"], "line": [2, 3, 4, 6]})


def not_a_number() -> Fault:
    return Fault("n", "not a number", ~frame()["n"].str.isdigit())


def test_what_is_kept_and_what_is_set_aside_make_up_what_was_read() -> None:
    quarantine = Quarantine()
    keep = quarantine.check(frame(), "f.csv", [not_a_number()])
    assert keep.tolist() == [True, False, True, False]
    assert quarantine.table().num_rows + int(keep.sum()) == len(frame())


def test_a_row_with_two_faults_is_set_aside_once_under_the_first() -> None:
    quarantine = Quarantine()
    quarantine.check(frame(), "f.csv", [Fault(None, "is b", frame()["id"] == "b"), not_a_number()])
    assert quarantine.table().to_pylist() == [
        {"file": "f.csv", "line": 3, "column": None, "reason": "is b", "value": None, "text": "b;x"},
        {"file": "f.csv", "line": 6, "column": "n", "reason": "not a number", "value": "y", "text": "d;y"},
    ]


def test_the_table_is_ordered_by_file_and_line() -> None:
    quarantine = Quarantine()
    quarantine.add_one("z.csv", 9, "short", "z9")
    quarantine.add_one("a.csv", 7, "short", "a7")
    quarantine.check(frame(), "a.csv", [Fault("id", "is d", frame()["id"] == "d")])
    rows = quarantine.table().to_pylist()
    assert [(row["file"], row["line"]) for row in rows] == [("a.csv", 6), ("a.csv", 7), ("z.csv", 9)]


def test_nothing_set_aside_is_an_empty_table_of_the_same_schema() -> None:
    quarantine = Quarantine()
    keep = quarantine.check(frame(), "f.csv", [Fault("id", "never", pd.Series([False] * 4))])
    assert keep.all()
    assert quarantine.table().num_rows == 0
    assert quarantine.table().schema == SCHEMA
    quarantine.add_one("f.csv", 1, "why", "text")
    assert quarantine.table().schema == SCHEMA
