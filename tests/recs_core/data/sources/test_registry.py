import importlib
import pkgutil

import pytest

import recs_core.data.sources
from recs_core.data.sources.base import Source
from recs_core.data.sources.book_crossing import BookCrossing
from recs_core.data.sources.forms import FORMS
from recs_core.data.sources.registry import NOTICE, SOURCES, is_synthetic, source_named
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


def test_every_source_of_the_package_is_registered() -> None:
    found = set()
    for module in pkgutil.iter_modules(recs_core.data.sources.__path__):
        name = f"recs_core.data.sources.{module.name}"
        members = vars(importlib.import_module(name)).values()
        of_module = {m for m in members if isinstance(m, type) and m.__module__ == name}
        found |= {member for member in of_module if hasattr(member, "load") and member is not Source}
    assert found == set(SOURCES.values())


def test_a_part_of_a_split_may_have_the_form_of_every_source_that_reads_files() -> None:
    assert set(SOURCES) - set(FORMS) == {"generated", "presplit", "with-events"}


def test_made_up_data_is_known_as_such_by_its_name() -> None:
    assert [name for name in SOURCES if is_synthetic(name)] == ["generated"]
    assert "data.source=generated" in NOTICE
