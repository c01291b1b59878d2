import datetime
import math
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from recs_core.data.arrays import read_arrays, write_arrays
from recs_core.data.catalogue import SCHEMA, Catalogue
from recs_core.data.sources.generated_books import describe_books, make_shelves
from recs_core.features.search_index import COMPLETED, ONE_ERROR, SearchConfig, SearchIndex
from recs_core.features.search_text import FIELDS, field_words, search_words

PLAIN = SearchConfig(popularity=0.0)
PAGE = 10


def shelf(*books: dict[str, Any]) -> Catalogue:
    facts = [{"book_id": f"b{n:02d}", "authors": [], "genres": []} | book for n, book in enumerate(books)]
    return Catalogue(pa.Table.from_pylist(facts, schema=SCHEMA))


def index_of(*titles: str, config: SearchConfig = PLAIN, readers: list[int] | None = None) -> SearchIndex:
    popularity = np.array(readers if readers is not None else [0] * len(titles))
    return SearchIndex.build(shelf(*({"title": title} for title in titles)), popularity, config)


def found(index: SearchIndex, text: str, *, k: int = PAGE, mask: Any = None) -> list[int]:
    return index.search(text, k=k, mask=mask)[0].tolist()


@cache
def shop(seed: int) -> tuple[Catalogue, SearchIndex]:
    rng = np.random.default_rng(seed)
    shelves = make_shelves(400, rng)
    catalogue = describe_books(shelves, datetime.date(2023, 1, 1), 730, rng)
    return catalogue, SearchIndex.build(catalogue, rng.geometric(0.05, 400), SearchConfig())


def full_text(catalogue: Catalogue, row: int) -> str:
    book = catalogue.record(row)
    return f"{book.title} {' '.join(book.authors)}"


@given(seed=st.integers(0, 5), row=st.integers(0, 399))
def test_every_book_is_on_the_first_page_of_its_title_and_author(seed: int, row: int) -> None:
    catalogue, index = shop(seed)
    assert row in found(index, full_text(catalogue, row))


@given(seed=st.integers(0, 5), row=st.integers(0, 399), data=st.data())
def test_a_typing_error_in_a_long_word_still_finds_the_book(seed: int, row: int, data: st.DataObject) -> None:
    catalogue, index = shop(seed)
    words = search_words(full_text(catalogue, row))
    long = [place for place, word in enumerate(words) if len(word) >= 5]
    assume(long)
    place = data.draw(st.sampled_from(long))
    at = data.draw(st.integers(0, len(words[place]) - 2))
    word, letter = words[place], data.draw(st.sampled_from("aeqz"))
    wrong = data.draw(
        st.sampled_from(
            [
                word[:at] + word[at + 1 :],
                word[:at] + letter + word[at:],
                word[:at] + letter + word[at + 1 :],
                word[:at] + word[at + 1] + word[at] + word[at + 2 :],
            ]
        )
    )
    words[place] = wrong
    assert row in found(index, " ".join(words))


@given(
    titles=st.lists(st.text("ab c", min_size=1, max_size=9), min_size=1, max_size=12),
    query=st.text("ab c", max_size=9),
)
def test_found_are_the_books_with_all_words_or_else_with_the_most(titles: list[str], query: str) -> None:
    """Words of at most three letters are searched without errors, so what must be found can be counted."""
    short = [" ".join(word[:3] for word in title.split()) or "b" for title in titles]
    words = list(dict.fromkeys(word[:3] for word in query.split()))
    asked = " ".join(words)
    matched = [
        sum(
            any(
                own == word or (own.startswith(word) and (word == words[-1] or len(word) == 3))
                for own in title.split()
            )
            for word in words
        )
        for title in short
    ]
    most = max(matched)
    expected = [row for row, count in enumerate(matched) if count == most and most > 0]
    assert sorted(found(index_of(*short), asked, k=len(short))) == expected


@given(
    seed=st.integers(0, 2), text=st.text("abdeglnorst 12", max_size=20), allowed=st.sets(st.integers(0, 399))
)
def test_what_was_made_of_arrays_answers_the_same_and_a_mask_holds(
    seed: int, text: str, allowed: set[int]
) -> None:
    _, index = shop(seed)
    again = SearchIndex.from_arrays(index.arrays("search."), "search.")
    mask = np.zeros(400, dtype=np.bool_)
    mask[sorted(allowed)] = True
    for which in (None, mask):
        one, other = index.search(text, k=PAGE, mask=which), again.search(text, k=PAGE, mask=which)
        assert one[0].tolist() == other[0].tolist()
        assert one[1].tolist() == other[1].tolist()
        assert (one[0].dtype, one[1].dtype) == (np.int32, np.float32)
    assert set(found(index, text, mask=mask)) <= allowed


