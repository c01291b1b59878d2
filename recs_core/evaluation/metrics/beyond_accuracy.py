"""What lists are like beside what they find: how new, how varied, how popular, how like the reader's own taste."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array

from recs_core.data.idmap import PAD
from recs_core.evaluation.metrics.judged import BATCH, Judged, Values, mean_or_nan
from recs_core.evaluation.metrics.registry import metric

MIXED = 0.01
"""Of `calibration`: the share of the reader's own genres that is mixed into the list's, so that the logarithm is
finite."""


@metric("user_coverage", "1 if the list has a book in the first k, else 0", needs=())
def user_coverage(judged: Judged, k: int) -> Values:
    """See the registration."""
    return (judged.there_at(k) > 0).astype(np.float64)


@metric(
    "novelty",
    "mean of -log2(share of the users of train who have read the book) over the listed books; a book that nobody has "
    "read counts as read by one",
    source="Zhou et al., PNAS 2010",
    needs=("train",),
)
def novelty(judged: Judged, k: int) -> Values:
    """See the registration."""
    share = np.maximum(judged.data.readers, 1) / judged.data.truth.shape[0]
    return judged.mean_listed(-np.log2(share), k)


@metric(
    "average_popularity",
    "mean number of the users of train who have read each listed book",
    source="Yin et al., VLDB 2012",
    better="neither",
    needs=("train",),
)
def average_popularity(judged: Judged, k: int) -> Values:
    """See the registration."""
    return judged.mean_listed(judged.data.readers.astype(np.float64), k)


@metric(
    "serendipity",
    "sum over the hits in the first k of how much higher the list ranks them than popularity does / k; a rank r "
    "among n books counts as (n + 1 - r) / n, a negative difference as 0; equally popular books share a rank, the "
    "next one has the next, and popularity gives a book that nobody has read 0",
    source="Murakami et al., JSAI 2007; Ge et al., RecSys 2010; the formula of RecTools",
    needs=("truth", "train"),
)
def serendipity(judged: Judged, k: int) -> Values:
    """See the registration."""
    readers = judged.data.readers
    _, rank = np.unique(-readers, return_inverse=True)
    # the list gives n + 1 - place, popularity n - rank from 0, in n-ths
    popular = np.where(readers > 0, readers.size - rank, 0)[judged.hits.books]
    gained = np.maximum(readers.size + 1 - judged.hits.ranks - popular, 0) / readers.size
    return judged.sum_hits(gained, k) / k


@metric(
    "diversity",
    "mean of 1 - cosine over the pairs of the listed books' content vectors; a vector of length 0 is unlike all",
    source="Ziegler et al., WWW 2005",
    needs=("vectors",),
)
def diversity(judged: Judged, k: int) -> Values:
    """See the registration."""
    assert judged.data.vectors is not None  # noqa: S101 - needs
    n = judged.there_at(k)
    alike = np.empty(n.size)
    for start in range(0, n.size, BATCH):
        batch = slice(start, start + BATCH)
        books = judged.recs.books[batch, :k]
        listed = judged.data.vectors[books]
        listed[books == PAD] = 0
        # over all pairs |sum of v|^2 = sum of |v|^2 + 2 sum of cosines
        total = listed.sum(axis=1, dtype=np.float64)
        alike[batch] = np.einsum("ud,ud->u", total, total)
        alike[batch] -= np.einsum("ubd,ubd->u", listed, listed, dtype=np.float64)
    pairs = n * (n - 1)
    return mean_or_nan(pairs - alike, pairs)


@metric(
    "freshness",
    "mean over the listed books of known year of the share of the dated catalogue that is not newer",
    needs=("years",),
)
def freshness(judged: Judged, k: int) -> Values:
    """See the registration."""
    years = judged.data.years
    assert years is not None  # noqa: S101 - needs
    dated = years > 0
    share = np.searchsorted(np.sort(years[dated]), years, side="right") / np.count_nonzero(dated)
    known = judged.sum_listed(dated.astype(np.float64), k)
    return mean_or_nan(judged.sum_listed(np.where(dated, share, 0.0), k), known)


@metric(
    "calibration",
    "Kullback-Leibler divergence of the list's genres, with 0.01 of the reader's mixed in, from those of the "
    "reader's books in train; a book's genres share it equally",
    source="Steck, RecSys 2018",
    better="lower",
    needs=("train", "genres"),
)
def calibration(judged: Judged, k: int) -> Values:
    """See the registration."""
    genres, train = judged.data.genres, judged.data.train
    assert genres is not None  # noqa: S101 - needs
    assert train is not None  # noqa: S101 - needs
    shares = genres.multiply(1 / np.maximum(np.asarray(genres.sum(axis=1)), 1)[:, None]).tocsr()
    books = judged.recs.books[:, :k]
    books = books[books != PAD]
    counts = np.append(0, np.cumsum(judged.there_at(k)))
    listed = csr_array((np.ones(books.size, np.float32), books, counts), shape=judged.data.truth.shape)
    own, mine = _distribution(train @ shares), _distribution(listed @ shares)
    mixed = (1 - MIXED) * mine + MIXED * own
    # what the reader has nothing of adds nothing, whatever the list has of it
    ratio = np.divide(own, mixed, out=np.ones_like(own), where=own > 0)
    return np.where(np.isnan(mixed[:, 0]), np.nan, (np.nan_to_num(own) * np.log(ratio)).sum(axis=1))


def _distribution(sums: csr_array) -> Values:
    """Rows that sum to 1, NaN where there is nothing."""
    dense = np.asarray(sums.toarray(), dtype=np.float64)
    total = dense.sum(axis=1, keepdims=True)
    shares: Values = np.divide(dense, total, out=np.full_like(dense, np.nan), where=total > 0)
    return shares
