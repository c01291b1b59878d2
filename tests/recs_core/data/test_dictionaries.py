import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from recs_core.data.dictionaries import Codes, CodesBuilder

texts = st.text(st.sampled_from("abž"), max_size=2)
blocks = st.lists(st.lists(st.none() | texts, max_size=8), max_size=5)


def written(codes: Codes) -> list[str | None]:
    names = [*codes.texts.to_pylist(), None]
    return [names[code] for code in codes.codes]


@given(blocks, st.booleans())
def test_a_column_in_blocks_becomes_codes_of_sorted_texts(
    content: list[list[str | None]], encoded: bool
) -> None:
    chunks = [pa.array(block, pa.string()) for block in content]
    kind = pa.dictionary(pa.int32(), pa.string()) if encoded else pa.string()
    column = pa.chunked_array([chunk.cast(kind) for chunk in chunks], kind)
    codes = Codes.of(column)
    everything = [text for block in content for text in block]
    assert written(codes) == everything
    assert codes.texts.to_pylist() == sorted({text for text in everything if text is not None})
    assert codes.codes.dtype == np.int32
    assert codes.array(pa.int32()).to_pylist() == everything


@given(st.lists(st.tuples(st.lists(texts, min_size=1), st.lists(st.integers(-1, 0) | st.integers(0, 9)))))
def test_a_block_may_repeat_texts_and_hold_some_that_no_row_has(
    content: list[tuple[list[str], list[int]]],
) -> None:
    builder, expected = CodesBuilder(), []
    for names, raw in content:
        codes = [min(code, len(names) - 1) for code in raw]
        builder.add(pa.array(names), np.array(codes, dtype=np.int32))
        expected += [None if code < 0 else names[code] for code in codes]
    found = builder.finish()
    assert written(found) == expected
    assert found.texts.to_pylist() == sorted({text for text in expected if text is not None})


def test_texts_that_get_one_name_become_one() -> None:
    codes = Codes.of(pa.chunked_array([["b", "a", "c", "a"]])).renamed(pa.array(["z", "b", "z"]))
    assert codes.texts.to_pylist() == ["b", "z"]
    assert written(codes) == ["b", "z", "z", "z"]
