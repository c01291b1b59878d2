import pytest

from recs_core.data.sources.book_crossing import BookCrossing
from recs_core.data.sources.registry import source_named
from recs_core.errors import ParameterError

OPTIONS = {"requirement": "x==1", "filename": "x-1-py3-none-any.whl", "sha256": "0" * 64}


def test_a_source_is_made_from_its_name_and_options() -> None:
    source = source_named("book-crossing", OPTIONS)
    assert isinstance(source, BookCrossing)
    assert vars(source) == OPTIONS


def test_an_unknown_source_is_named_beside_the_known() -> None:
    with pytest.raises(ParameterError, match=r"data\.source is 'goodreads'; .*'book-crossing'"):
        source_named("goodreads", {})


@pytest.mark.parametrize("options", [OPTIONS | {"sha265": "0"}, {"requirement": "x==1"}])
def test_options_that_the_source_does_not_take_are_named(options: dict[str, str]) -> None:
    with pytest.raises(ParameterError, match=r"data\.sources\.book-crossing\.(sha265|filename): "):
        source_named("book-crossing", options)
