"""A published split in files of three parts: labelled as they are, and every row accounted for."""

from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pytest
from examples import EXAMPLES

from recs_core.data.cleaning.preparation import Preparation
from recs_core.data.sources.base import SourceTables
from recs_core.data.sources.registry import source_named
from recs_core.errors import DataError, ParameterError


def load(options: dict[str, Any], preparation: Preparation | None = None) -> SourceTables:
    source = source_named("presplit", options)
    return source.load(Path(), preparation or Preparation(), say=lambda _: None)


def labelled(tables: SourceTables) -> dict[tuple[str, str], str]:
    rows = tables.interactions.to_pylist()
    return {(row["user_id"], row["book_id"]): row["part"] for row in rows}


@pytest.fixture
def options(tmp_path: Path) -> dict[str, Any]:
    return EXAMPLES["presplit"](tmp_path).options


def test_every_interaction_says_its_part_and_the_first_one_counts(options: dict[str, Any]) -> None:
    tables = load(options)
    assert labelled(tables) == {
        ("u1", "b1"): "train",
        ("u1", "b2"): "train",
        ("u2", "b2"): "train",
        ("u2", "b1"): "validation",
        ("u1", "b3"): "test",
        ("u3", "b3"): "test",
    }
    values = dict(zip(labelled(tables), tables.interactions["value"].to_pylist(), strict=True))
    assert values[("u1", "b2")] == 4.0
    assert values[("u2", "b1")] == 5.0


def test_every_row_of_every_file_is_accounted_for(options: dict[str, Any]) -> None:
    tables = load(options)
    books = {f"{part}/books.csv": 3 for part in ("train", "validation", "test")}
    assert tables.rows_read == {"train.csv": 4, "validation.csv": 2, "test.csv": 4} | books
    assert tables.rows_kept == {"train.csv": 3, "validation.csv": 1, "test.csv": 2} | books
    assert tables.rows_filtered == {
        "validation.csv": {"user and book stand in train too": 1},
        "test.csv": {"user and book stand in validation too": 1},
    }
    aside = [(row["file"], row["line"], row["reason"]) for row in tables.quarantine.to_pylist()]
    assert aside == [
        ("test.csv", 5, "2 columns instead of 3"),
        ("train.csv", 5, "not a number"),
    ]
    for file, read in tables.rows_read.items():
        set_aside = sum(name == file for name, _, _ in aside)
        assert read == tables.rows_kept[file] + set_aside + sum(tables.rows_filtered.get(file, {}).values())


def test_a_pair_that_stands_twice_in_one_part_is_merged_there(options: dict[str, Any]) -> None:
    train = Path(options["parts"]["train"]["interactions"])
    train.write_text(train.read_text() + "u1,b1,2\n")
    tables = load(options)
    assert tables.rows_filtered["train.csv"] == {
        "merged with another of the same user and book (data.duplicates: last)": 1
    }
    assert labelled(tables)[("u1", "b1")] == "train"


def test_books_are_those_of_all_parts_and_the_first_description_counts(options: dict[str, Any]) -> None:
    folder = Path(options["common"]["books"]).parent
    (folder / "later.csv").write_text("id,name\nb1,Another name\nb3,Three\nb9,Nine\n")
    options["parts"]["test"]["books"] = str(folder / "later.csv")
    tables = load(options)
    catalogue = tables.catalogue.table
    titles = dict(zip(catalogue["book_id"].to_pylist(), catalogue["title"].to_pylist(), strict=True))
    assert titles == {"b1": "One", "b2": "Two", "b3": "Three", "b9": "Nine"}


def test_a_test_book_that_train_alone_describes_is_known(options: dict[str, Any]) -> None:
    options["parts"]["train"]["books"] = options["common"].pop("books")
    columns = options["common"].pop("book_columns")
    options["parts"]["train"]["book_columns"] = columns
    tables = load(options)
    assert labelled(tables)[("u3", "b3")] == "test"
    assert tables.catalogue.table["title"].to_pylist() == ["One", "Two", "Three"]


