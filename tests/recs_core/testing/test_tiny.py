"""What other tests rely on."""

import numpy as np

from recs_core.artifacts.bundle import Bundle
from recs_core.data.catalogue import Catalogue
from recs_core.data.interactions import InteractionSet
from recs_core.testing.tiny import taste_of, tiny_interactions


def test_users_read_mostly_what_is_of_their_taste(interactions: InteractionSet) -> None:
    user_rows, book_rows = interactions.matrix.nonzero()
    assert np.mean(taste_of(user_rows) == taste_of(book_rows)) > 0.6
    assert np.diff(interactions.matrix.indptr).min() >= 6


def test_the_seed_decides_who_reads_what(interactions: InteractionSet) -> None:
    assert np.array_equal(tiny_interactions().matrix.toarray(), interactions.matrix.toarray())
    assert not np.array_equal(tiny_interactions(seed=8).matrix.toarray(), interactions.matrix.toarray())


def test_book_ids_are_valid_isbns(interactions: InteractionSet) -> None:
    for isbn in interactions.books.array.tolist():
        digits = [10 if digit == "X" else int(digit) for digit in isbn]
        assert len(digits) == 10
        assert sum(place * digit for place, digit in zip(range(10, 0, -1), digits, strict=True)) % 11 == 0


def test_the_catalogue_has_gaps_and_letters_beyond_ascii(catalogue: Catalogue) -> None:
    table = catalogue.table
    assert all(0 < table[column].null_count < 25 for column in ("year", "publisher", "cover_url"))
    assert 0 < sum(not title.isascii() for title in table["title"].to_pylist()) < 50
    assert [] in table["authors"].to_pylist()


def test_the_bundled_model_is_better_than_chance(bundle: Bundle) -> None:
    recall = {(m.metric, m.k, m.cohort): m for m in bundle.meta.metrics}["recall", 10, "all"]
    # ten of the at most 44 unread books at random
    assert recall.low is not None
    assert recall.low > 10 / 40
