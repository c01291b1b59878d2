"""What is served: one bundle for new questions, and those before it for who is still turning pages."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from recs_core.artifacts.published import Provenance, provenance_of
from recs_core.data.interactions import InteractionSet
from recs_core.serving.recommender import ServingRecommender
from recs_core.serving.shelf import BookState

READERS = 100
"""Readers to try the API with; more than a page would show."""


@dataclass(frozen=True, eq=False)
class Snapshot:
    """One opened bundle, and what the store sells of it. It never changes: a change makes a new one.

    Args:
        recommender: answers from it.
        provenance: where it came from.
        readers: ids of readers to try the API with.
    """

    recommender: ServingRecommender
    provenance: Provenance
    readers: tuple[str, ...]

    @classmethod
    def of(cls, recommender: ServingRecommender) -> Snapshot:
        """The snapshot of a recommender's bundle.

        Raises:
            ArtifactError: its provenance is damaged.
        """
        bundle = recommender.bundle
        return cls(recommender, provenance_of(bundle.path), middling_readers(bundle.history, READERS))

    def with_changes(self, states: Mapping[str, BookState]) -> Snapshot:
        """The same bundle after the store changed some of its books; see `ServingRecommender.with_changes`."""
        changed = self.recommender.with_changes(states)
        return self if changed is self.recommender else replace(self, recommender=changed)

    def with_newcomers(self, states: Mapping[str, BookState]) -> Snapshot:
        """The same bundle with the books that are new; see `ServingRecommender.with_newcomers`."""
        grown = self.recommender.with_newcomers(states)
        return self if grown is self.recommender else replace(self, recommender=grown)

    def closed(self, book_ids: Sequence[str]) -> list[str]:
        """Those of some books that are in the bundle and not sold now, each once, in their order."""
        recommender = self.recommender
        rows = recommender.bundle.books.rows(list(book_ids), missing="pad").tolist()
        pairs = zip(book_ids, rows, strict=True)
        is_closed = recommender.filters.is_closed
        return list(dict.fromkeys(book_id for book_id, row in pairs if row >= 0 and is_closed(row)))

    def masking(self, is_masked: Callable[[str], bool]) -> Snapshot:
        """The same, to which a reader is unknown from the moment on in which `is_masked` says so."""
        return replace(self, recommender=self.recommender.masking(is_masked))

    @property
    def version(self) -> str:
        """The bundle's version."""
        return self.recommender.bundle.version


class Snapshots:
    """The snapshot that is served, and those before it while page sequences may still need them.

    Swapping is one assignment: whoever holds a snapshot goes on with it. What the store changes is changed in all.

    Args:
        first: the snapshot to begin with.
        kept: how many earlier ones are kept at most.
        ttl_s: how long each of them is kept after it was replaced.
        clock: seconds that only grow.
    """

    def __init__(
        self, first: Snapshot, *, kept: int, ttl_s: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.current = first
        """The snapshot that answers what names no other."""
        self._kept = kept
        self._ttl_s = ttl_s
        self._clock = clock
        self._earlier: OrderedDict[str, tuple[float, Snapshot]] = OrderedDict()
        self._next: Snapshot | None = None
        self._states: dict[str, BookState] = {}

    def change(self, states: Mapping[str, BookState]) -> None:
        """Know what the store says now of some of its books.

        Args:
            states: book id to all that the store changed of the book.
        """
        self._states.update(states)
        self.current = self.current.with_changes(states)
        self._next = self._next and self._next.with_changes(states)
        for version, (until, snapshot) in self._earlier.items():
            self._earlier[version] = until, snapshot.with_changes(states)

    def grown(self, snapshot: Snapshot) -> Snapshot:
        """A snapshot with the books that are new to the store. Takes long: for a thread."""
        # a copy, for the store goes on
        return snapshot.with_newcomers(dict(self._states))

    def take_in(self, grown: Snapshot) -> None:
        """Serve what has grown in place of the snapshot that it has grown from, if that is still served."""
        if grown.version == self.current.version:
            self.current = grown.with_changes(self._states)

    def prepare(self, snapshot: Snapshot) -> Snapshot:
        """The snapshot that is to be served next, with what the store has changed; `latest` knows it from here on."""
        self._next = snapshot.with_changes(self._states)
        return self._next

    def latest(self, snapshot: Snapshot) -> Snapshot:
        """A snapshot after all that the store has changed; itself, where it is not served any more."""
        if self._next is not None and self._next.version == snapshot.version:
            return self._next
        return self.get(snapshot.version) or snapshot

    def swap(self, to: Snapshot) -> None:
        """Serve another snapshot from now on; the one before is kept for a while."""
        to, before = self.prepare(to), self.current
        self._next = None
        if before.version == to.version:
            return
        self.current = to
        self._earlier.pop(to.version, None)
        self._earlier[before.version] = (self._clock() + self._ttl_s, before)
        while len(self._earlier) > self._kept:
            self._earlier.popitem(last=False)

    def get(self, version: str) -> Snapshot | None:
        """The snapshot of a version; None where it was never served or is gone."""
        if version == self.current.version:
            return self.current
        self.expire()
        found = self._earlier.get(version)
        return found[1] if found else None

    @property
    def all(self) -> list[Snapshot]:
        """The snapshot that is served, the next one, and those that are kept."""
        following = [] if self._next is None else [self._next]
        return [self.current, *following, *(snapshot for _, snapshot in self._earlier.values())]

    @property
    def versions(self) -> frozenset[str]:
        """Of the snapshot that is served and of those that are kept."""
        return frozenset({self.current.version, *self._earlier})

    def expire(self) -> None:
        """Let go of the snapshots whose time is over; what runs on one of them holds it until it is done."""
        now = self._clock()
        for version in [version for version, (until, _) in self._earlier.items() if until <= now]:
            del self._earlier[version]


def middling_readers(history: InteractionSet, n: int) -> tuple[str, ...]:
    """The ids of n readers whose histories are nearest to the median length; of equals the first."""
    lengths = np.diff(history.matrix.indptr)
    if not lengths.size:
        return ()
    order = np.argsort(np.abs(lengths - np.median(lengths)), kind="stable")
    return tuple(history.users.ids(order[:n].astype(np.int32)).tolist())
