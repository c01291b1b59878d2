"""Real ISBNs with their published forms, and random ones against the textbook's sums, digit by digit."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recs_core.data.cleaning.isbn import normalise_isbns, valid_isbns

# as publishers print them
PAIRS = [
    ("0-306-40615-2", "978-0-306-40615-7"),
    ("0-8044-2957-X", "978-0-8044-2957-3"),
    ("0 571 08989 5", "978 0 571 08989 5"),
    ("85-359-0277-5", "978-85-359-0277-8"),
    ("3-16-148410-x", "978\u20113\u201116\u2011148410\u20110"),
    ("0195153448", "9780195153446"),
]
NO_ISBN = ["", "12", "B0006AVNE4", "0306406153", "9780306406158", "030640615", "X306406152", "O306406152"]
SHEET_MUSIC = "9790260000438"
FRENCH_979 = "979-10-90636-07-1"


def textbook_isbn10(body: str) -> str:
    check = (11 - sum((10 - place) * int(digit) for place, digit in enumerate(body)) % 11) % 11
    return body + ("X" if check == 10 else str(check))


def textbook_isbn13(body: str) -> str:
    check = (10 - sum((3 if place % 2 else 1) * int(digit) for place, digit in enumerate(body)) % 10) % 10
    return body + str(check)


bodies = st.text("0123456789", min_size=9, max_size=9)


def plain(text: str) -> str:
    return "".join(character for character in text.upper() if character.isalnum())


@pytest.mark.parametrize(("ten", "thirteen"), PAIRS)
def test_published_pairs_become_each_other(ten: str, thirteen: str) -> None:
    ids = pa.array([ten, thirteen])
    assert valid_isbns(ids).tolist() == [True, True]
    assert normalise_isbns(ids, "isbn10").to_pylist() == [plain(ten)] * 2
    assert normalise_isbns(ids, "isbn13").to_pylist() == [plain(thirteen)] * 2
    assert normalise_isbns(ids, "keep").to_pylist() == [ten, thirteen]


@pytest.mark.parametrize("form", ["keep", "isbn10", "isbn13"])
def test_what_is_no_isbn_stays_as_it_is(form: str) -> None:
    ids = pa.array([*NO_ISBN, SHEET_MUSIC, "x-1 y", "b-0006-avne-4"])
    assert not valid_isbns(ids).any()
    assert normalise_isbns(ids, form).equals(ids)


def test_a_number_of_979_has_no_isbn10() -> None:
    ids = pa.array([FRENCH_979])
    assert valid_isbns(ids).tolist() == [True]
    assert normalise_isbns(ids, "isbn10").to_pylist() == ["9791090636071"]


@given(st.lists(bodies))
def test_forms_are_those_of_the_textbook_whatever_stands_beside(all_bodies: list[str]) -> None:
    tens = [textbook_isbn10(body) for body in all_bodies]
    thirteens = [textbook_isbn13("978" + body) for body in all_bodies]
    mixed = pa.array(
        [text for pair in zip(tens, thirteens, strict=True) for text in (*pair, "12")], pa.string()
    )
    assert valid_isbns(mixed).tolist() == [True, True, False] * len(tens)
    for form, wanted in (("isbn10", tens), ("isbn13", thirteens)):
        expected = [text for one in wanted for text in (one, one, "12")]
        assert normalise_isbns(mixed, form).to_pylist() == expected


@given(bodies, st.integers(0, 9), st.integers(0, 9))
def test_one_wrong_digit_is_always_found(body: str, place: int, digit: int) -> None:
    for valid in (textbook_isbn10(body), textbook_isbn13("978" + body)):
        wrong = valid[:place] + str(digit) + valid[place + 1 :]
        assert valid_isbns(pa.array([wrong])).tolist() == [wrong == valid]


@given(st.lists(st.text()), st.sampled_from(["keep", "isbn10", "isbn13"]))
def test_any_text_is_read_and_normalising_twice_changes_nothing(texts: list[str], form: str) -> None:
    once = normalise_isbns(pa.array(texts, pa.string()), form)
    assert len(once) == len(texts)
    assert normalise_isbns(once, form).equals(once)


def test_what_is_missing_stays_missing_and_a_slice_is_read_from_its_start() -> None:
    ids = pa.array(["12", None, "0-306-40615-2", "0-306-40615-2"]).slice(1, 2)
    assert valid_isbns(ids).tolist() == [False, True]
    assert normalise_isbns(ids, "isbn13").to_pylist() == [None, "9780306406157"]


def test_nothing_gives_nothing() -> None:
    empty = pa.array([], pa.string())
    assert valid_isbns(empty).dtype == np.bool_
    assert normalise_isbns(empty, "isbn10").equals(empty)
