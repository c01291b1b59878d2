"""Rows and rejected rows are those that the csv module finds, on the same lines, however small the blocks are."""

import csv
import gzip
import io
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recs_core.data.reading.delimited import DelimitedFile, Dialect, lines_between, open_maybe_gzipped
from recs_core.data.reading.raw import joined
from recs_core.errors import DataError

HEADER = ["a", "b", "c"]
COLUMNS = {"first": "a", "third": "c"}
PLAIN = Dialect()
Rejected = tuple[int, str, str]

values = st.text(st.sampled_from("xyé ;'0"), max_size=6)
rows = st.lists(values, min_size=1, max_size=5).filter(lambda row: row != [""])


def read(
    content: bytes, *, block_bytes: int, dialect: Dialect = PLAIN, columns: dict[str, str] = COLUMNS
) -> tuple[list[tuple[int, ...]], list[Rejected]]:
    file = DelimitedFile("f.csv", partial(io.BytesIO, content), dialect, columns, block_bytes)
    rejected: list[Rejected] = []
    kept = joined(file.batches(lambda *row: rejected.append(row)))
    texts = zip(*(kept.columns[name].to_pylist() for name in columns), strict=True)
    return [(line, *row) for line, row in zip(kept.lines.tolist(), texts, strict=True)], rejected


@given(st.lists(rows, min_size=1, max_size=60), st.integers(80, 400), st.booleans())
def test_every_row_is_found_on_its_line(lines: list[list[str]], block_bytes: int, crlf: bool) -> None:
    # a first row that is sound: without any there is nothing to read
    lines = [["x", "y", "z"], *lines]
    end = "\r\n" if crlf else "\n"
    content = end.join(",".join(row) for row in [HEADER, *lines]) + end
    expected, wrong = [], []
    for line, row in enumerate(csv.reader(content.splitlines()), start=1):
        if line > 1 and len(row) == 3:
            expected.append((line, row[0], row[2]))
        elif line > 1:
            wrong.append((line, f"{len(row)} columns instead of 3", ",".join(row)))
    assert read(content.encode(), block_bytes=block_bytes) == (expected, wrong)


def test_faults_in_a_later_block_are_on_their_line() -> None:
    lines = [f"{number},{number},{number}" for number in range(1000)]
    for number in (400, 401, 999):
        lines[number] = "too short"
    kept, rejected = read("\n".join(["a,b,c", *lines]).encode(), block_bytes=200)
    assert [line for line, _, _ in rejected] == [402, 403, 1001]
    assert all(line == int(first) + 2 for line, first, _ in kept)
    assert len(kept) == 997


@given(st.integers(2, 50), st.sets(st.integers(0, 40)), st.integers(1, 40))
def test_lines_go_on_after_rejected_ones(first: int, gaps: set[int], n_rows: int) -> None:
    rejected = sorted(first + gap for gap in gaps)
    expected = [line for line in range(first, first + 200) if line not in rejected][:n_rows]
    assert lines_between(first, n_rows, [1, *rejected]).tolist() == expected


def test_an_empty_line_is_a_row_of_nothing() -> None:
    kept, rejected = read(b"a,b,c\n1,2,3\n\n4,5,6\n", block_bytes=100)
    assert kept == [(2, "1", "3"), (3, "", ""), (4, "4", "6")]
    assert rejected == []


@pytest.mark.parametrize(
    ("content", "dialect"),
    [
        ("a;b;c\né;2;3\n".encode("latin-1"), Dialect(delimiter=";", encoding="latin-1")),
        ("\ufeffa,b,c\né,2,3\n".encode(), Dialect()),
        ('"a","b","c"\n"é",2,"3"\n'.encode(), Dialect()),
        ("a:token\tb:float\tc:token_seq\né\t2\t3\n".encode(), Dialect("\t", quote=False, typed_header=True)),
    ],
)
def test_a_file_is_read_as_it_was_written(content: bytes, dialect: Dialect) -> None:
    assert read(content, block_bytes=100, dialect=dialect)[0] == [(2, "é", "3")]


def test_one_column_of_the_file_may_be_several_here() -> None:
    kept, _ = read(b"a,b,c\n1,2,3\n", block_bytes=100, columns={"id": "a", "title": "a"})
    assert kept == [(2, "1", "1")]


def test_a_missing_column_is_named() -> None:
    with pytest.raises(DataError, match=r"f.csv lacks the columns \['d'\]; it has \['a', 'b', 'c'\]"):
        read(b"a,b,c\n1,2,3\n", block_bytes=100, columns={"id": "a", "title": "d"})


@pytest.mark.parametrize("content", [b"a,b,c\n1,\xff,3\n1,2,\xff\n", b"a,b,\xff\n1,2,3\n"])
def test_what_cannot_be_read_is_an_error(content: bytes) -> None:
    with pytest.raises(DataError, match=r"f\.csv cannot be read"):
        read(content, block_bytes=100)


def test_gzip_streams_through_and_can_be_read_again(tmp_path: Path) -> None:
    path = tmp_path / "f.csv.gz"
    path.write_bytes(gzip.compress(b"a,b,c\n" + b"1,2,3\n" * 100))
    file = DelimitedFile(path.name, partial(open_maybe_gzipped, path), Dialect(), COLUMNS, 100)
    assert [len(joined(file.batches(pytest.fail))) for _ in range(2)] == [100, 100]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.csv is missing"):
        open_maybe_gzipped(tmp_path / "none.csv")


@pytest.mark.parametrize("block_bytes", [60, 2**20])
def test_every_line_that_an_open_quote_joins_is_rejected(block_bytes: int) -> None:
    lines = ["1,2,3", '"4,5,6', "7,8,9", "short"]
    kept, rejected = read("\n".join(["a,b,c", *lines]).encode(), block_bytes=block_bytes)
    reason = "1 columns instead of 3 where an open quote joins lines"
    assert kept == [(2, "1", "3")]
    assert rejected == [(3, reason, '"4,5,6'), (4, reason, "7,8,9"), (5, reason, "short")]


def test_lines_go_on_after_an_open_quote() -> None:
    kept, rejected = read(b'a,b,c\n"1,2\n3,4"\n5,6,7\nshort\n8,9,0\n', block_bytes=100)
    assert kept == [(4, "5", "7"), (6, "8", "0")]
    assert [line for line, _, _ in rejected] == [2, 3, 5]


def test_a_file_of_which_every_row_is_rejected_gives_an_empty_batch() -> None:
    kept, rejected = read(b"a,b,c\nshort\nshort\n", block_bytes=100)
    assert kept == []
    assert [line for line, _, _ in rejected] == [2, 3]
