"""`%recommend`: the server's own answers, in a notebook."""

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest
from api_server import ApiServer
from IPython.core.interactiveshell import InteractiveShell

from graphql_api.notebook import Answered, Workbench
from graphql_api.notebook.view import as_html
from graphql_api.notebook.workbench import RECOMMENDATIONS
from recs_core.artifacts.bundle import Bundle
from recs_core.errors import ArtifactError, ParameterError


@pytest.fixture(scope="module")
def workbench(bundle: Bundle) -> Workbench:
    return Workbench(bundle.path)


@pytest.fixture
def shell(bundle: Bundle, monkeypatch: pytest.MonkeyPatch) -> InteractiveShell:
    monkeypatch.chdir(bundle.path.parent)
    shell = InteractiveShell()
    shell.run_line_magic("load_ext", "graphql_api.notebook")
    return shell


DOCUMENTS: list[tuple[str, dict[str, Any]]] = [
    (RECOMMENDATIONS, {"reader": "u001", "first": 10}),
    (RECOMMENDATIONS, {"reader": "nobody", "first": 3}),
    ("{ bundle { version } metrics(k: 10) { metric mean } }", {}),
    ('{ book(id: "nowhere") { title } }', {}),
    ("{ no_such_field }", {}),
    ("query A { readers } query B { readers }", {}),
]


@pytest.mark.parametrize(("document", "variables"), DOCUMENTS)
def test_its_json_is_the_servers_to_the_byte(
    workbench: Workbench, server: ApiServer, document: str, variables: dict[str, Any]
) -> None:
    here, there = workbench.ask(document, variables).json, server.post(document, **variables).content
    # what is masked has the request's id
    assert re.sub(rb'"requestId":"[^"]*"', b"", here) == re.sub(rb'"requestId":"[^"]*"', b"", there)


def test_it_answers_inside_a_running_event_loop_as_in_a_notebook(workbench: Workbench) -> None:
    async def cell() -> Answered:
        return workbench.recommend("u001", first=2)

    assert len(asyncio.run(cell()).data["recommendations"]["nodes"]) == 2


def test_the_line_magic_recommends_for_a_reader(shell: InteractiveShell) -> None:
    answer = shell.run_line_magic("recommend", "u001 --first 4 --bundle bundle")
    assert [item["rank"] for item in answer.data["recommendations"]["nodes"]] == [1, 2, 3, 4]
    assert answer._repr_html_().count("<svg") == 4


def test_the_cell_magic_takes_a_document_and_the_notebooks_variables(shell: InteractiveShell) -> None:
    shell.user_ns["mine"] = {"reader": "u007"}
    document = "query($reader: ID!) { user(id: $reader) { userId } }"
    answer = shell.run_cell_magic("recommend", "--bundle bundle --variables mine", document)
    assert answer.data == {"user": {"userId": "u007"}}


def test_a_bundle_that_was_made_anew_is_opened_anew(
    shell: InteractiveShell, bundle: Bundle, tmp_path: Path
) -> None:
    from recs_core.testing.tiny import tiny_bundle

    def version() -> str:
        cell = shell.run_cell_magic("recommend", f"--bundle {tmp_path / 'b'}", "{ bundle { version } }")
        return str(cell.data["bundle"]["version"])

    tiny_bundle(tmp_path / "b")
    assert version() == bundle.version
    assert (
        version() != tiny_bundle(tmp_path / "b", seed=8).version != version() or version() != bundle.version
    )


@pytest.mark.parametrize(
    ("line", "cell", "said"),
    [
        ("", None, "reader"),
        ("u001 --fisrt 3", None, "--fisrt"),
        ("--variables nothing --bundle bundle", "{ readers }", "no dict of this name"),
    ],
)
def test_a_wrong_line_says_how_it_is_meant(
    shell: InteractiveShell, line: str, cell: str | None, said: str
) -> None:
    magic = shell.find_line_magic("recommend")
    with pytest.raises(ParameterError, match=said):
        magic(line) if cell is None else magic(line, cell)


def test_no_bundle_is_told_with_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="`dvc repro` makes one"):
        Workbench(tmp_path / "nowhere")


def test_a_hostile_title_is_text() -> None:
    hostile = '<script>alert(1)</script>" onload="x'
    shown = as_html(
        {
            "data": {
                "recommendations": [
                    {
                        "rank": 1,
                        "score": 1.0,
                        "servedFrom": hostile,
                        "book": {"title": hostile, "authors": [hostile]},
                        "reasons": [{"kind": hostile, "text": hostile, "amount": 0.5}],
                    }
                ],
                "other": hostile,
            },
            "errors": [{"message": hostile, "extensions": {"code": hostile}}],
        }
    )
    assert "<script" not in shown.lower()
    assert ' onload="x' not in shown
    assert "&lt;script&gt;" in shown


def test_nothing_is_loaded_from_anywhere(workbench: Workbench) -> None:
    assert not re.search(r"https?:|<img|<link|@import|url\(", workbench.recommend("u001")._repr_html_())


def test_what_is_no_list_of_books_is_shown_as_json_and_errors_with_their_code(workbench: Workbench) -> None:
    shown = workbench.ask('{ readers book(id: "nowhere") { title } }')._repr_html_()
    assert "BOOK_NOT_FOUND" in shown
    assert "<pre>" in workbench.ask("{ readers(first: 1) }")._repr_html_()
