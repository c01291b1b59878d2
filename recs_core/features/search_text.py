"""What of a book can be searched for, as words: what is typed and what is written must come to the same ones."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from recs_core.features.metadata import fold, parse_title

LONGEST = 24
"""Characters of a word that count; of what is longer the rest is not looked at."""

FIELDS = ("title", "subtitle", "author", "series", "genre")
"""What is searched, in the order of the weights of `recs_core.features.search_index.SearchConfig`."""

COLUMNS = ["title", "authors", "genres"]
"""The columns of a catalogue that the fields are made of."""

_WORD = re.compile(r"[^\W_]+")
_INSIDE = "'\u2019\u2018\u02bc`\u00b4\u00ad"
_JOINERS = str.maketrans(dict.fromkeys(_INSIDE, ""))
"""Within a word: "O'Brien" and "obrien" are one."""
_SPLITTERS = str.maketrans(dict.fromkeys(_INSIDE, " "))
_LETTERS = str.maketrans(
    {"æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "\u0131": "i"}
)
"""Letters of their own to Unicode, which people without them on the keyboard write so."""

_ISBN = re.compile(r"(?:97[89])?[0-9]{9}[0-9Xx]")
_ISBN_SEPARATORS = re.compile(r"[\s\u2010-\u2015\u2212-]+")


def search_words(text: str) -> list[str]:
    """The words of a text in their order: without case, accents and punctuation, cut to `LONGEST` characters."""
    plain = text.translate(_JOINERS)
    # most texts are ASCII, of which nothing has to be taken apart
    folded = plain.lower() if plain.isascii() else fold(plain).casefold().translate(_LETTERS)
    return [word[:LONGEST] for word in _WORD.findall(folded)]


def name_words(name: str) -> list[str]:
    """The words of a person's name, and what else people type for them.

    Initials that follow each other are also one word, and what an apostrophe joins is also two: "J. K. Rowling" has
    "jk", and "Edna O'Brien" has "brien".
    """
    words = search_words(name)
    apart = search_words(name.translate(_SPLITTERS))
    letters = "".join(word if len(word) == 1 else " " for word in apart).split()
    others = [*apart, *(run[:LONGEST] for run in letters if len(run) > 1)]
    return words + [word for word in dict.fromkeys(others) if word not in words]


def field_words(book: Mapping[str, Any]) -> dict[str, list[str]]:
    """The words of each of `FIELDS`.

    The numbers of series belong to the series, so that "discworld 4" finds the fourth. What a title has beside its
    parts, such as "Book" or the binding, counts with the subtitle: who copies a whole title finds the book.

    Args:
        book: a row of a catalogue's table with `COLUMNS`, as `to_pylist` gives it.
    """
    parts = parse_title(book["title"])
    title, subtitle = search_words(parts.title), search_words(parts.subtitle)
    series = [word for mark in parts.series for word in search_words(f"{mark.name} {mark.number or ''}")]
    found = {*title, *subtitle, *series}
    rest = dict.fromkeys(word for word in search_words(book["title"]) if word not in found)
    return {
        "title": title,
        "subtitle": [*subtitle, *rest],
        "author": _of_each(name_words, book["authors"]),
        "series": series,
        "genre": _of_each(search_words, book["genres"]),
    }


def _of_each(words_of: Callable[[str], list[str]], texts: Iterable[str] | None) -> list[str]:
    return [word for text in texts or () for word in words_of(text)]


def isbn_key(text: str) -> int | None:
    """The number that an ISBN-10 and the ISBN-13 of the same edition have in common; None for any other text.

    That is the ISBN-13 without its check digit, which is not looked at: ids of real stores have wrong ones, too.
    """
    compact = _ISBN_SEPARATORS.sub("", text)
    if not _ISBN.fullmatch(compact):
        return None
    digits = compact[:-1]
    return int(digits if len(digits) == 12 else f"978{digits}")
