"""What the metadata of a book says, taken apart into fields of terms.

Titles carry more than a title: "Harry Potter and the Goblet of Fire (Harry Potter, #4)" names a series and a place
in it, "The Known World : A Novel" has a subtitle, "Mort (Discworld Novels (Paperback))" tells the binding. Each of
them becomes a field of its own, so that two books of one series are alike whatever their titles.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

_GROUP = re.compile(r"\s*[(\[]((?:[^()\[\]]|[(\[][^()\[\]]*[)\]])*)[)\]]\s*$")
"""A bracket at the end, with at most one more inside it."""

_INNER = re.compile(r"[(\[][^()\[\]]*[)\]]")

_BINDING = re.compile(
    r"(?i)\b(?:mass market|trade|library)?\s*(?:paperbacks?|hardcover|hardback|audio\s?(?:cd|cassette|book)?|"
    r"paper|large print|unabridged|abridged|unnumbered|rack|reissue|reprint|(?:\w+\s+)?(?:anniversary\s+)?edition)\b"
)
"""What a bracket says of the copy, not of the work."""

_WORDS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_ROMAN = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii")
_SPELLED = {name: str(n) for names in (_WORDS, _ROMAN) for n, name in enumerate(names, 1)}

_COUNT = r"(\d+(?:\.\d+)?)(?:\s*-\s*\d+(?:\.\d+)?)?"
_NUMBER = re.compile(
    rf"(?i)[\s,:;-]*(?:#\s*{_COUNT}|\b(?:book|bk|volume|vol|v|number|no|part|pt|episode)\b\.?\s*#?\s*"
    rf"(?:{_COUNT}|({'|'.join(sorted(_SPELLED, key=len, reverse=True))})\b)|,\s*{_COUNT})\s*$"
)
"""A place in a series at the end of a bracket: "#4", ", Book 9", "Vol. IV", ", No 23", ", 7"."""

_LEADING = re.compile(r"^(?:the|an?)\s+")
_GENERIC = re.compile(
    r"\s+(?:series|novels?|mystery|mysteries|books?|trilogy|saga|cycle|chronicles|adventures?|collection)$"
)
"""What one edition adds to the name of a series and the next leaves out."""

_WORD = re.compile(r"\b\w\w+\b")
_NAME = re.compile(r"[\w'&-]+")


@dataclass(frozen=True, slots=True)
class SeriesMark:
    """A series that a title names, and the book's place in it as it is written, such as "4" or "0.5"."""

    name: str
    number: str | None


@dataclass(frozen=True, slots=True)
class TitleParts:
    """A title taken apart.

    Args:
        title: without subtitle and brackets at its end.
        subtitle: what follows the first colon; empty where there is none.
        series: named in brackets at the end, in their order.
    """

    title: str
    subtitle: str
    series: tuple[SeriesMark, ...]


def parse_title(text: str) -> TitleParts:
    """Take a title apart; a title that is nothing but a bracket stays whole."""
    rest, groups = text.strip(), list[str]()
    while (match := _GROUP.search(rest)) and rest[: match.start()].strip():
        groups.insert(0, match.group(1))
        rest = rest[: match.start()].strip()
    marks = tuple(mark for group in groups for part in group.split(";") if (mark := _series_mark(part)))
    title, colon, subtitle = rest.partition(":")
    if not colon or not title.strip():
        return TitleParts(rest, "", marks)
    return TitleParts(title.strip(), subtitle.strip(), marks)


def _series_mark(text: str) -> SeriesMark | None:
    name = _BINDING.sub(" ", _INNER.sub(" ", text))
    number = None
    if match := _NUMBER.search(name):
        found = next(group for group in match.groups() if group)
        number = _SPELLED.get(found.casefold(), found)
        name = name[: match.start()]
    name = " ".join(name.split()).strip(" ,.:;-")
    return SeriesMark(name, number) if _WORD.search(name) else None


def fold(text: str) -> str:
    """Without case, accents, full stops and repeated spaces: what two spellings of a name have in common."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    kept = "".join(character for character in decomposed if not unicodedata.combining(character))
    return " ".join(kept.replace(".", " ").split())


def series_key(name: str) -> str:
    """A series by its bare name: "The Dresden Files" and "Dresden Files Series" are one."""
    bare = _LEADING.sub("", " ".join(_NAME.findall(fold(name))))
    while (shorter := _GENERIC.sub("", bare)) != bare:
        bare = shorter
    return bare


def words(text: str) -> list[str]:
    """The words of two characters and more, folded."""
    return _WORD.findall(fold(text))


FIELDS = ("title", "subtitle", "series", "author", "genre", "publisher", "year", "language")
"""The fields of a book, in the order of their features."""

COLUMNS = ["title", "authors", "genres", "publisher", "year", "language"]
"""The columns of a catalogue that they are made of."""


def field_terms(book: Mapping[str, Any]) -> dict[str, list[str]]:
    """The terms of each field of a book.

    Titles are words. A name is one term, not one a word of it, so that the author King is not the word "king"; a
    year is its decade.

    Args:
        book: a row of a catalogue's table, as `to_pylist` gives it.
    """
    parts = parse_title(book["title"])
    return {
        "title": words(parts.title),
        "subtitle": words(parts.subtitle),
        "series": _known(series_key(mark.name) for mark in parts.series),
        "author": _known(fold(name) for name in book["authors"] or ()),
        "genre": _known(fold(name) for name in book["genres"] or ()),
        "publisher": _known([fold(book["publisher"] or "")]),
        "year": [] if book["year"] is None else [f"{book['year'] // 10 * 10}s"],
        "language": _known([fold(book["language"] or "")]),
    }


def _known(names: Iterable[str]) -> list[str]:
    return [name for name in names if name]
