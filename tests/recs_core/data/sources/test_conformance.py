"""Every registered source passes the same checks, on an example that its author must add."""

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from examples import EXAMPLES

from recs_core.data.catalogue import SCHEMA as CATALOGUE_SCHEMA
from recs_core.data.cleaning.intake import merged_repeats
from recs_core.data.cleaning.preparation import Preparation
from recs_core.data.cleaning.quarantine import SCHEMA as QUARANTINE_SCHEMA
from recs_core.data.pseudonyms import ENVIRONMENT_VARIABLE, Pseudonyms
from recs_core.data.secret_key import SecretKeyError
from recs_core.data.sources.base import INTERACTIONS_SCHEMA, USERS_SCHEMA, SourceTables
from recs_core.data.sources.registry import SOURCES, source_named
from recs_core.errors import ParameterError

sources = pytest.mark.parametrize("name", sorted(SOURCES))


def load(name: str, folder: Path, said: list[str] | None = None) -> SourceTables:
    assert name in EXAMPLES, f"add an example of {name!r} to examples.py"
    example = EXAMPLES[name](folder)
    say = (lambda _: None) if said is None else said.append
    return source_named(name, example.options).load(example.raw_dir, Preparation(), say=say)


@sources
def test_tables_have_the_canonical_columns(name: str, tmp_path: Path) -> None:
    tables = load(name, tmp_path)
    assert tables.interactions.schema.equals(INTERACTIONS_SCHEMA)
    assert tables.catalogue.table.schema.equals(CATALOGUE_SCHEMA)
    assert tables.users.schema.equals(USERS_SCHEMA)
    assert tables.quarantine.schema.equals(QUARANTINE_SCHEMA)
    assert tables.interactions.num_rows > 0


@sources
def test_every_row_read_is_kept_or_set_aside_or_filtered(name: str, tmp_path: Path) -> None:
    tables = load(name, tmp_path)
    aside = {row["values"]: row["counts"] for row in pc.value_counts(tables.quarantine["file"]).to_pylist()}
    filtered = {file: sum(reasons.values()) for file, reasons in tables.rows_filtered.items()}
    assert {
        file: kept + aside.get(file, 0) + filtered.get(file, 0) for file, kept in tables.rows_kept.items()
    } == tables.rows_read
    assert set(aside) | set(filtered) <= set(tables.rows_read)


@sources
def test_dictionaries_are_sorted_and_hold_what_the_rows_name(name: str, tmp_path: Path) -> None:
    interactions = load(name, tmp_path).interactions
    for column in ("user_id", "book_id", "event", "part"):
        (chunk,) = interactions[column].chunks
        assert chunk.dictionary.to_pylist() == sorted(set(chunk.drop_null().to_pylist()))


@sources
def test_every_interaction_is_of_a_known_book_and_none_comes_twice(name: str, tmp_path: Path) -> None:
    tables = load(name, tmp_path)
    pairs = list(
        zip(
            tables.interactions["user_id"].to_pylist(),
            tables.interactions["book_id"].to_pylist(),
            strict=True,
        )
    )
    assert pairs == sorted(set(pairs))
    assert {book for _, book in pairs} <= set(tables.catalogue.books.array.tolist())


@sources
def test_two_readings_are_equal(name: str, tmp_path: Path) -> None:
    example = EXAMPLES[name](tmp_path)
    once, twice = (
        source_named(name, example.options).load(tmp_path, Preparation(), say=lambda _: None)
        for _ in range(2)
    )
    assert once.interactions.equals(twice.interactions)
    assert once.catalogue.table.equals(twice.catalogue.table)
    assert once.quarantine.equals(twice.quarantine)


@sources
def test_it_says_what_it_does(name: str, tmp_path: Path) -> None:
    said: list[str] = []
    load(name, tmp_path, said)
    # a source of several parts says one line for each
    assert said
    assert all(line.startswith("reading ") for line in said)


@sources
def test_an_unknown_option_is_named(name: str, tmp_path: Path) -> None:
    options = EXAMPLES[name](tmp_path).options | {"colour": "red"}
    with pytest.raises(ParameterError, match=rf"data\.sources\.{name}\.colour: "):
        source_named(name, options)


def test_an_unknown_source_names_those_there_are() -> None:
    with pytest.raises(
        ParameterError, match=r"data\.source is 'amazon'; it must be one of \['book-crossing'"
    ):
        source_named("amazon", {})


