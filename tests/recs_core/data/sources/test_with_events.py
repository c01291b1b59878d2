"""A source and what has happened since."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from examples import book_crossing, with_events

from recs_core.data.cleaning.preparation import Preparation
from recs_core.data.erased import ErasureDigests
from recs_core.data.pseudonyms import ENVIRONMENT_VARIABLE, Pseudonyms
from recs_core.data.sources.base import SourceTables
from recs_core.data.sources.with_events import ERASED, NOT_COUNTED, REPLACED, UNKNOWN, WithEvents
from recs_core.errors import DataError, ParameterError


def load(folder: Path, **options: object) -> SourceTables:
    example = with_events(folder)
    return WithEvents(**{**example.options, **options}).load(folder, Preparation(), say=lambda line: None)


def pairs(table: pa.Table) -> list[tuple[str, str, str, float | None]]:
    return [(row["user_id"], row["book_id"], row["event"], row["value"]) for row in table.to_pylist()]


def test_the_latest_of_each_reader_and_book_counts(tmp_path: Path) -> None:
    assert pairs(load(tmp_path).interactions) == [
        ("u1", "b1", "rating", 5.0),
        ("u1", "b2", "rating", 2.0),
        ("u2", "b2", "rating", 3.0),
        ("u3", "b1", "purchase", None),
    ]


def test_every_row_is_accounted_for(tmp_path: Path) -> None:
    tables = load(tmp_path)
    assert tables.rows_read["events.parquet"] == 5
    assert tables.rows_kept["events.parquet"] == 2
    assert tables.rows_filtered["events.parquet"] == {NOT_COUNTED: 1, UNKNOWN: 1, REPLACED: 1}
    assert (tables.rows_kept["old.csv"], tables.rows_filtered["old.csv"]) == (2, {REPLACED: 1})
    assert tables.interactions_file == "old.csv, events.parquet"


def test_which_events_count_is_a_parameter(tmp_path: Path) -> None:
    assert ("u2", "b1", "view", None) in pairs(load(tmp_path, counted=["view"]).interactions)
    untouched = load(tmp_path, counted=[])
    assert untouched.rows_kept["events.parquet"] == 0
    assert untouched.rows_kept["old.csv"] == 3


def test_what_is_wrong_is_named(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match=r"with-events\.form is 'none'; it must be one of"):
        load(tmp_path, form="none")
    with pytest.raises(
        ParameterError, match=r"data\.sources\.with-events\.options\.interactions: Missing required"
    ):
        load(tmp_path, options={"columns": {"user_id": "u", "book_id": "b"}})
    with pytest.raises(DataError, match=r"gone\.parquet is no file of events"):
        load(tmp_path, events=str(tmp_path / "gone.parquet"))


def test_readers_of_events_are_called_as_in_the_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Events of before the key have ids, those of after it pseudonyms: either is one and the same reader."""
    plain = load(tmp_path)
    pseudonyms = Pseudonyms(bytes(range(32)))
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, bytes(range(32)).hex())
    events = pq.read_table(tmp_path / "events.parquet")
    mixed = [pseudonyms.of(each) if n % 2 else each for n, each in enumerate(events["user_id"].to_pylist())]
    place = events.column_names.index("user_id")
    pq.write_table(events.set_column(place, "user_id", pa.array(mixed)), tmp_path / "mixed.parquet")
    options = {**with_events(tmp_path).options, "events": str(tmp_path / "mixed.parquet")}
    preparation = Preparation(pseudonym_key_id=pseudonyms.key_id)
    found = WithEvents(**options).load(tmp_path, preparation, say=lambda line: None)
    named = [(pseudonyms.of(user), *rest) for user, *rest in pairs(plain.interactions)]
    assert pairs(found.interactions) == sorted(named)
    with pytest.raises(DataError, match=r"has pseudonyms, and data\.pseudonym_key_id is null"):
        WithEvents(**options).load(tmp_path, Preparation(), say=lambda line: None)


def test_a_reader_who_was_erased_is_in_no_table_and_every_row_is_accounted_for(tmp_path: Path) -> None:
    digests = ErasureDigests.from_environment()
    note = tmp_path / "erased.json"
    note.write_text(json.dumps({digests.of("u1"): 1_760_000_000_000, digests.of("nobody"): 1}))
    example = with_events(tmp_path)
    # what the reader did before was taken out of the events already
    events = pq.read_table(example.options["events"])
    pq.write_table(events.filter(pc.not_equal(events["user_id"], "u1")), example.options["events"])
    tables = WithEvents(**example.options, erased=str(note)).load(
        tmp_path, Preparation(), say=lambda line: None
    )
    assert {user for user, *_ in pairs(tables.interactions)} == {"u2", "u3"}
    assert (tables.rows_kept["old.csv"], tables.rows_filtered["old.csv"]) == (1, {ERASED: 2})
    aside = tables.quarantine["file"].to_pylist()
    for file, read in tables.rows_read.items():
        filtered = sum(tables.rows_filtered.get(file, {}).values())
        assert tables.rows_kept[file] + aside.count(file) + filtered == read, file


def test_a_note_that_is_missing_stops_the_stage(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"erased\.json is missing"):
        load(tmp_path, erased=str(tmp_path / "erased.json"))


def test_somebody_may_be_erased_where_nothing_has_happened_since(tmp_path: Path) -> None:
    note = tmp_path / "erased.json"
    note.write_text(json.dumps({ErasureDigests.from_environment().of("u2"): 1}))
    example = with_events(tmp_path)
    events = pq.read_table(example.options["events"])
    pq.write_table(events.slice(0, 0), example.options["events"])
    tables = WithEvents(**example.options, erased=str(note)).load(
        tmp_path, Preparation(), say=lambda line: None
    )
    assert pairs(tables.interactions) == [("u1", "b1", "rating", 5.0), ("u1", "b2", "rating", 4.0)]


def test_what_is_known_of_an_erased_reader_goes_too(tmp_path: Path) -> None:
    source, events = book_crossing(tmp_path), with_events(tmp_path).options["events"]
    options = {"form": "book-crossing", "options": source.options, "events": events}
    before = WithEvents(**options).load(tmp_path, Preparation(), say=lambda line: None)
    reader = before.users["user_id"][0].as_py()
    note = tmp_path / "erased.json"
    note.write_text(json.dumps({ErasureDigests.from_environment().of(reader): 1}))
    after = WithEvents(**options, erased=str(note)).load(tmp_path, Preparation(), say=lambda line: None)
    assert after.users.num_rows == before.users.num_rows - 1
    assert reader not in after.users["user_id"].to_pylist()
    assert reader not in after.interactions["user_id"].to_pylist()
    aside = after.quarantine["file"].to_pylist()
    for file, read in after.rows_read.items():
        filtered = sum(after.rows_filtered.get(file, {}).values())
        assert after.rows_kept[file] + aside.count(file) + filtered == read, file
    assert after.rows_filtered[before.users_file][ERASED] == 1
