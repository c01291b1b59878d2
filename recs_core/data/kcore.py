"""From interactions as they were read to those that are worth learning from: the k-core."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from recs_core.data.dictionaries import Codes
from recs_core.data.idmap import IdMap
from recs_core.data.interactions import InteractionRows
from recs_core.data.sources.base import PARTS
from recs_core.errors import DataError


def k_core(
    interactions: pa.Table,
    *,
    per_user: int,
    per_book: int,
    weights: NDArray[np.float32] | None = None,
) -> InteractionRows:
    """The largest part in which every user has `per_user` and every book `per_book` interactions.

    Users and books below the bound are removed in turns until none is left (Seidman, "Network structure and
    minimum degree", 1983, for the two sides of a bipartite graph).

    Args:
        interactions: columns `user_id`, `book_id` and, where the source has them, `time` and `part`; sorted by user
            and book, each pair once.
        per_user, per_book: the bounds.
        weights: `float32[n]`, as `confidence_weights` gives them.

    Returns:
        Rows in the order of the table; `times` is None where no interaction of the table has one, and `parts` where
        the source is not split.

    Raises:
        DataError: nothing is left, or the table is not sorted or repeats a pair.
    """
    if not interactions.num_rows:
        raise DataError(
            "there is no interaction: all were set aside, or none counts as a like (data.min_value)"
        )
    users, books = Codes.of(interactions["user_id"]), Codes.of(interactions["book_id"])
    keep = _core(users, books, per_user, per_book)
    if not keep.any():
        raise DataError(
            f"no interaction is left with data.min_per_user={per_user} and data.min_per_book={per_book}; "
            f"lower them"
        )
    chosen = slice(None) if keep.all() else keep
    user_map, user_rows = _without_gaps(users, chosen, space="user")
    book_map, book_rows = _without_gaps(books, chosen, space="book")
    times, parts = _times(interactions), _parts(interactions)
    return InteractionRows(
        user_map,
        book_map,
        user_rows,
        book_rows,
        None if times is None else times[chosen],
        None if weights is None else weights[chosen],
        None if parts is None else parts[chosen],
    )


def _core(users: Codes, books: Codes, per_user: int, per_book: int) -> NDArray[np.bool_]:
    """Which rows are in the core, `bool[n]`."""
    keep = np.ones(users.codes.size, dtype=np.bool_)
    user_codes, book_codes = users.codes, books.codes
    while True:
        enough_users = np.bincount(user_codes, minlength=len(users.texts)) >= per_user
        enough_books = np.bincount(book_codes, minlength=len(books.texts)) >= per_book
        sound = enough_users[user_codes] & enough_books[book_codes]
        if sound.all():
            return keep
        keep[keep] = sound
        user_codes, book_codes = user_codes[sound], book_codes[sound]


def _without_gaps(
    column: Codes, chosen: NDArray[np.bool_] | slice, *, space: str
) -> tuple[IdMap, NDArray[np.int32]]:
    """The id map of the texts that chosen rows have, and the rows in it."""
    codes = column.codes[chosen]
    used = np.zeros(len(column.texts), dtype=np.bool_)
    used[codes] = True
    ids = np.array(column.texts.filter(pa.array(used)).to_pylist(), dtype=np.str_)
    rows = np.cumsum(used, dtype=np.int32) - 1
    return IdMap(ids, space=space), rows[codes]


def _times(interactions: pa.Table) -> NDArray[np.datetime64] | None:
    if "time" not in interactions.column_names:
        return None
    column = interactions["time"]
    if column.null_count == len(column):
        return None
    # nulls become NaT
    return np.asarray(column.to_numpy(zero_copy_only=False)).astype("datetime64[s]", copy=False)


def _parts(interactions: pa.Table) -> NDArray[np.int8] | None:
    if "part" not in interactions.column_names:
        return None
    column = interactions["part"]
    if column.null_count == len(column):
        return None
    parts = Codes.of(column)
    number = np.array([*pc.index_in(parts.texts, value_set=pa.array(PARTS)).to_pylist(), -1], dtype=np.int8)
    return number[parts.codes]
