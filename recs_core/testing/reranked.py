"""What the tests of re-ranking share: random books of few authors, likenesses without rounding, and an oracle."""

from collections import Counter

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from recs_core.serving.columns import Labels
from recs_core.serving.rerank import BookFacts, RerankConfig, Reranking

# of length 1, and every product of two is a number of few bits
DIRECTIONS = np.vstack(
    [np.eye(4), -np.eye(4)[:2], [[0.5, 0.5, 0.5, 0.5], [0.5, -0.5, 0.5, -0.5]], np.zeros((1, 4))]
)


def random_rules(rng: np.random.Generator, n: int, config: RerankConfig) -> Reranking:
    """Random scores with many ties, some books barred, of n books."""
    scores = (rng.integers(-2, 9, size=n) / 8).astype(np.float32)
    scores[rng.random(n) < 0.2] = -np.inf
    authors = [
        [f"author {name}" for name in rng.choice(4, rng.integers(0, 3), replace=False)] for _ in range(n)
    ]
    facts = BookFacts(
        popularity=(rng.integers(0, 9, size=n) / 8).astype(np.float32),
        vectors=DIRECTIONS[rng.integers(0, len(DIRECTIONS), size=n)].astype(np.float32),
        authors=Labels.of(pa.chunked_array([pa.array(authors, pa.list_(pa.string()))])),
    )
    disliked = np.sort(rng.choice(n, rng.integers(0, min(3, n)), replace=False)).astype(np.int32)
    scores[disliked] = -np.inf
    return Reranking(scores, config, facts, disliked)


def likeness(rules: Reranking, book: int, others: list[int]) -> float:
    """The largest cosine with one of the others, at least 0."""
    vectors = rules.facts.vectors
    return max([0.0, *(float(vectors[book] @ vectors[other]) for other in others)])


def naive_list(rules: Reranking, k: int) -> list[tuple[int, float]]:
    """The rules in their words: at each place every book of the catalogue is looked at anew."""
    config, scores = rules.config, rules.scores
    eligible = [book for book in range(scores.size) if scores[book] > -np.inf]
    largest = max([float(scores[book]) for book in eligible], default=0.0)
    unit = largest if largest > 0 else 1.0
    damped = {}
    for book in eligible:
        taken = config.popularity_damping * unit * float(rules.facts.popularity[book])
        taken += config.dislikes * unit * likeness(rules, book, rules.disliked.tolist())
        damped[book] = float(np.float32(float(scores[book]) - taken))
    listed: list[tuple[int, float]] = []
    written: Counter[int] = Counter()
    while len(listed) < k:
        chosen = [book for book, _ in listed]
        best: tuple[float, float, int] | None = None
        for book in eligible:
            authors = rules.facts.authors.of_book(book).tolist()
            full = config.per_author is not None and any(
                written[author] >= config.per_author for author in authors
            )
            if book in chosen or full:
                continue
            price = unit * config.diversity / (1 - config.diversity)
            score = damped[book] - price * likeness(rules, book, chosen)
            key = (score, damped[book], -book)
            best = key if best is None or key > best else best
        if best is None:
            break
        listed.append((-best[2], best[0]))
        written.update(rules.facts.authors.of_book(-best[2]).tolist())
    return listed


def every_book(rules: Reranking) -> NDArray[np.int32]:
    """All rows."""
    return np.arange(rules.scores.size, dtype=np.int32)