def test_the_score_is_that_of_bm25f(catalogue: Catalogue) -> None:
    readers = np.arange(50)
    config = SearchConfig(popularity=0.7)
    rows, scores = SearchIndex.build(catalogue, readers, config).search("rios dragon", k=50)
    books = [field_words(book) for book in catalogue.table.to_pylist()]
    means = {field: np.mean([len(b[field]) for b in books if b[field]] or [1]) for field in FIELDS}

    def counts(book: dict[str, list[str]], word: str) -> float:
        total = sum(
            weight
            * Counter(book[field])[word]
            / (1 - config.length_share + config.length_share * len(book[field]) / means[field])
            for field, weight in zip(FIELDS, config.weights, strict=True)
        )
        return float(total / (config.saturation + total))

    for row, score in zip(rows.tolist(), scores.tolist(), strict=True):
        expected = config.popularity * math.log1p(row) / math.log1p(49)
        for word in ("rios", "dragon"):
            n = sum(counts(book, word) > 0 for book in books)
            expected += math.log1p((50 - n + 0.5) / (n + 0.5)) * counts(books[row], word)
        assert score == pytest.approx(expected, rel=1e-5)
    assert rows.size > 0
    assert scores.tolist() == sorted(scores.tolist(), reverse=True)


def test_a_word_counts_more_than_its_completion_and_that_more_than_an_error_in_it() -> None:
    index = index_of("carts", "cart", "card", "dogs", "dogs")
    rows, scores = index.search("cart", k=5)
    assert rows.tolist() == [1, 0, 2]
    assert (scores / scores[0]).tolist() == pytest.approx([1.0, COMPLETED, ONE_ERROR])


def test_short_words_and_numbers_have_no_errors() -> None:
    index = index_of("1984", "1985", "cat", "car")
    assert found(index, "1985") == [1]
    assert found(index, "cau") == []


def test_only_the_word_that_is_typed_last_may_be_a_short_beginning() -> None:
    index = index_of("dark tower", "dusk tower")
    assert found(index, "tower da") == [0]
    assert found(index, "da tower") == [0, 1]


def test_equal_books_are_in_the_order_of_their_readers_and_then_of_their_rows() -> None:
    config = SearchConfig(popularity=0.1)
    index = index_of("dune", "dune", "dune", "other", config=config, readers=[1, 1, 5, 100])
    assert found(index, "dune") == [2, 0, 1]


def test_series_author_and_genre_are_searched_and_the_title_counts_most() -> None:
    catalogue = shelf(
        {"title": "Mort (Discworld, Book 4)", "authors": ["Terry Pratchett"], "genres": ["fantasy"]},
        {"title": "Sourcery (Discworld, Book 5)", "authors": ["Terry Pratchett"], "genres": ["fantasy"]},
        {"title": "Fantasy", "authors": ["A. Critic"]},
    )
    index = SearchIndex.build(catalogue, np.zeros(3, dtype=np.int64), PLAIN)
    assert found(index, "discworld 5 pratchett") == [1]
    assert found(index, "fantasy") == [2, 0, 1]
    without = SearchIndex.build(
        catalogue, np.zeros(3, dtype=np.int64), SearchConfig(genre_weight=0.0, popularity=0.0)
    )
    assert found(without, "fantasy") == [2]


def test_an_isbn_finds_its_book_alone_in_every_form(catalogue: Catalogue) -> None:
    index = SearchIndex.build(catalogue, np.zeros(50, dtype=np.int64), PLAIN)
    ids = catalogue.books.array.tolist()
    for row, book_id in enumerate(ids):
        for text in (
            book_id,
            f" {book_id[0]}-{book_id[1:4]}-{book_id[4:9]}-{book_id[9]}",
            f"978{book_id[:9]}0",
        ):
            assert found(index, text) == [row]
    hidden = np.ones(50, dtype=np.bool_)
    hidden[3] = False
    assert found(index, ids[3], mask=hidden) == []


@pytest.mark.parametrize("text", ["", "  ", "?!", "qqqqqq"])
def test_nothing_is_found_where_nothing_is_asked_or_there(text: str) -> None:
    assert found(index_of("dune"), text) == []


def test_a_catalogue_of_no_words_and_one_of_no_books_can_be_searched(tmp_path: Path) -> None:
    for catalogue in (shelf(), shelf({"title": "?"})):
        index = SearchIndex.build(catalogue, np.zeros(len(catalogue), dtype=np.int64), SearchConfig())
        write_arrays(tmp_path / "index", index.arrays("search."), {})
        opened = SearchIndex.from_arrays(read_arrays(tmp_path / "index")[0], "search.")
        assert found(opened, "dune messiah") == []


def test_a_stored_index_is_mapped_and_the_same_books_make_the_same_bytes(
    catalogue: Catalogue, tmp_path: Path
) -> None:
    for name in ("one", "other"):
        index = SearchIndex.build(catalogue, np.arange(50), SearchConfig())
        write_arrays(tmp_path / name, index.arrays("search."), {})
    names = sorted(file.name for file in (tmp_path / "one").iterdir())
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "other" / name).read_bytes(), name
    opened = SearchIndex.from_arrays(read_arrays(tmp_path / "one")[0], "search.")
    for name, array in opened.arrays("search.").items():
        assert not array.flags.writeable, name
