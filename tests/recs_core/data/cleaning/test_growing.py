import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recs_core.data.cleaning.growing import GrowingArray


@given(st.lists(st.lists(st.integers(-9, 9), max_size=9)), st.integers(1, 5))
def test_blocks_stand_one_after_the_other(blocks: list[list[int]], capacity: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("recs_core.data.cleaning.growing.FIRST_CAPACITY", capacity)
        growing = GrowingArray(np.int32)
        for block in blocks:
            growing.append(np.array(block, dtype=np.int32))
    assert growing.array().tolist() == [number for block in blocks for number in block]
    assert growing.array().dtype == np.int32
