"""The checks of linear models find a model that is none."""

from collections.abc import Callable
from pathlib import Path

import pytest

from recs_core.models.registry import ModelSpec
from recs_core.testing.linear_checks import (
    a_book_gives_the_same_whatever_else_was_read,
    a_removed_book_takes_its_contribution_along,
)
from recs_core.testing.model_case import ModelCase


@pytest.mark.parametrize(
    "check", [a_book_gives_the_same_whatever_else_was_read, a_removed_book_takes_its_contribution_along]
)
def test_a_model_that_solves_for_the_whole_history_is_not_linear(
    check: Callable[[ModelCase], None], tmp_path: Path
) -> None:
    # ALS explains its scores exactly, but at the equations of the whole history
    case = ModelCase(ModelSpec(kind="als", config={"factors": 8, "regularization": 0.1}), tmp_path)
    with pytest.raises(AssertionError, match="Not equal to tolerance"):
        check(case)
