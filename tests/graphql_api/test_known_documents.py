"""Valid documents are remembered, and nothing else; what hangs on variables is checked each time."""

from __future__ import annotations

import pytest
from graphql import parse

from graphql_api.limits.known import KnownDocuments
from graphql_api.notebook.workbench import Workbench
from graphql_api.settings import Settings
from recs_core.artifacts.bundle import Bundle


def test_the_document_that_was_not_asked_for_longest_is_forgotten() -> None:
    known = KnownDocuments(most=2)
    documents = {text: parse(text) for text in ("{ a }", "{ b }", "{ c }")}
    known.remember("{ a }", documents["{ a }"])
    known.remember("{ b }", documents["{ b }"])
    assert known.get("{ a }") is documents["{ a }"]
    known.remember("{ c }", documents["{ c }"])
    assert known.get("{ b }") is None
    assert known.get("{ a }") is documents["{ a }"]
    assert known.is_known(documents["{ c }"], "{ c }")
    assert not known.is_known(parse("{ c }"), "{ c }")


@pytest.fixture(scope="module")
def workbench(bundle: Bundle) -> Workbench:
    return Workbench(
        bundle.path, settings=Settings.load(api={"max_aliases": 1, "max_ids": 2, "max_cost": 20})
    )


@pytest.mark.parametrize(
    "document",
    [
        "{ bundle { nothing } }",
        "{ bundle { version }",
        "{ a: bundle { version } b: bundle { version } }",
    ],
)
def test_what_is_not_valid_or_too_large_is_not_remembered(workbench: Workbench, document: str) -> None:
    for _ in range(2):
        assert workbench.ask(document).response["errors"]
    assert workbench._schema.checks is not None
    assert workbench._schema.checks.known.get(document) is None


@pytest.mark.parametrize(
    ("document", "good", "bad", "code"),
    [
        (
            "query Q($ids: [ID!]!) { books(ids: $ids) { id } }",
            {"ids": ["a"]},
            {"ids": ["a"] * 3},
            "BAD_USER_INPUT",
        ),
        (
            'query Q($n: Int!) { user(id: "u001") { history(first: $n) { nodes { id } } } }',
            {"n": 2},
            {"n": 90},
            "COST_LIMIT_EXCEEDED",
        ),
    ],
)
def test_a_known_document_has_its_variables_checked(
    workbench: Workbench, document: str, good: dict[str, object], bad: dict[str, object], code: str
) -> None:
    assert "errors" not in workbench.ask(document, good).response
    (error,) = workbench.ask(document, bad).response["errors"]
    assert error["extensions"]["code"] == code
