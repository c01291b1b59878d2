"""Learned numbers in fewer bits: float16 and int8 with one scale a row.

What is large in a model's state are matrices of float32: factors, vectors, and item-item weights as CSR. Each row of
one is divided by its largest absolute value, so that rows of small numbers lose no more than rows of large ones
(symmetric quantisation: Jacob et al., CVPR 2018), and is stored as

- float16: the quotient in half precision, 11 significant bits;
- int8: the quotient times 127, rounded.

Whatever is no such matrix stays as it is: one number a book, double precision that is there for a reason, rows and
columns; column numbers of CSR fit 16 bits where there are at most 65,536 books. Opening turns everything into float32
again, and scores and explanations are computed from these same numbers: explanations add up whatever the storage.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Storage = Literal["float32", "float16", "int8"]
"""How the matrices of a model are stored; float32 is exact, and memory-mapped as it lies."""

SCALE = "__scale"
"""What the name of an array of scales ends in."""

LEVELS = 127
COLUMNS_16 = 2**16


def quantise(state: Mapping[str, NDArray[Any]], storage: Storage) -> dict[str, NDArray[Any]]:
    """The arrays to store for a state.

    Args:
        state: a model's, see `Recommender.state`; `<prefix>indptr`, `<prefix>indices` and `<prefix>data` are CSR.
        storage: how.

    Returns:
        The state itself for float32. Else matrices as float16 or int8, and for each `<name>__scale`, `float32[rows]`.
    """
    if storage == "float32":
        return dict(state)
    stored = dict(state)
    for name, starts in _matrices(state):
        stored[name], stored[name + SCALE] = _quantise_rows(state[name], starts, storage)
    for name, indices in state.items():
        if _is_csr_part(name, "indices", state) and indices.max(initial=0) < COLUMNS_16:
            stored[name] = indices.astype(np.uint16)
    return stored


def dequantise(stored: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[Any]]:
    """The state of the arrays that `quantise` made; what was stored as it is is not copied."""
    state = {name: array for name, array in stored.items() if not name.endswith(SCALE)}
    for name, array in state.items():
        if name + SCALE in stored:
            state[name] = _read_only(_dequantise_rows(array, stored[name + SCALE], _starts(name, stored)))
        elif array.dtype == np.uint16 and _is_csr_part(name, "indices", stored):
            state[name] = _read_only(array.astype(np.int32))
    return state


def _matrices(state: Mapping[str, NDArray[Any]]) -> Iterator[tuple[str, NDArray[np.integer] | None]]:
    """The name of each matrix of float32, and where its rows start in `data` if it is CSR."""
    for name, array in state.items():
        if array.dtype == np.float32 and (array.ndim == 2 or _is_csr_part(name, "data", state)):
            yield name, _starts(name, state)


def _is_csr_part(name: str, part: str, state: Mapping[str, NDArray[Any]]) -> bool:
    return name.endswith(part) and f"{name.removesuffix(part)}indptr" in state


def _starts(name: str, state: Mapping[str, NDArray[Any]]) -> NDArray[np.integer] | None:
    return state.get(f"{name.removesuffix('data')}indptr") if name.endswith("data") else None


def _quantise_rows(
    array: NDArray[np.float32], starts: NDArray[np.integer] | None, storage: Storage
) -> tuple[NDArray[Any], NDArray[np.float32]]:
    absolute = np.abs(array)
    if starts is None:
        scale = absolute.max(axis=1, initial=0)
    else:
        scale = np.zeros(starts.size - 1, dtype=np.float32)
        filled = np.diff(starts) > 0
        # reduceat gives an empty row the first number of the next, so empty ones are left out
        scale[filled] = np.maximum.reduceat(absolute, starts[:-1][filled]) if filled.any() else 0
    quotient = array / _of_rows(np.where(scale > 0, scale, 1).astype(np.float32), starts)
    if storage == "float16":
        return quotient.astype(np.float16), scale
    return np.rint(quotient * np.float32(LEVELS)).astype(np.int8), scale


def _dequantise_rows(
    array: NDArray[Any], scale: NDArray[np.float32], starts: NDArray[np.integer] | None
) -> NDArray[np.float32]:
    unit = scale / np.float32(LEVELS) if array.dtype == np.int8 else scale
    return np.asarray(array.astype(np.float32) * _of_rows(unit, starts), dtype=np.float32)


def _of_rows(values: NDArray[np.float32], starts: NDArray[np.integer] | None) -> NDArray[np.float32]:
    """One value a row, in the shape that a matrix is multiplied by."""
    return values[:, None] if starts is None else np.repeat(values, np.diff(starts))


def _read_only(array: NDArray[Any]) -> NDArray[Any]:
    array.flags.writeable = False
    return array
