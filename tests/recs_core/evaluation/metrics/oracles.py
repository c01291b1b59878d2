"""Each metric once more, by other means: ranx for accuracy, the published formula in plain Python for the rest."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import combinations
from math import log, log2, nan

import numpy as np
import ranx
from metric_case import Case

Oracle = Callable[[Case, int], list[float]]


def by_ranx(name: str, case: Case, k: int) -> list[float]:
    values = [nan] * len(case.lists)
    users = [user for user, books in enumerate(case.relevant) if books]
    if users:
        qrels = {str(user): {str(book): 1 for book in case.relevant[user]} for user in users}
        # ranx wants something in every list: a book that nobody holds relevant, last
        run = {
            str(user): {str(b): -float(rank) for rank, b in enumerate([*case.lists[user][:k], "nothing"])}
            for user in users
        }
        found = ranx.evaluate(ranx.Qrels(qrels), ranx.Run(run), name.format(k=k), return_mean=False)
        for user, value in zip(sorted(users, key=str), found, strict=True):
            values[user] = float(value)
    return values


def debiased_recall(case: Case, k: int) -> list[float]:
    # Yang et al., equation 8: the sum over observed books of what is found, by the inverse propensity, normalised
    values = []
    for listed, relevant in zip(case.lists, case.relevant, strict=True):
        inverse = {book: 1 / max(case.readers[book], 1) ** 1.5 for book in relevant}
        found = sum(inverse[book] for book in listed[:k] if book in relevant)
        values.append(found / sum(inverse.values()) if relevant else nan)
    return values


def mean(numbers: list[float]) -> float:
    return sum(numbers) / len(numbers) if numbers else nan


def novelty(case: Case, k: int) -> list[float]:
    share = [max(1, readers) / len(case.lists) for readers in case.readers]
    return [mean([-log2(share[book]) for book in books[:k]]) for books in case.lists]


def average_popularity(case: Case, k: int) -> list[float]:
    return [mean([case.readers[book] for book in books[:k]]) for books in case.lists]


def serendipity(case: Case, k: int) -> list[float]:
    n = len(case.readers)
    counts = sorted(set(case.readers), reverse=True)
    chance = [(n - counts.index(readers)) / n if readers else 0.0 for readers in case.readers]
    values = []
    for listed, relevant in zip(case.lists, case.relevant, strict=True):
        gained = [
            max((n + 1 - rank) / n - chance[book], 0)
            for rank, book in enumerate(listed[:k], 1)
            if book in relevant
        ]
        values.append(sum(gained) / k if relevant else nan)
    return values


def diversity(case: Case, k: int) -> list[float]:
    vectors = case.data.vectors.astype(np.float64)
    return [
        mean([1 - vectors[a] @ vectors[b] for a, b in combinations(books[:k], 2)]) for books in case.lists
    ]


def freshness(case: Case, k: int) -> list[float]:
    years = case.data.years.tolist()
    dated = [year for year in years if year]
    return [
        mean([mean([float(other <= years[book]) for other in dated]) for book in books[:k] if years[book]])
        for books in case.lists
    ]


def genre_shares(case: Case, books: list[int]) -> dict[int, float]:
    of_books = [case.data.genres[[book]].indices.tolist() for book in books]
    sums = {
        genre: sum(1 / len(genres) for genres in of_books if genre in genres)
        for genre in {genre for genres in of_books for genre in genres}
    }
    return {genre: amount / sum(sums.values()) for genre, amount in sums.items()}


def calibration(case: Case, k: int) -> list[float]:
    values = []
    for user, listed in enumerate(case.lists):
        p = genre_shares(case, case.data.train[[user]].indices.tolist())
        q = genre_shares(case, listed[:k])
        mixed = {genre: 0.99 * q.get(genre, 0) + 0.01 * share for genre, share in p.items()}
        values.append(
            sum(share * log(share / mixed[genre]) for genre, share in p.items()) if p and q else nan
        )
    return values


def counts(case: Case, k: int) -> list[int]:
    listed = [book for books in case.lists for book in books[:k]]
    return [listed.count(book) for book in range(len(case.readers))]


def gini(case: Case, k: int) -> list[float]:
    # half of the mean absolute difference over the mean
    of_books = counts(case, k)
    differences = sum(abs(a - b) for a in of_books for b in of_books)
    return [differences / (2 * len(of_books) * sum(of_books)) if sum(of_books) else 0.0]


ORACLES: dict[str, Oracle] = {
    **{
        name: partial(by_ranx, f"{name}@{{k}}")
        for name in ("precision", "recall", "f1", "hit_rate", "mrr", "ndcg")
    },
    "map": partial(by_ranx, "map"),
    "r_precision": partial(by_ranx, "r-precision"),
    "debiased_recall": debiased_recall,
    "user_coverage": lambda case, k: [float(bool(books[:k])) for books in case.lists],
    "novelty": novelty,
    "average_popularity": average_popularity,
    "serendipity": serendipity,
    "diversity": diversity,
    "freshness": freshness,
    "calibration": calibration,
    "coverage": lambda case, k: [float(np.count_nonzero(counts(case, k)) / len(case.readers))],
    "gini": gini,
}