def faults(tables: SourceTables) -> list[tuple[str, int, str | None, str, str | None]]:
    return [
        (r["file"], r["line"], r["column"], r["reason"], r["value"]) for r in tables.quarantine.to_pylist()
    ]


def test_of_a_reader_only_country_and_age_band_are_kept(tmp_path: Path) -> None:
    users = load("book-crossing", tmp_path).users.to_pylist()
    assert len(users) == 120
    assert users[0] == {"user_id": "1000", "country": "usa", "age_band": "under 18"}
    assert users[2] == {"user_id": "1002", "country": "málaga", "age_band": None}
    assert users[6] == {"user_id": "1006", "country": "usa", "age_band": None}  # 239 years
    assert users[10]["country"] is None
    assert {user["country"] for user in users} == {"usa", "germany", "málaga", None}


def test_what_is_wrong_with_goodbooks_is_said(tmp_path: Path) -> None:
    tables = load("goodbooks-10k", tmp_path)
    assert faults(tables) == [
        ("books.csv", 5, "book_id", "book_id seen before", "3"),
        ("ratings.csv", 6, "book_id", "book is not in the catalogue", "9"),
        ("ratings.csv", 7, "value", "not a whole number from 1 to 5", "6"),
        ("ratings.csv", 8, None, "2 columns instead of 3", None),
    ]
    hunger, potter, iliad = tables.catalogue.table.to_pylist()
    assert hunger["genres"] == ["fantasy", "ya"]
    assert hunger["year"] == 2008
    assert potter["authors"] == ["J.K. Rowling", "Mary GrandPré"]
    assert iliad["year"] is None
    assert iliad["cover_url"] is None


def test_what_is_wrong_with_atomic_files_is_said_and_quotes_are_text(tmp_path: Path) -> None:
    tables = load("recbole", tmp_path)
    assert faults(tables) == [
        ("toy.inter", 4, "book_id", "book is not in the catalogue", "zz"),
        ("toy.inter", 5, "value", "not a number from 1 to 5", "9"),
        ("toy.inter", 6, "time", "not seconds since 1970", "now"),
    ]
    quoted, alpha = tables.catalogue.table.to_pylist()
    assert (quoted["book_id"], quoted["title"]) == ('"b', 'Beta "quoted')
    assert alpha["genres"] == ["drama", "war"]


def test_atomic_files_without_items_have_ids_for_titles(tmp_path: Path) -> None:
    example = EXAMPLES["recbole"](tmp_path)
    (tmp_path / "toy/toy.item").unlink()
    tables = source_named("recbole", {"folder": example.options["folder"]}).load(
        tmp_path, Preparation(), say=lambda _: None
    )
    assert tables.catalogue.table["title"].to_pylist() == ['"b', "a", "zz"]
    assert tables.rows_read == {"toy.inter": 5}


def test_what_is_wrong_with_a_table_is_said(tmp_path: Path) -> None:
    tables = load("table", tmp_path)
    assert faults(tables) == [
        ("events.csv", 4, "time", "not seconds since 1970", "yesterday"),
        ("events.csv", 5, "value", "not a number from 1 to 5", "99"),
        ("events.csv", 6, "user_id", "no user id", ""),
        ("events.csv", 8, None, "2 columns instead of 4", None),
    ]
    assert tables.rows_filtered == {"events.csv": {merged_repeats("last"): 1}}
    assert tables.interactions["user_id"].to_pylist() == ["anna", "björn"]
    # of anna's two ratings the later one counts
    assert tables.interactions["value"].to_pylist() == [1.0, 4.0]
    # a date in ISO 8601, and seconds
    assert [str(time) for time in tables.interactions["time"].to_pylist()] == [
        "2024-03-02 00:00:00+00:00",
        "2024-03-01 10:00:00+00:00",
    ]


def test_an_id_with_white_space_around_it_is_the_same_book(tmp_path: Path) -> None:
    (tmp_path / "events.csv").write_text("user_id,book_id\nu1,b1\nu2, b1 \nu3,b2\n")
    options = {
        "interactions": str(tmp_path / "events.csv"),
        "columns": {"user_id": "user_id", "book_id": "book_id"},
    }
    tables = source_named("table", options).load(tmp_path, Preparation(), say=lambda _: None)
    assert tables.catalogue.books.array.tolist() == ["b1", "b2"]
    assert tables.interactions["book_id"].to_pylist() == ["b1", "b1", "b2"]
    assert tables.quarantine.num_rows == 0


