"""Random lists of a few users, with everything that a metric may need."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from recs_core.data.idmap import PAD
from recs_core.data.topk import TopK
from recs_core.evaluation.metrics import EvaluationData, Judged


@dataclass(frozen=True)
class Case:
    """Lists, some short or empty, and what they are judged by; some users have no truth and no history."""

    lists: list[list[int]]
    judged: Judged

    @property
    def data(self) -> EvaluationData:
        return self.judged.data

    @property
    def relevant(self) -> list[set[int]]:
        return [set(self.data.truth[[user]].indices.tolist()) for user in range(len(self.lists))]

    @property
    def readers(self) -> list[int]:
        return (self.data.train.toarray() > 0).sum(axis=0).tolist()


def case_of(seed: int) -> Case:
    rng = np.random.default_rng(seed)
    n_users, n_books, length = rng.integers(1, [7, 14, 9])
    lists = []
    books = np.full((n_users, length), PAD, dtype=np.int32)
    for line in books:
        there = rng.permutation(n_books)[: rng.integers(0, length + 1)]
        line[: there.size] = there
        lists.append(there.tolist())
    # equal scores: only the order of a list counts
    scores = np.where(books == PAD, -np.inf, 0.5).astype(np.float32)
    truth, train = (
        csr_array(rng.random((n_users, n_books)) < share, dtype=np.float32) for share in (0.2, 0.4)
    )
    vectors = rng.normal(size=(n_books, 3))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors[rng.random(n_books) < 0.2] = 0
    years = np.where(rng.random(n_books) < 0.3, 0, rng.integers(1990, 1995, n_books)).astype(np.int32)
    years[0] = 1991
    genres = csr_array(rng.random((n_books, 4)) < 0.4, dtype=np.float32)
    data = EvaluationData(truth, train, vectors.astype(np.float32), years, genres)
    return Case(lists, Judged(TopK(books, scores), data))
