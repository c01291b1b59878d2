"""The one place where external string ids and internal rows meet."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from recs_core.errors import DataError, UnknownIdError

PAD = -1
"""The row that stands for "no book" or "no user" in padded arrays."""


DIGESTED_AT_ONCE = 2**14
_CHARACTER = np.dtype("U1").itemsize


class IdMap:
    """Sorted, unique, immutable external ids; an id's row is its position.

    Args:
        ids: `str[n]`, sorted and unique; may be memory-mapped, and is then searched in place.
        space: what the ids name ("user" or "book"), for error messages.

    Raises:
        DataError: the ids are not sorted or not unique.
    """

    def __init__(self, ids: NDArray[np.str_], *, space: str) -> None:
        if ids.size > 1 and not bool(np.all(ids[:-1] < ids[1:])):
            raise DataError(f"the {space} ids of an IdMap must be sorted and unique")
        self.space = space
        self._ids = ids

    @classmethod
    def from_ids(cls, ids: Iterable[str], *, space: str) -> IdMap:
        """Build a map from ids in any order, repeated or not."""
        return cls(np.unique(np.asarray(list(ids), dtype=np.str_)), space=space)

    def __len__(self) -> int:
        return int(self._ids.size)

    def __contains__(self, external_id: object) -> bool:
        return isinstance(external_id, str) and self.row(external_id) != PAD

    def __eq__(self, other: object) -> bool:
        return isinstance(other, IdMap) and self.space == other.space and self.digest == other.digest

    def __hash__(self) -> int:
        return hash((self.space, self.digest))

    def __repr__(self) -> str:
        return f"IdMap({len(self):,} {self.space} ids, {self.digest[:12]})"

    @property
    def array(self) -> NDArray[np.str_]:
        """All ids in row order, `str[n]`."""
        return self._ids

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the ids in row order, as hexadecimal digits."""
        digest = hashlib.sha256()
        # in pieces, for other threads cannot run while a list is made
        for first in range(0, len(self), DIGESTED_AT_ONCE):
            piece = "\n".join(self._ids[first : first + DIGESTED_AT_ONCE].tolist())
            digest.update(("\n" + piece if first else piece).encode())
        return digest.hexdigest()

    def row(self, external_id: str) -> int:
        """The row of one id, or `PAD` where it is unknown."""
        # a longer string would make NumPy widen a copy of all ids
        if len(external_id) * _CHARACTER > self._ids.dtype.itemsize:
            return PAD
        position = int(np.searchsorted(self._ids, external_id))
        if position < self._ids.size and self._ids[position] == external_id:
            return position
        return PAD

    def rows(
        self, ids: Sequence[str] | NDArray[Any], *, missing: Literal["raise", "pad"] = "raise"
    ) -> NDArray[np.int32]:
        """The rows of many ids, `int32[n]`.

        Args:
            ids: external ids, in any order.
            missing: what to do with an unknown id: raise, or answer `PAD` in its place.

        Raises:
            UnknownIdError: an id is unknown and `missing` is "raise".
        """
        wanted = np.asarray(ids, dtype=np.str_)
        if self._ids.size == 0:
            rows = np.full(wanted.shape, PAD, dtype=np.int32)
        else:
            # cut to the width of the ids: NumPy would else widen a copy of them all
            cut = wanted.astype(self._ids.dtype)
            rows = np.searchsorted(self._ids, cut).astype(np.int32)
            rows[rows == self._ids.size] = 0
            rows[self._ids[rows] != wanted] = PAD
        if missing == "raise" and bool(np.any(rows == PAD)):
            raise UnknownIdError(self.space, wanted[rows == PAD].tolist())
        return rows

    def ids(self, rows: NDArray[np.int32] | Sequence[int]) -> NDArray[np.str_]:
        """The ids of rows, `str[n]`.

        Raises:
            IndexError: a row is `PAD` or outside the map.
        """
        wanted = np.asarray(rows)
        if wanted.size and (int(wanted.min()) < 0 or int(wanted.max()) >= len(self)):
            raise IndexError(f"{self.space} rows must be in 0..{len(self) - 1}")
        return np.asarray(self._ids[wanted], dtype=np.str_)
