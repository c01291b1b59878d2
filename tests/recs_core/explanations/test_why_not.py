import numpy as np

from recs_core.explanations.why_not import Comparison, compare
from recs_core.models.base import Contributions


def test_the_sides_are_the_parts_what_was_lacked_most_first() -> None:
    parts = Contributions(
        np.array([4, 7], dtype=np.int32),
        {"als:collaborative": np.array([[0.1, 0.2], [0.5, 0.5]]), "content": np.array([[0.5, 0], [0.25, 0]])},
        {"popularity": np.array([0.25, 0.5])},
    )
    sides = compare(parts)
    assert [side.part for side in sides] == ["als:collaborative", "popularity", "content"]
    assert sides[1] == Comparison("popularity", 0.25, 0.5)
    np.testing.assert_allclose([side.lacked for side in sides], [0.7, 0.25, -0.25])