def test_without_validation_there_are_two_parts(options: dict[str, Any]) -> None:
    del options["parts"]["validation"]
    tables = load(options)
    assert set(labelled(tables).values()) == {"train", "test"}
    assert labelled(tables)[("u2", "b1")] == "test"
    assert tables.interactions["part"].combine_chunks().dictionary.to_pylist() == ["test", "train"]


def test_files_of_one_name_are_told_apart_by_their_part(tmp_path: Path) -> None:
    parts = {}
    for part, content in (("train", "u1,b1\nu2,\n"), ("test", "u1,b1\nu1,b2\n")):
        (tmp_path / part).mkdir()
        (tmp_path / part / "rows.csv").write_text("user_id,book_id\n" + content)
        parts[part] = {"interactions": str(tmp_path / part / "rows.csv")}
    columns = {"user_id": "user_id", "book_id": "book_id"}
    tables = load({"form": "table", "common": {"columns": columns}, "parts": parts})
    assert tables.rows_read == {"train/rows.csv": 2, "test/rows.csv": 2}
    assert tables.quarantine["file"].to_pylist() == ["train/rows.csv"]
    assert tables.rows_filtered == {"test/rows.csv": {"user and book stand in train too": 1}}


def test_another_form_is_read_by_its_source(tmp_path: Path) -> None:
    parts = {}
    for part, rows in (
        ("train", "1\ta\t5\t881250949\n2\tb\t4\t881250950\n"),
        ("test", "1\tb\t3\t881250951\n"),
    ):
        (tmp_path / part).mkdir()
        header = "user_id:token\titem_id:token\trating:float\ttimestamp:float\n"
        (tmp_path / part / f"{part}.inter").write_text(header + rows)
        parts[part] = {"folder": str(tmp_path / part)}
    (tmp_path / "train" / "train.user").write_text("user_id:token\tage:float\n1\t30\n2\t40\n")
    options = {"form": "recbole", "common": {"user_columns": {"age": "age"}}, "parts": parts}
    tables = load(options)
    assert labelled(tables) == {("1", "a"): "train", ("1", "b"): "test", ("2", "b"): "train"}
    assert pc.min(tables.interactions["time"]).as_py().year == 1997
    assert tables.users["age_band"].to_pylist() == ["25-34", "35-49"]


def test_editions_are_not_merged_in_a_published_split(options: dict[str, Any]) -> None:
    with pytest.raises(
        ParameterError, match=r"data\.merge_editions: must be false for data\.source presplit"
    ):
        load(options, Preparation(merge_editions=True))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"form": "presplit"}, r"presplit\.form is 'presplit'; it must be one of \['book-crossing'"),
        ({"form": "generated"}, r"presplit\.form is 'generated'"),
        ({"parts": {"train": {"interactions": "x"}}}, r"presplit\.parts\.test is missing"),
        (
            {"parts": {"train": {"interactions": "x"}, "test": {}}},
            r"presplit\.parts\.test\.interactions: Missing",
        ),
        (
            {"parts": {"train": {"interactions": "x"}, "test": {"interactions": "y", "low": "one"}}},
            r"presplit\.parts\.test\.low: .*\(got 'one'\)",
        ),
        ({"parts": {"train": {}, "test": {}, "tset": {}}}, r"presplit\.parts\.tset"),
        ({"common": {"columns": {"user_id": 5}}}, r"presplit\.common\.columns\.user_id: "),
        ({"common": {"columns": {}, "colour": "red"}}, r"presplit\.common\.colour: Unexpected"),
    ],
)
def test_a_wrong_option_is_named_with_its_path(
    options: dict[str, Any], change: dict[str, Any], message: str
) -> None:
    with pytest.raises(ParameterError, match=rf"data\.sources\.{message}"):
        source_named("presplit", options | change)


def test_a_part_that_cannot_be_read_is_named(options: dict[str, Any]) -> None:
    Path(options["parts"]["test"]["interactions"]).unlink()
    with pytest.raises(DataError, match=r"^data\.sources\.presplit\.parts\.test: .*test\.csv is missing"):
        load(options)
