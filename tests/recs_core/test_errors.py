import inspect

import pytest

from recs_core import errors
from recs_core.errors import BookverseError, UnknownIdError

ERRORS = [
    member
    for _, member in inspect.getmembers(errors, inspect.isclass)
    if member.__module__ == errors.__name__
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
def test_a_caller_can_catch_every_error_as_one_kind(error: type[Exception]) -> None:
    assert issubclass(error, BookverseError)


@pytest.mark.parametrize(
    ("ids", "shown"),
    [
        (["a"], "'a'"),
        (["a", "b'c"], "'a', \"b'c\""),
        (["1", "2", "3", "4", "5"], "'1', '2', '3', '4', '5'"),
        (["1", "2", "3", "4", "5", "6"], "'1', '2', '3', '4', '5', ..."),
    ],
)
def test_unknown_ids_are_shown_up_to_five(ids: list[str], shown: str) -> None:
    assert str(UnknownIdError("book", ids)) == f"unknown book id: {shown}"
