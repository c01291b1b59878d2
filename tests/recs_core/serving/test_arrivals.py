import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from recs_core.artifacts.bundle import Bundle
from recs_core.serving.arrivals import ArrivalIndex
from recs_core.serving.filters import BookFilter
from recs_core.serving.recommender import ServingRecommender
from recs_core.testing.tiny import BOOKS

N_BOOKS = 10


@given(
    arrays(np.float64, N_BOOKS, elements=st.sampled_from([np.nan, 1999.0, 2000.0, 2003.0, 2037.0])),
    arrays(np.int64, N_BOOKS, elements=st.integers(0, 3)),
    st.integers(1, N_BOOKS),
    arrays(np.bool_, N_BOOKS) | st.none(),
    st.sampled_from([None, 1998, 2000, 2002, 2003, 2050]),
)
def test_the_list_is_the_known_years_sorted(
    years: NDArray[np.float64],
    readers: NDArray[np.int64],
    k: int,
    allowed: NDArray[np.bool_] | None,
    newest_year: int | None,
) -> None:
    found = ArrivalIndex(years, readers).newest(k=k, allowed=allowed, newest_year=newest_year)
    listed = [
        book
        for book in range(N_BOOKS)
        if not np.isnan(years[book])
        and (newest_year is None or years[book] <= newest_year)
        and (allowed is None or allowed[book])
    ]
    listed.sort(key=lambda book: (-years[book], -readers[book], book))
    assert [(one.book_row, one.year, one.rank) for one in found.books] == [
        (book, years[book], rank) for rank, book in enumerate(listed[:k], 1)
    ]
    assert found.total == len(listed)


def test_a_bookshop_shows_what_is_new_of_a_genre(bundle: Bundle) -> None:
    serving = ServingRecommender(bundle)
    wanted = BookFilter(genres=("Dragon",), in_stock=True)
    found = serving.discovery.new_arrivals(k=BOOKS, filters=wanted)
    records = bundle.catalogue.table.to_pylist()
    passing = {
        row
        for row, record in enumerate(records)
        if "dragon" in record["genres"] and record["available"] and record["year"] is not None
    }
    assert {one.book_row for one in found.books} == passing
    assert [one.year for one in found.books] == sorted((one.year for one in found.books), reverse=True)
    assert found.total == len(passing) > 1
    middle = found.books[len(passing) // 2].year
    earlier = serving.discovery.new_arrivals(k=1, filters=wanted, newest_year=middle)
    assert earlier.books[0].year == middle
