import pytest
from hypothesis import given
from hypothesis import strategies as st

from recs_core.features.metadata import FIELDS, SeriesMark, field_terms, fold, parse_title, series_key


@pytest.mark.parametrize(
    ("text", "title", "subtitle", "series"),
    [
        ("Emma", "Emma", "", []),
        (
            "Harry Potter and the Goblet of Fire (Harry Potter, #4)",
            "Harry Potter and the Goblet of Fire",
            "",
            [("Harry Potter", "4")],
        ),
        ("Winter's Heart (Wheel of Time, Book 9)", "Winter's Heart", "", [("Wheel of Time", "9")]),
        ("Mort (Discworld Novels (Paperback))", "Mort", "", [("Discworld Novels", None)]),
        ("City of Glass (The New York Trilogy, Vol 1)", "City of Glass", "", [("The New York Trilogy", "1")]),
        (
            "Kristy's Great Idea (Baby-Sitters Club, 1)",
            "Kristy's Great Idea",
            "",
            [("Baby-Sitters Club", "1")],
        ),
        ("Demons (Star Trek, No 30)", "Demons", "", [("Star Trek", "30")]),
        ("Magician (Riftwar Saga, Volume IV)", "Magician", "", [("Riftwar Saga", "4")]),
        ("Gone (The Gone Series Book Two)", "Gone", "", [("The Gone Series", "2")]),
        ("Prelude (Foundation, #0.5)", "Prelude", "", [("Foundation", "0.5")]),
        ("Box (Fire, #1-3)", "Box", "", [("Fire", "1")]),
        ("Small Gods (Discworld, #13; Gods, #2)", "Small Gods", "", [("Discworld", "13"), ("Gods", "2")]),
        (
            "Dakota Man (Man Of The Month) (Desire, 1321)",
            "Dakota Man",
            "",
            [("Man Of The Month", None), ("Desire", "1321")],
        ),
        ("The Known World : A Novel", "The Known World", "A Novel", []),
        ("Back to Murder: A Lucy Story (Lucy, #3)", "Back to Murder", "A Lucy Story", [("Lucy", "3")]),
        ("Emma (Paperback)", "Emma", "", []),
        ("Emma (20th Anniversary Edition)", "Emma", "", []),
        ("Emma [Large Print]", "Emma", "", []),
        ("Catch (22) more", "Catch (22) more", "", []),
        ("(untitled)", "(untitled)", "", []),
        (": notes", ": notes", "", []),
        ("Broken (Star Trek", "Broken (Star Trek", "", []),
        ("1984 (2)", "1984", "", []),
        ("", "", "", []),
    ],
)
def test_a_title_is_taken_apart(
    text: str, title: str, subtitle: str, series: list[tuple[str, str | None]]
) -> None:
    parts = parse_title(text)
    assert (parts.title, parts.subtitle) == (title, subtitle)
    assert list(parts.series) == [SeriesMark(name, number) for name, number in series]


@given(st.text(max_size=60))
def test_any_text_has_a_title_unless_it_is_blank(text: str) -> None:
    assert bool(parse_title(text).title) == bool(text.strip())


@given(
    st.from_regex(r"[A-Z][a-z]{2,8}( [A-Z][a-z]{2,8}){0,2}", fullmatch=True),
    st.from_regex(r"[A-Z][a-z]{2,8}( [A-Z][a-z]{2,8}){0,2}", fullmatch=True),
    st.integers(1, 99),
    st.sampled_from(
        ["{0}, #{1}", "{0} #{1}", "{0}, Book {1}", "{0}, Vol. {1}", "{0}, No {1}", "{0} (Paperback), {1}"]
    ),
)
def test_a_mark_of_any_usual_form_is_found(title: str, series: str, number: int, form: str) -> None:
    parts = parse_title(f"{title} ({form.format(series, number)})")
    assert parts.title == title
    if not series.lower().endswith(
        ("book", "vol", "no", "part", "number", "volume", "episode", "paper", "rack")
    ):
        assert [mark.number for mark in parts.series] == [str(number)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The Dresden Files", "Dresden Files Series"),
        ("Lucy Stone Mystery", "A Lucy Stone Mysteries"),
        ("Star Trek: The Next Generation", "STAR TREK THE NEXT GENERATION"),
        ("Discworld Novels", "Discworld"),
    ],
)
def test_spellings_of_a_series_are_one(one: str, other: str) -> None:
    assert series_key(one) == series_key(other)


def test_a_series_of_a_generic_name_keeps_it() -> None:
    assert series_key("Mystery") == "mystery"
    assert series_key("The Chronicles Series") == "chronicles"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("J. R. R.  TOLKIEN", "J.R.R. Tolkien"),
        ("Gabriel García Márquez", "gabriel garcia marquez"),
        ("Straße", "STRASSE"),
    ],
)
def test_spellings_of_a_name_fold_to_one(one: str, other: str) -> None:
    assert fold(one) == fold(other)


def test_the_terms_of_a_book() -> None:
    book = {
        "title": "The Lost Key: A Tale (Keys, #2)",
        "authors": ["Ana Núñez", "B. Case", " "],
        "genres": ["Young Adult", ""],
        "publisher": "Orbit",
        "year": 1999,
        "language": "eng",
    }
    terms = field_terms(book)
    assert tuple(terms) == FIELDS
    assert terms == {
        "title": ["the", "lost", "key"],
        "subtitle": ["tale"],
        "series": ["keys"],
        "author": ["ana nunez", "b case"],
        "genre": ["young adult"],
        "publisher": ["orbit"],
        "year": ["1990s"],
        "language": ["eng"],
    }


def test_what_is_unknown_has_no_terms() -> None:
    book = {"title": "!", "authors": [], "genres": [], "publisher": None, "year": None, "language": None}
    assert not any(field_terms(book).values())