@pytest.mark.parametrize("form", ["csv", "tsv.gz", "parquet", "arrow"])
def test_a_table_gives_the_same_in_every_form(form: str, tmp_path: Path) -> None:
    import gzip

    import pyarrow.ipc
    import pyarrow.parquet as pq

    content = pa.table(
        {
            "user_id": ["u1", "u2", "u2", ""],
            "book_id": ["b1", "b1", "b2", "b2"],
            "stars": [1.0, 5.0, None, 2.0],
        }
    )
    path = tmp_path / f"events.{form}"
    rows = [
        ["user_id", "book_id", "stars"],
        ["u1", "b1", "1.0"],
        ["u2", "b1", "5.0"],
        ["u2", "b2", ""],
        ["", "b2", "2.0"],
    ]
    if form == "parquet":
        pq.write_table(content, path)
    elif form == "arrow":
        with pyarrow.ipc.new_file(str(path), content.schema) as writer:
            writer.write_table(content)
    elif form == "csv":
        path.write_text("\n".join(",".join(row) for row in rows))
    else:
        path.write_bytes(gzip.compress("\n".join("\t".join(row) for row in rows).encode()))
    columns = {"user_id": "user_id", "book_id": "book_id", "value": "stars"}
    tables = source_named("table", {"interactions": str(path), "columns": columns}).load(
        tmp_path, Preparation(), say=lambda _: None
    )
    assert tables.interactions["book_id"].to_pylist() == ["b1", "b1", "b2"]
    # nothing stands there: nothing was said
    assert tables.interactions["value"].to_pylist() == [1.0, 5.0, None]
    assert [(line, reason) for _, line, _, reason, _ in faults(tables)] == [(5, "no user id")]


def test_an_empty_time_is_unknown_and_another_word_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "events.csv").write_text("user_id,book_id,at\nu1,b1,5\nu1,b2,\nu1,b3,soon\n")
    options = {
        "interactions": str(tmp_path / "events.csv"),
        "columns": {"user_id": "user_id", "book_id": "book_id", "time": "at"},
    }
    tables = source_named("table", options).load(tmp_path, Preparation(), say=lambda _: None)
    times = tables.interactions["time"].cast(pa.int64()).to_pylist()
    assert dict(zip(tables.interactions["book_id"].to_pylist(), times, strict=True)) == {"b1": 5, "b2": None}
    assert [(line, reason) for _, line, _, reason, _ in faults(tables)] == [(4, "not seconds since 1970")]


@sources
def test_with_a_key_all_readers_are_pseudonyms_and_nothing_says_who(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    example = EXAMPLES[name](tmp_path)
    source = source_named(name, example.options)
    plain = source.load(example.raw_dir, Preparation(), say=lambda _: None)
    pseudonyms = Pseudonyms(bytes(range(32)))
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, bytes(range(32)).hex())
    preparation = Preparation(pseudonym_key_id=pseudonyms.key_id)
    if source.synthetic:
        with pytest.raises(ParameterError, match="pseudonym_key_id: must be null"):
            source.load(example.raw_dir, preparation, say=lambda _: None)
        return
    tables = source.load(example.raw_dir, preparation, say=lambda _: None)

    def named(table: pa.Table) -> list[dict[str, object]]:
        rows = [row | {"user_id": pseudonyms.of(row["user_id"])} for row in table.to_pylist()]
        return sorted(rows, key=lambda row: (row["user_id"], row.get("book_id")))

    assert tables.interactions.to_pylist() == named(plain.interactions)
    assert tables.users.to_pylist() == named(plain.users)
    assert tables.rows_kept == plain.rows_kept
    aside = zip(tables.quarantine.to_pylist(), plain.quarantine.to_pylist(), strict=True)
    for hidden, shown in aside:
        where = ("file", "line", "column", "reason")
        assert [hidden[each] for each in where] == [shown[each] for each in where]
        assert (hidden["value"], hidden["text"]) in ((None, ""), (shown["value"], shown["text"]))
    of_people = [
        row for row in tables.quarantine.to_pylist() if row["text"] and "user" in row["file"].lower()
    ]
    assert of_people == []


def test_a_source_does_not_begin_with_another_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, bytes(32).hex())
    example = EXAMPLES["table"](tmp_path)
    preparation = Preparation(pseudonym_key_id=Pseudonyms(bytes(range(32))).key_id)
    with pytest.raises(SecretKeyError, match="with another key everybody is somebody else"):
        source_named("table", example.options).load(example.raw_dir, preparation, say=lambda _: None)
