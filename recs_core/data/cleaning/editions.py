"""Editions of one work: books of one title by one author, found by their normal forms.

One book too many is better than a wrong merge: whatever may tell two works apart - a number, a language, words in
parentheses that are no known mark of an edition - keeps them apart, and a book without a known author stays alone.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from recs_core.data.sources.base import EDITIONS_SCHEMA

FOLDED = {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ł": "l"}
"""Letters that Unicode does not take apart into a plain one and an accent."""

APOSTROPHES = "['`\u2019\u00b4]"

BINDING = r"\s*\((mass market |trade )?(paperback|hardcover|audio|large print)\)"
"""In parentheses anywhere, as in "(Discworld (Paperback), No 3)"."""
EDITION_WORDS = (
    r"paperbacks?|hardcover|hardback|mass market|large print|large type|unabridged|audio|cassette|cd|reprint|reissue|"
    r"edition|anniversary|bound|novels?|mysteries|mystery|thrillers?|romance|series|saga|trilogy|classics?|library|"
    r"literature|book club|selection|press|penguin|puffin|signet|bantam|harlequin|silhouette|vintage|oxford|dover|"
    r"everyman|modern|contemporary|thrift|award"
)
"""One of these makes words in parentheses a mark of an edition, ..."""
DISTINGUISHING_WORDS = (
    r"box|boxed|sets?|parts?|volumes?|vols?|tomes?|band|books|omnibus|collections?|collected|complete|stories|"
    r"guides?|companion|workbook|notes|teachers?|students?|study|script|screenplay|play|score|revised|updated|"
    r"abridged|adapted|version|english|spanish|espanol|french|francais|german|deutsch|italian|portuguese|dutch|"
    r"russian|japanese|chinese|latin|greek|swedish|danish|norwegian|finnish|polish|turkish|hebrew|arabic|bilingual|"
    r"translations?|language"
)
"""... unless one of these stands there, too, or a number."""

# a name, and at its end the number of the book in the series of that name
SERIES = (
    r"^(?P<series>.*?[a-z].*?)[\s,:;]*"
    r"(?:#|\bno\b\.?|\bbook\b|\bbk\b\.?|\bvol\b\.?|\bvolume\b|\bnumber\b)?\s*(?P<number>[0-9]{1,3})$"
)
NO_SERIES = (
    r"\b(vol|volume|no|number|bk|book|parts?|band|tome|teil|issue|grades?|level|ages?)\b[\s.#]*$|[0-9]"
)
"""What would be the series is no name of one: "(Book 3)", "(Part 2)"."""

NOBODY = (
    r"^(|unknown|various|anonymous|anon|none|na|author|editors?|multiple|not applicable.*|no author.*|n a)$"
)
"""What catalogues say where they know no author."""

LANGUAGES = {
    "eng": "en",
    "spa": "es",
    "fre": "fr",
    "fra": "fr",
    "ger": "de",
    "deu": "de",
    "ita": "it",
    "por": "pt",
    "dut": "nl",
    "nld": "nl",
}
"""ISO 639-2 codes of languages that catalogues also write as ISO 639-1."""


def merged_editions(books: pa.Table, reads: NDArray[np.int64]) -> pa.Table:
    """Which books are editions of a work of which another edition is read more.

    Books are of one work if title and first author are the same in their normal forms and nothing else that is
    known tells them apart: the number in a series, or the language. Where only some of them have a number, or a
    language, the others are of the same work if it is one and the same number or language.

    Args:
        books: columns `book_id`, `title`, `authors` and `language` of a catalogue; ids each once.
        reads: `int64[n]`, how often each book was read.

    Returns:
        Table of `EDITIONS_SCHEMA`, sorted by `book_id`: one row a book that is merged. `edition_of` is the edition
        most read, of equal ones that of the lowest id; it is never merged itself.
    """
    title, number = title_key(books["title"])
    keys = pd.DataFrame(
        {
            "book_id": books["book_id"].to_pandas(),
            "reads": reads,
            "title": title.to_pandas(),
            "author": author_key(books["authors"]).to_pandas(),
            "number": number.to_pandas(),
            "language": _language_key(books["language"]).to_pandas(),
        }
    )
    keys = keys[keys["title"].ne("") & keys["author"].notna()]
    work = keys.groupby(["title", "author"], sort=False).ngroup()
    for attribute in ("number", "language"):
        work = _told_apart(work, keys[attribute])
    ordered = keys.assign(work=work).sort_values(["work", "reads", "book_id"], ascending=[True, False, True])
    ordered["edition_of"] = ordered.groupby("work")["book_id"].transform("first")
    merged = ordered[ordered["book_id"].ne(ordered["edition_of"])].sort_values("book_id")
    chosen = books.take(pa.array(merged.index.to_numpy(), pa.int64()))
    return pa.table(
        {
            "book_id": chosen["book_id"],
            "edition_of": pa.array(merged["edition_of"], pa.string()),
            "title": chosen["title"],
            "authors": pc.binary_join(chosen["authors"], ", "),
        },
        schema=EDITIONS_SCHEMA,
    )


def title_key(titles: pa.ChunkedArray) -> tuple[pa.Array, pa.Array]:
    """The normal form of titles, and the number in a series where a title names one, as strings.

    Case, accents and punctuation go, but for + and #, which tell C from C++ and C#. So do marks of an edition in
    parentheses such as "(Paperback)", the closing words ": A Novel", and a named series with its number as in
    "(Discworld, Book 3)". A bare "(Book 3)", and a series whose name is the whole title, stay part of the title:
    only the number says which work it is.
    """
    text = _folded(titles)
    text = pc.replace_substring_regex(text, BINDING, "")
    # "(Penguin Classics) (Unabridged)"
    for _ in range(2):
        text = _without_edition_mark(text)
    text, number = _without_series(text)
    # what the series stood behind
    text = _without_edition_mark(text)
    text = pc.replace_substring_regex(text, r"\s*[:,.-]\s*(a novel|novel|roman)\s*\.?\s*$", "")
    text = pc.replace_substring_regex(text, r"^(.*),\s*(the|a|an)\s*$", r"\2 \1")
    text = pc.replace_substring(text, "&", " and ")
    return _words(text, r"[^\p{L}\p{N}+#]+"), number


def author_key(authors: pa.ChunkedArray) -> pa.Array:
    """Last word of the first author's surname, and the initial of the first name; null where nobody is named.

    "J.K. Rowling", "Rowling, Joanne K." and "joanne rowling" are all "rowling j".
    """
    lists = authors.combine_chunks() if isinstance(authors, pa.ChunkedArray) else authors
    first = pc.list_slice(lists, 0, 1)
    text = _folded(pc.binary_join(first, ""))
    text = pc.replace_substring_regex(text, r"\([^()]*\)|\[[^\[\]]*\]", " ")
    text = pc.replace_substring_regex(text, r"\s(and|with|&|/)\s.*$|;.*$", "")
    text = pc.replace_substring_regex(text, r"[\s,]+(jr|sr|ii|iii|iv|ph\.?\s?d|m\.?\s?d)\.?\s*$", "")
    # "Last, First" as "First Last"
    text = pc.replace_substring_regex(text, r"^([^,]+),\s*([^,]*\p{L}[^,]*)(,.*)?$", r"\2 \1")
    name = _words(text, r"[^\p{L}]+")
    key = pc.replace_substring_regex(name, r"^(.).*?(\S+)$", r"\2 \1")
    # a name of one word has no initial
    key = pc.if_else(pc.match_substring(name, " "), key, name)
    unknown = pc.match_substring_regex(name, NOBODY)
    return pc.if_else(pc.or_kleene(unknown, pc.is_null(name)), pa.scalar(None, pa.string()), key)


def _without_edition_mark(text: pa.Array) -> pa.Array:
    """Titles without the innermost parentheses at their end, where these are a mark of an edition."""
    split = pc.extract_regex(text, r"^(?P<main>.*\S)\s*[(\[](?P<mark>[^()\[\]]*)[)\]](?P<rest>[\s)\]]*)$")
    mark = pc.struct_field(split, "mark")
    known = pc.match_substring_regex(mark, rf"\b({EDITION_WORDS})\b")
    safe = pc.invert(pc.match_substring_regex(mark, rf"\b({DISTINGUISHING_WORDS})\b|[0-9]"))
    without = pc.binary_join_element_wise(pc.struct_field(split, "main"), pc.struct_field(split, "rest"), "")
    return pc.if_else(pc.fill_null(pc.and_kleene(known, safe), False), without, text)


def _without_series(text: pa.Array) -> tuple[pa.Array, pa.Array]:
    split = pc.extract_regex(text, r"^(?P<main>.*\S)\s*\((?P<mark>[^()]*)\)\s*$")
    main, mark = pc.struct_field(split, "main"), pc.struct_field(split, "mark")
    found = pc.extract_regex(pc.utf8_trim_whitespace(mark), SERIES)
    series, number = pc.struct_field(found, "series"), pc.struct_field(found, "number")
    vague = pc.match_substring_regex(series, NO_SERIES)
    other = r"[^\p{L}\p{N}]+"
    same = pc.equal(_words(series, other), _words(main, other))
    named = pc.fill_null(pc.invert(pc.or_(vague, same)), False)
    nothing = pa.scalar(None, pa.string())
    return pc.if_else(named, main, text), pc.if_else(named, pc.ascii_ltrim(number, "0"), nothing)


def _language_key(languages: pa.ChunkedArray) -> pa.Array:
    """The primary language of a tag, in lower case: "en" of "en-US", and of "eng"."""
    column = languages.combine_chunks() if isinstance(languages, pa.ChunkedArray) else languages
    text = pc.utf8_lower(pc.replace_substring_regex(column, r"[-_].*$", ""))
    for three, two in LANGUAGES.items():
        text = pc.if_else(pc.equal(text, three), two, text)
    return text


def _told_apart(work: pd.Series[int], attribute: pd.Series[str]) -> pd.Series[int]:
    """Take works apart by an attribute of which they have several values; those without it are then a work, too."""
    several = attribute.groupby(work).transform("nunique") > 1
    known = attribute.where(several, "").fillna("")
    return pd.DataFrame({"work": work, "attribute": known}).groupby(["work", "attribute"]).ngroup()


def _folded(texts: pa.ChunkedArray | pa.Array) -> pa.Array:
    column = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
    text = pc.utf8_normalize(pc.replace_substring_regex(column, APOSTROPHES, ""), "NFKD")
    text = pc.utf8_lower(pc.replace_substring_regex(text, r"\p{M}+", ""))
    for letter, plain in FOLDED.items():
        text = pc.replace_substring(text, letter, plain)
    return text


def _words(text: pa.Array, separators: str) -> pa.Array:
    return pc.utf8_trim_whitespace(pc.replace_substring_regex(text, separators, " "))
