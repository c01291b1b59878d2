"""From interactions as they were read to those that are worth learning from: the k-core."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from recs_core.data.idmap import IdMap
from recs_core.data.interactions import InteractionRows
from recs_core.errors import DataError


def k_core(interactions: pa.Table, *, per_user: int, per_book: int) -> InteractionRows:
    """The largest part in which every user has `per_user` and every book `per_book` interactions.

    Users and books below the bound are removed in turns until none is left (Seidman, "Network structure and
    minimum degree", 1983, for the two sides of a bipartite graph).

    Args:
        interactions: columns `user_id`, `book_id` and, where the source has it, `time`; sorted by user and book,
            each pair once.
        per_user, per_book: the bounds.

    Returns:
        Rows in the order of the table; `times` is None where no interaction of the table has one.

    Raises:
        DataError: nothing is left, or the table is not sorted or repeats a pair.
    """
    users = np.asarray(interactions["user_id"].to_numpy(zero_copy_only=False), dtype=np.str_)
    books = np.asarray(interactions["book_id"].to_numpy(zero_copy_only=False), dtype=np.str_)
    times = _times(interactions)
    while users.size:
        user_names, user_codes = np.unique(users, return_inverse=True)
        book_names, book_codes = np.unique(books, return_inverse=True)
        keep = (np.bincount(user_codes)[user_codes] >= per_user) & (
            np.bincount(book_codes)[book_codes] >= per_book
        )
        if keep.all():
            user_map, book_map = IdMap(user_names, space="user"), IdMap(book_names, space="book")
            rows = user_codes.astype(np.int32), book_codes.astype(np.int32)
            return InteractionRows(user_map, book_map, *rows, times)
        users, books = users[keep], books[keep]
        times = None if times is None else times[keep]
    raise DataError(
        f"no interaction is left with data.min_per_user={per_user} and data.min_per_book={per_book}; "
        f"lower them"
    )


def _times(interactions: pa.Table) -> NDArray[np.datetime64] | None:
    if "time" not in interactions.column_names:
        return None
    column = interactions["time"]
    if column.null_count == len(column):
        return None
    # nulls become NaT
    return np.asarray(column.to_numpy(zero_copy_only=False)).astype("datetime64[s]")
