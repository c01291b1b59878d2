"""Columns that grow block by block."""

from __future__ import annotations

from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T", bound=np.generic)
FIRST_CAPACITY = 2**20


class GrowingArray(Generic[T]):
    """An array that is appended to.

    A list of blocks would be joined in the end, when memory must hold both, and would leave it in pieces. Here space
    is doubled where it runs out; what is not written to yet costs nothing.
    """

    def __init__(self, dtype: type[T]) -> None:
        self._array: NDArray[T] = np.empty(FIRST_CAPACITY, dtype=dtype)
        self._size = 0

    def append(self, block: NDArray[T]) -> None:
        """Add a block at the end."""
        size = self._size + block.size
        if size > self._array.size:
            larger = np.empty(max(size, 2 * self._array.size), dtype=self._array.dtype)
            larger[: self._size] = self._array[: self._size]
            self._array = larger
        self._array[self._size : size] = block
        self._size = size

    def array(self) -> NDArray[T]:
        """What was appended by now."""
        return self._array[: self._size]
