import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer

from recs_core.features.tfidf import (
    Vocabulary,
    fit_vocabulary,
    unit_rows,
    vocabularies_of,
    vocabulary_table,
    weighted,
)

TEXTS = st.lists(st.lists(st.sampled_from("abcdefgh"), max_size=8), min_size=1, max_size=25)


def fit(texts: list[list[str]], **bounds: object) -> Vocabulary:
    every = {"min_books": 1, "max_share": 1.0, "max_features": None, "stop_words": frozenset[str]()}
    return fit_vocabulary(texts, **(every | bounds))


@given(TEXTS, TEXTS, st.integers(1, 3))
def test_tfidf_is_that_of_scikit_learn(
    fitted: list[list[str]], later: list[list[str]], min_books: int
) -> None:
    vocabulary = fit(fitted, min_books=min_books)
    oracle = TfidfVectorizer(analyzer=list, min_df=min_books, sublinear_tf=True, dtype=np.float32)
    if not len(vocabulary):
        with pytest.raises(ValueError, match=r"no terms remain|empty vocabulary|max_df corresponds"):
            oracle.fit(fitted)
        return
    oracle.fit(fitted)
    assert list(vocabulary.terms) == oracle.get_feature_names_out().tolist()
    np.testing.assert_allclose(vocabulary.idf, oracle.idf_, rtol=1e-6)
    np.testing.assert_allclose(
        vocabulary.tfidf(later).toarray(), oracle.transform(later).toarray(), rtol=1e-5, atol=1e-6
    )


@given(TEXTS)
def test_a_row_does_not_depend_on_the_others(texts: list[list[str]]) -> None:
    vocabulary = fit(texts)
    together = vocabulary.tfidf(texts).toarray()
    alone = [vocabulary.tfidf([text]).toarray()[0] for text in texts]
    assert np.array_equal(together, np.array(alone))


def test_bounds_choose_the_features() -> None:
    texts = [["all", "two", "the"], ["all", "two"], ["all", "one"], ["all"], []]
    assert fit(texts).terms == ("all", "one", "the", "two")
    assert fit(texts, min_books=2).terms == ("all", "two")
    # of the four books that have the field at all, "all" is in every one
    assert fit(texts, max_share=0.9).terms == ("one", "the", "two")
    assert fit(texts, stop_words=frozenset({"the"})).terms == ("all", "one", "two")


def test_of_too_many_features_those_stay_that_vary_most() -> None:
    texts = [["half", "always"]] * 5 + [["always"]] * 4 + [["always", "rare"]]
    matrix = fit(texts).tfidf(texts).toarray()
    variance = dict(zip(fit(texts).terms, matrix.var(axis=0).tolist(), strict=True))
    assert fit(texts, max_features=1).terms == (max(variance, key=lambda term: variance[term]),)
    assert fit(texts, max_features=9).terms == fit(texts).terms


def test_a_chosen_feature_keeps_its_idf() -> None:
    texts = [["half", "always"]] * 5 + [["always"]] * 5
    whole, chosen = fit(texts), fit(texts, max_features=1)
    place = whole.terms.index(chosen.terms[0])
    assert chosen.idf[0] == whole.idf[place]
    assert chosen.books[0] == whole.books[place]


def test_fields_count_by_their_weights() -> None:
    one, other = fit([["a"], ["b"]]), fit([["x"], ["y"]])
    rows = weighted([one.tfidf([["a"], []]), other.tfidf([["x"], ["y"]])], [3, 4]).toarray()
    np.testing.assert_allclose(rows, [[0.6, 0, 0.8, 0], [0, 0, 0, 1]], rtol=1e-6)
    assert rows.dtype == np.float32


def test_a_row_of_zeros_stays_one() -> None:
    matrix = fit([["a"]]).tfidf([[], ["a"], ["unknown"]])
    assert unit_rows(matrix).toarray().tolist() == [[0], [1], [0]]


@given(st.lists(TEXTS, min_size=1, max_size=3))
def test_a_stored_vocabulary_is_the_same(fields: list[list[list[str]]]) -> None:
    vocabularies = {f"field {n}": fit(texts) for n, texts in enumerate(fields)} | {"empty": fit([[]])}
    again = vocabularies_of(vocabulary_table(vocabularies), list(vocabularies))
    assert list(again) == list(vocabularies)
    for field, vocabulary in vocabularies.items():
        assert again[field].terms == vocabulary.terms
        assert again[field].idf.tobytes() == vocabulary.idf.tobytes()
        assert again[field].books.tobytes() == vocabulary.books.tobytes()
