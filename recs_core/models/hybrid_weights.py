"""The weights of a hybrid, learned: those whose lists a judge finds best.

A pattern search (Hooke and Jeeves, "Direct Search Solution of Numerical and Statistical Problems", JACM 8, 1961) over
the weights that are multiples of 1 / parts and add up to 1. It needs no gradient, so it goes by the metric itself;
it has no randomness, so that two runs give the same weights; and round weights read well in a diff of params.yaml.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import Self, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from recs_core.data.idmap import PAD
from recs_core.data.topk import TopK, top_k
from recs_core.errors import ParameterError
from recs_core.models.base import BATCH, mask_seen
from recs_core.models.blending import reader_scale, weights_by_history
from recs_core.models.hybrid import Hybrid
from recs_core.models.validated import Judge
from recs_core.progress import progress

Shares: TypeAlias = tuple[int, ...]
"""Weights as whole numbers of parts, in the order of the components."""


@dataclass(frozen=True, slots=True)
class Trial:
    """Weights that were tried, and what the judge said of their lists."""

    weights: dict[str, float]
    worth: float


@dataclass(frozen=True, slots=True)
class LearnedWeights:
    """What a search found.

    Args:
        weights: the best, by component; they add up to 1.
        worth: what the judge said of them.
        trials: everything that was tried, in its order: each component alone first, then all alike.
    """

    weights: dict[str, float]
    worth: float
    trials: list[Trial]


def learn_weights(
    hybrid: Hybrid,
    histories: csr_array,
    judge: Judge,
    *,
    parts: int = 20,
    pool: int = 100,
    max_trials: int = 300,
) -> LearnedWeights:
    """Find the weights of a fitted hybrid's components; those that it has do not matter, its cold-start rule does.

    Lists are made of the `pool` best unread books of each component, which are scored once; then a trial is a
    weighted sum. A book that is among the best of no component is not seen: with as many as the catalogue has books,
    the lists are the hybrid's own.

    Args:
        hybrid: its components fitted on the training part.
        histories: `float32[n_users, n_books]`, what models are asked with: the training part, and the fold-in of
            held-out readers.
        judge: of what the components have not seen, such as `recs_core.evaluation.judge.ValidationJudge`.
        parts: weights are multiples of 1 / parts.
        pool: books a component and reader.
        max_trials: the search stops there at the latest.

    Raises:
        ParameterError: the judge knows no user, or there are fewer trials than components to try alone.
    """
    names = list(hybrid.components)
    if not judge.users.size:
        raise ParameterError("weights cannot be learned: the judge has nothing held out for any user")
    if max_trials <= len(names):
        raise ParameterError(f"max_trials must be more than the {len(names)} components, not {max_trials}")
    candidates = Pool.of(hybrid, csr_array(histories[judge.users]), size=pool)

    def worth(shares: Shares) -> float:
        return judge(candidates.rank(np.array(shares) / parts, k=judge.k))

    tried = search_shares(worth, len(names), parts=parts, max_trials=max_trials)
    trials = [
        Trial(dict(zip(names, (share / parts for share in shares), strict=True)), value)
        for shares, value in tried.items()
    ]
    # the first of equals
    best = max(trials, key=lambda trial: trial.worth)
    return LearnedWeights(best.weights, best.worth, trials)


def search_shares(
    worth: Callable[[Shares], float], n: int, *, parts: int, max_trials: int
) -> dict[Shares, float]:
    """Try shares that add up to `parts`: each of n whole, all alike, then those near the best at shrinking steps.

    Returns:
        Shares to their worth, in the order in which they were tried; each is tried once.
    """
    tried: dict[Shares, float] = {}
    # how many there will be is known at the end
    counter = iter(progress(count(1), "try weights"))

    def is_better(shares: Shares, than: Shares) -> bool:
        if shares not in tried and len(tried) < max_trials:
            tried[shares] = worth(shares)
            next(counter)
        return tried.get(shares, -np.inf) > tried[than]

    alone = [tuple(parts if column == place else 0 for column in range(n)) for place in range(n)]
    alike = tuple(parts // n + (place < parts % n) for place in range(n))
    for start in [*alone, alike]:
        is_better(start, start)
    best = max(tried, key=lambda shares: tried[shares])
    step = max(1, parts * 2 // 5)
    while step:
        better = next((shares for shares in _moved(best, step) if is_better(shares, best)), None)
        best, step = (best, step // 2) if better is None else (better, step)
    return tried


def _moved(shares: Shares, step: int) -> Iterator[Shares]:
    """What is a step away: so much of one component's share given to another."""
    for giver, share in enumerate(shares):
        for taker in range(len(shares)):
            if taker != giver and share >= step:
                moved = list(shares)
                moved[giver] -= step
                moved[taker] += step
                yield tuple(moved)


@dataclass(frozen=True)
class Pool:
    """The books that may come into a reader's list, with what each component makes of them.

    Args:
        books: `int32[n, p]`, ascending, after `PAD` where a reader has fewer.
        values: `float32[n, p, c]`, the components' scores over the reader's scales.
        counts: `int64[n]`, books of each history.
        hybrid: whose components they are.
    """

    books: NDArray[np.int32]
    values: NDArray[np.float32]
    counts: NDArray[np.int64]
    hybrid: Hybrid

    @classmethod
    def of(cls, hybrid: Hybrid, histories: csr_array, *, size: int) -> Self:
        """The `size` best unread books of each component for each of `histories`, `float32[n, n_books]`."""
        parts = [
            _pool_of(hybrid, histories[start : start + BATCH], min(size, hybrid.n_books))
            for start in progress(range(0, histories.shape[0], BATCH), "score each component")
        ]
        books, values = (np.concatenate(blocks) for blocks in zip(*parts, strict=True))
        return cls(books, values, np.diff(histories.indptr).astype(np.int64), hybrid)

    def rank(self, weights: NDArray[np.float64], *, k: int) -> TopK:
        """The lists of the hybrid with other weights, `float64[c]`, in the order of its components."""
        evidence = [component.evidence == "collaborative" for component in self.hybrid.components.values()]
        of_reader = weights_by_history(
            weights, np.array(evidence), self.counts, half=self.hybrid.config.cold_start.half
        )
        scores = np.einsum("npc,nc->np", self.values, of_reader.astype(np.float32))
        scores[self.books == PAD] = -np.inf
        best = top_k(scores, k)
        listed = np.take_along_axis(self.books, np.maximum(best.books, 0), axis=1)
        return TopK(np.where(best.books == PAD, np.int32(PAD), listed), best.scores)


def _pool_of(hybrid: Hybrid, history: csr_array, size: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    scaled, best = [], []
    for component in hybrid.components.values():
        part = component.score(history)
        part /= reader_scale(part, history)[:, None]
        unread = part.copy()
        mask_seen(unread, history)
        scaled.append(part)
        best.append(top_k(unread, size).books)
    books = np.sort(np.hstack(best), axis=1)
    # the repeated go, and the padding with them; what is left moves together again, ascending
    books[:, 1:][books[:, 1:] == books[:, :-1]] = PAD
    books = np.sort(books, axis=1)
    values = [np.take_along_axis(part, np.maximum(books, 0), axis=1) for part in scaled]
    return books, np.stack(values, axis=2)
