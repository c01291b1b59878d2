"""Cohorts: groups of users and books for which a model is judged apart, because a mean hides them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recs_core.errors import ParameterError


def user_cohorts(
    counts: NDArray[np.int64], *, cold_below: int = 5, heavy_from: int = 50
) -> dict[str, NDArray[np.bool_]]:
    """Users by how much is known of them.

    Args:
        counts: `int64[n_users]`, each user's interactions in train; of users who are held out whole, those in
            their fold-in (`Split.known_before_validation` has both).
        cold_below: a user with fewer is cold. Of five or more books a collaborative model can tell a taste.
        heavy_from: a user with at least so many is heavy.

    Returns:
        "cold", "medium" and "heavy", each a mask `bool[n_users]`; every user is in exactly one.

    Raises:
        ParameterError: the bounds do not follow each other.
    """
    if not 0 < cold_below < heavy_from:
        raise ParameterError(
            f"user cohorts need 0 < cold_below < heavy_from, not {cold_below} and {heavy_from}"
        )
    cold, heavy = counts < cold_below, counts >= heavy_from
    return {"cold": cold, "medium": ~cold & ~heavy, "heavy": heavy}


def book_cohorts(
    counts: NDArray[np.int64], *, head_share: float = 0.5, torso_share: float = 0.8
) -> dict[str, NDArray[np.bool_]]:
    """Books by how much of all reading they make, most read first (Anderson, "The Long Tail", 2006).

    Args:
        counts: `int64[n_books]`, each book's interactions in train. Of equally read books the lower row is first.
        head_share: the fewest books that make this share of the interactions are the head.
        torso_share: the books after them up to this share are the torso; all others, and whatever nobody has
            read, the tail.

    Returns:
        "head", "torso" and "tail", each a mask `bool[n_books]`; every book is in exactly one.

    Raises:
        ParameterError: the shares do not follow each other.
    """
    if not 0 < head_share < torso_share < 1:
        raise ParameterError(
            f"book cohorts need 0 < head_share < torso_share < 1, not {head_share} and {torso_share}"
        )
    order = np.argsort(-counts, kind="stable")
    before = np.empty(counts.size, dtype=np.int64)
    before[order] = np.cumsum(counts[order]) - counts[order]
    # what nobody has read comes after all interactions, and so is below neither bound
    total = int(counts.sum())
    head = before < head_share * total
    torso = ~head & (before < torso_share * total)
    return {"head": head, "torso": torso, "tail": ~head & ~torso}
