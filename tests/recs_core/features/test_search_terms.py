import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from recs_core.data.idmap import PAD
from recs_core.features.search_terms import TermIndex

LETTERS = "abcé花"
WORDS = st.sets(st.text(LETTERS, min_size=1, max_size=10), max_size=60)


def edits(one: str, other: str) -> int:
    """The distance by its recursive definition."""
    table = {(row, 0): row for row in range(len(one) + 1)} | {
        (0, place): place for place in range(len(other) + 1)
    }
    for row, a in enumerate(one, 1):
        for place, b in enumerate(other, 1):
            ways = [
                table[row - 1, place] + 1,
                table[row, place - 1] + 1,
                table[row - 1, place - 1] + (a != b),
            ]
            if row > 1 and place > 1 and (a, b) == (other[place - 2], one[row - 2]):
                ways.append(table[row - 2, place - 2] + 1)
            table[row, place] = min(ways)
    return table[len(one), len(other)]


def index(words: set[str]) -> TermIndex:
    return TermIndex.build(np.array(sorted(words), dtype="<U10"))


@given(words=WORDS, word=st.text(LETTERS, min_size=4, max_size=10), two=st.booleans())
def test_all_words_that_are_near_enough_are_found_and_no_others(
    words: set[str], word: str, two: bool
) -> None:
    distance = 2 if two and len(word) >= 8 else 1
    terms = index(words)
    places, distances = terms.near(word, distance=distance)
    found = dict(zip(terms.terms[places].tolist(), distances.tolist(), strict=True))
    assert found == {other: n for other in words if 0 < (n := edits(word, other)) <= distance}
    assert places.tolist() == sorted(places.tolist())


def test_each_kind_of_error_is_one() -> None:
    terms = index({"dragon"})
    for wrong in ("dragn", "draagon", "dragom", "dargon", "ragon", "dragonn"):
        assert terms.near(wrong, distance=1)[1].tolist() == [1], wrong
    assert terms.near("darogn", distance=1)[1].tolist() == []
    assert terms.near("dragon", distance=1)[1].tolist() == []


@given(words=WORDS, prefix=st.text(LETTERS, min_size=1, max_size=12))
def test_completions_are_the_words_that_begin_so(words: set[str], prefix: str) -> None:
    terms = index(words)
    found = terms.terms[terms.completions(prefix)].tolist()
    assert found == [word for word in sorted(words) if word.startswith(prefix)]
    place = terms.place(prefix)
    assert (place != PAD) == (prefix in words)
    assert place == PAD or terms.terms[place] == prefix


@given(words=WORDS, word=st.text(LETTERS, min_size=4, max_size=7))
def test_what_was_made_of_arrays_answers_the_same(words: set[str], word: str) -> None:
    terms = index(words)
    again = TermIndex.from_arrays(terms.arrays("some."), "some.")
    assert again.near(word, distance=1)[0].tolist() == terms.near(word, distance=1)[0].tolist()
