import pytest

from recs_core.features.search_text import LONGEST, field_words, isbn_key, name_words, search_words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The Known World: a Novel!", ["the", "known", "world", "a", "novel"]),
        ("Straße ÉTÉ Œuvre Ωmega", ["strasse", "ete", "oeuvre", "ωmega"]),
        ("Les Misérables", ["les", "miserables"]),
        ("O'Brien L\u2019Engle", ["obrien", "lengle"]),
        ("J.R.R. Tolkien", ["j", "r", "r", "tolkien"]),
        ("catch_22 Catch-22", ["catch", "22", "catch", "22"]),
        ("Łódź, Ærø", ["lodz", "aero"]),
        ("村上 花", ["村上", "花"]),
        ("a" * 30, ["a" * LONGEST]),
        (" ?! ", []),
    ],
)
def test_a_text_is_its_words_without_case_accents_and_punctuation(text: str, words: list[str]) -> None:
    assert search_words(text) == words


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("J. K. Rowling", {"j", "k", "rowling", "jk"}),
        ("P.D. JAMES", {"p", "d", "james", "pd"}),
        ("Edna O'Brien", {"edna", "obrien", "o", "brien"}),
        ("Stanisław Lem", {"stanislaw", "lem"}),
    ],
)
def test_a_name_has_the_ways_in_which_people_type_it(name: str, words: set[str]) -> None:
    assert set(name_words(name)) == words


def test_the_fields_of_a_book_are_taken_apart() -> None:
    book = {
        "title": "Wizard and Glass: A Novel (The Dark Tower, Book 4) (Paperback)",
        "authors": ["Stephen King"],
        "genres": ["Science Fiction"],
    }
    assert field_words(book) == {
        "title": ["wizard", "and", "glass"],
        "subtitle": ["a", "novel", "book", "paperback"],
        "author": ["stephen", "king"],
        "series": ["the", "dark", "tower", "4"],
        "genre": ["science", "fiction"],
    }


def test_both_lengths_of_an_isbn_have_one_key_and_no_check_digit() -> None:
    keys = {isbn_key(text) for text in ("0439064872", "0-439-06487-2", "978-0-439-06487-3", "043906487X")}
    assert keys == {978043906487}
    assert isbn_key("979-10-90636-07-1") == 979109063607


@pytest.mark.parametrize(
    "text", ["1984", "dune", "", "04390648722", "1234567890123", "b000000017", "X439064872"]
)
def test_what_has_not_the_form_of_an_isbn_is_none(text: str) -> None:
    assert isbn_key(text) is None
