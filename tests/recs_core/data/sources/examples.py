"""A small, dirty example of each source's files, and what must come of it."""

import gzip
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from recs_core.testing.wheel import FILENAME, REQUIREMENT, tiny_wheel


@dataclass(frozen=True)
class Example:
    """Options of a source whose files `write` has put below a folder."""

    options: dict[str, Any]
    raw_dir: Path


def book_crossing(folder: Path) -> Example:
    digest = tiny_wheel(folder / FILENAME)
    return Example({"requirement": REQUIREMENT, "filename": FILENAME, "sha256": digest}, folder)


def goodbooks(folder: Path) -> Example:
    (folder / "books.csv").write_text(
        "id,book_id,title,authors,original_publication_year,language_code,image_url\n"
        '1,77,"The Hunger Games (The Hunger Games, #1)","Suzanne Collins",2008.0,eng,https://c.example/1\n'
        '2,78,"Harry Potter","J.K. Rowling, Mary GrandPré",1997.0,eng,https://c.example/2\n'
        "3,79,The Iliad,Homer,-750.0,,\n"
        "3,79,The Iliad again,Homer,-750.0,,\n"
    )
    (folder / "book_genres_clean.csv").write_text('book_id,goodreads_book_id,genres\n1,77,"fantasy,ya"\n')
    with gzip.open(folder / "ratings.csv.gz", "wt") as stream:
        stream.write("user_id,book_id,rating\n1,1,5\n1,2,4\n2,1,3\n2,1,2\n2,9,4\n3,3,6\n3,3\n")
    return Example({"folder": str(folder)}, folder)


def recbole(folder: Path) -> Example:
    (folder / "toy").mkdir()
    (folder / "toy/toy.inter").write_text(
        "user_id:token\titem_id:token\trating:float\ttimestamp:float\n"
        '1\ta\t5\t881250949\n2\t"b\t4\t881250950\n2\tzz\t4\t881250951\n3\ta\t9\t881250952\n3\ta\t4\tnow\n'
    )
    (folder / "toy/toy.item").write_text(
        'item_id:token\tname:token_seq\tkind:token_seq\na\tAlpha\tdrama war\n"b\tBeta "quoted\t\n'
    )
    columns = {"title": "name", "genres": "kind"}
    return Example({"folder": str(folder / "toy"), "item_columns": columns}, folder)


def ml_100k(folder: Path) -> Example:
    return Example({}, folder)


def table(folder: Path) -> Example:
    (folder / "events.csv").write_bytes(
        "reader;work;stars;when\nanna;b1;5;2024-03-01T10:00:00Z\nbjörn;b1;4;1709287200\n"
        "anna;b2;3;yesterday\nanna;b2;99;2024-03-01\n;b2;3;2024-03-01\nanna;b1;1;2024-03-02\nanna;b2\n".encode(
            "latin-1"
        )
    )
    columns = {"user_id": "reader", "book_id": "work", "value": "stars", "time": "when"}
    options = {"interactions": str(folder / "events.csv"), "columns": columns, "low": 1.0, "high": 5.0}
    return Example(options, folder)


def generated(folder: Path) -> Example:
    return Example({"users": 200, "books": 300, "interactions": 4_000, "seed": 7}, folder)


def presplit(folder: Path) -> Example:
    """One book is in the test alone; two pairs stand in an earlier part, too; a value and a width are wrong."""
    (folder / "books.csv").write_text("id,name\nb1,One\nb2,Two\nb3,Three\n")
    (folder / "train.csv").write_text("user,book,stars\nu1,b1,5\nu1,b2,4\nu2,b2,3\nu2,b3,nine\n")
    (folder / "validation.csv").write_text("user,book,stars\nu2,b1,5\nu1,b2,1\n")
    (folder / "test.csv").write_text("user,book,stars\nu1,b3,2\nu2,b1,4\nu3,b3,1\nu3,b1\n")
    common = {
        "columns": {"user_id": "user", "book_id": "book", "value": "stars"},
        "books": str(folder / "books.csv"),
        "book_columns": {"book_id": "id", "title": "name"},
    }
    parts = {part: {"interactions": str(folder / f"{part}.csv")} for part in ("train", "validation", "test")}
    return Example({"form": "table", "common": common, "parts": parts}, folder)


def with_events(folder: Path) -> Example:
    """One event is later than an interaction, one of an unknown book, one a view, and two are of one pair."""
    (folder / "books.csv").write_text("id,name\nb1,One\nb2,Two\nb3,Three\n")
    (folder / "old.csv").write_text("user,book,stars\nu1,b1,5\nu1,b2,4\nu2,b2,3\nu2,b3,nine\n")
    options = {
        "interactions": str(folder / "old.csv"),
        "columns": {"user_id": "user", "book_id": "book", "value": "stars"},
        "books": str(folder / "books.csv"),
        "book_columns": {"book_id": "id", "title": "name"},
    }
    rows = [
        ("u3", "b1", "add_to_cart", None),
        ("u1", "b2", "rating", 2.0),
        ("u1", "b9", "purchase", None),
        ("u2", "b1", "view", None),
        ("u3", "b1", "purchase", None),
    ]
    columns = {
        name: [row[place] for row in rows]
        for place, name in enumerate(("user_id", "book_id", "event", "value"))
    }
    times = pa.array([1_760_000_000_000 + n for n in range(len(rows))], pa.timestamp("ms", tz="UTC"))
    pq.write_table(pa.table({**columns, "time": times}), folder / "events.parquet")
    return Example({"form": "table", "options": options, "events": str(folder / "events.parquet")}, folder)


EXAMPLES: dict[str, Callable[[Path], Example]] = {
    "book-crossing": book_crossing,
    "generated": generated,
    "goodbooks-10k": goodbooks,
    "ml-100k": ml_100k,
    "presplit": presplit,
    "recbole": recbole,
    "table": table,
    "with-events": with_events,
}
