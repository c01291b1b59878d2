"""International Standard Book Numbers (ISO 2108): the check digit, and one form for all that name the same edition.

An ISBN-10 weighs its characters 10 to 1 and is divisible by 11, with X for a last digit of 10. An ISBN-13 weighs them
1 and 3 in turn and is divisible by 10; after the prefix 978 it holds the first nine digits of the ISBN-10.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

SEPARATORS = r"[\s\p{Pd}]"
"""What may stand between the groups of an ISBN: white space, and every dash that Unicode has."""
SHAPES = {10: "^[0-9]{9}[0-9X]$", 13: "^(978[0-9]|979[1-9])[0-9]{9}$"}
"""Length to what it looks like. 979-0 is sheet music, which has numbers of its own."""
WEIGHTS = {10: np.arange(10, 0, -1), 13: np.array([1, 3] * 6 + [1])}
MODULUS = {10: 11, 13: 10}


def valid_isbns(ids: pa.StringArray) -> NDArray[np.bool_]:
    """Which ids are ISBNs: ten or thirteen characters but for separators, with the right check digit, `bool[n]`."""
    compact = _compact(ids)
    return np.asarray(_valid(compact, 10) | _valid(compact, 13))


def normalise_isbns(ids: pa.StringArray, form: Literal["keep", "isbn10", "isbn13"]) -> pa.StringArray:
    """Give all valid ISBNs one form; an id that is none stays as it is.

    Args:
        ids: the ids, best each once.
        form: "isbn10": without separators, and an ISBN-13 that begins with 978 as its ISBN-10; one that begins with
            979 has none. "isbn13": without separators, and an ISBN-10 as its ISBN-13. "keep": as they were written.

    Returns:
        The ids in their order.
    """
    if form == "keep":
        return ids
    compact = _compact(ids)
    ten, thirteen = _valid(compact, 10), _valid(compact, 13)
    ids = pc.replace_with_mask(ids, pa.array(ten | thirteen), compact.filter(pa.array(ten | thirteen)))
    if form == "isbn10":
        convertible = thirteen & np.asarray(pc.fill_null(pc.starts_with(compact, "978"), False))
        converted = _to_isbn10(_characters(compact, convertible, 13))
    else:
        convertible = ten
        converted = _to_isbn13(_characters(compact, convertible, 10))
    return pc.replace_with_mask(ids, pa.array(convertible), _strings(converted))


def _compact(ids: pa.StringArray) -> pa.StringArray:
    return pc.utf8_upper(pc.replace_substring_regex(ids, SEPARATORS, ""))


def _valid(compact: pa.StringArray, length: int) -> NDArray[np.bool_]:
    shaped = np.array(pc.fill_null(pc.match_substring_regex(compact, SHAPES[length]), False), dtype=np.bool_)
    total = _digits(_characters(compact, shaped, length)) @ WEIGHTS[length]
    shaped[shaped] = total % MODULUS[length] == 0
    return shaped


def _characters(compact: pa.StringArray, chosen: NDArray[np.bool_], length: int) -> NDArray[np.uint8]:
    """The ASCII codes of the chosen strings, which all have the length: `uint8[m, length]`."""
    text = np.array(compact.filter(pa.array(chosen)).to_pylist(), dtype=f"S{length}")
    return text.view(np.uint8).reshape(-1, length)


def _digits(characters: NDArray[np.uint8]) -> NDArray[np.int64]:
    return np.where(characters == ord("X"), 10, characters.astype(np.int64) - ord("0"))


def _to_isbn10(characters: NDArray[np.uint8]) -> NDArray[np.uint8]:
    body = characters[:, 3:12]
    check = -(_digits(body) @ WEIGHTS[10][:9]) % 11
    return np.column_stack([body, np.where(check == 10, ord("X"), check + ord("0")).astype(np.uint8)])


def _to_isbn13(characters: NDArray[np.uint8]) -> NDArray[np.uint8]:
    prefix = np.broadcast_to(np.frombuffer(b"978", dtype=np.uint8), (len(characters), 3))
    body = np.column_stack([prefix, characters[:, :9]])
    check = -(_digits(body) @ WEIGHTS[13][:12]) % 10
    return np.column_stack([body, (check + ord("0")).astype(np.uint8)])


def _strings(characters: NDArray[np.uint8]) -> pa.StringArray:
    count, length = characters.shape
    offsets = np.arange(0, (count + 1) * length, length, dtype=np.int32)
    data = np.ascontiguousarray(characters)
    return pa.StringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(data))
