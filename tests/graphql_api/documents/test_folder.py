"""What is read from a folder of documents, and how it says what is wrong with it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from graphql import build_schema

from graphql_api.documents.__main__ import main
from graphql_api.documents.folder import DocumentsError, read_documents

SCHEMA = build_schema("type Query { book(id: ID!): Book } type Book { id: ID! title: String! }")


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def faults(folder: Path) -> list[str]:
    with pytest.raises(DocumentsError) as caught:
        read_documents(folder, SCHEMA)
    return str(caught.value).replace(f"{folder}/", "").splitlines()


def test_fragments_are_found_in_other_files(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "title.graphql").write_text("fragment Title on Book { title }")
    (tmp_path / "parts" / "all.graphql").write_text("fragment All on Book { id ...Title }")
    (tmp_path / "one.graphql").write_text('query One { book(id: "1") { ...All } }')
    documents = read_documents(tmp_path, SCHEMA)
    expected = (
        'query One {\n  book(id: "1") {\n    ...All\n  }\n}\n\n'
        "fragment All on Book {\n  id\n  ...Title\n}\n\nfragment Title on Book {\n  title\n}"
    )
    assert documents == {digest(expected): expected}


def test_a_file_of_several_operations_is_known_whole_and_in_parts(tmp_path: Path) -> None:
    text = 'query A { book(id: "1") { id } } query B { book(id: "1") { ...T } } fragment T on Book { title }'
    (tmp_path / "two.graphql").write_text(text)
    documents = read_documents(tmp_path, SCHEMA)
    assert documents[digest(text)] == text
    assert sorted(document.split()[1] for document in documents.values() if document != text) == ["A", "B"]


def test_manifests_of_build_tools_are_read(tmp_path: Path) -> None:
    text = '{ book(id: "1") { id } }'
    apollo = {
        "format": "apollo-persisted-query-manifest",
        "version": 1,
        "operations": [{"id": digest(text), "name": "A", "type": "query", "body": text}],
    }
    (tmp_path / "apollo.json").write_text(json.dumps(apollo))
    (tmp_path / "relay.json").write_text(json.dumps({"md5-of-it": text}))
    assert read_documents(tmp_path, SCHEMA) == {digest(text): text, "md5-of-it": text}


def test_every_fault_is_told_with_its_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "a.graphql").write_text('query A {\n  book(id: "1") {\n    name\n  }\n}')
    (tmp_path / "b.graphql").write_text("query B {\n  book(")
    (tmp_path / "c.graphql").write_text('query C {\n  book(id: "1") { ...Gone }\n}')
    (tmp_path / "d.graphql").write_text('# x\nfragment D on Book { id }\nquery E { book(id: "1") { ...D } }')
    (tmp_path / "e.graphql").write_text("\n\nfragment D on Book {\n  title\n}")
    (tmp_path / "f.graphql").write_text("mutation { id }")
    assert faults(tmp_path) == [
        "b.graphql:2: Syntax Error: Expected Name, found <EOF>.",
        "e.graphql:3: fragment D is defined in d.graphql:2 as well",
        "a.graphql:3: Cannot query field 'name' on type 'Book'.",
        "c.graphql:2: Unknown fragment 'Gone'.",
        "f.graphql:1: The mutation operation is not supported by the schema.",
    ]


def test_a_fault_of_a_fragment_is_told_once_and_where_it_is(tmp_path: Path) -> None:
    (tmp_path / "fragment.graphql").write_text("fragment F on Book {\n  nope\n}")
    for name in "AB":
        (tmp_path / f"{name}.graphql").write_text(f'query {name} {{ book(id: "1") {{ ...F }} }}')
    assert faults(tmp_path) == ["fragment.graphql:2: Cannot query field 'nope' on type 'Book'."]


@pytest.mark.parametrize(
    ("manifest", "fault"),
    [
        ("{", "m.json: a manifest is"),
        ("[]", "m.json: a manifest is"),
        ('{"a": 1}', "m.json: a manifest is"),
        ('{"format": "apollo-persisted-query-manifest"}', "m.json: a manifest is"),
        ('{"a": "{ nope }"}', "m.json: document a:1: Cannot query field 'nope' on type 'Query'."),
        ('{"a": "{"}', "m.json: document a:1: Syntax Error: Expected Name, found <EOF>."),
        (json.dumps({"0" * 64: "{ nope }"}), f"m.json: document {'0' * 64}: the sha256 of its text is"),
    ],
)
def test_a_faulty_manifest_is_told(tmp_path: Path, manifest: str, fault: str) -> None:
    (tmp_path / "m.json").write_text(manifest)
    (line,) = faults(tmp_path)
    assert line.startswith(fault)


def test_two_documents_of_one_id_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('{"home": "{ __typename }"}')
    (tmp_path / "b.json").write_text('{"home": "query { __typename }"}')
    assert faults(tmp_path) == ["b.json: document home: another document has the id home as well"]


def test_a_file_that_is_no_text_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.graphql").write_bytes(b"query A { __typename } # \xff")
    (line,) = faults(tmp_path)
    assert line.startswith("a.graphql: it is not in UTF-8")


@pytest.mark.parametrize("named", ["empty", "gone"])
def test_an_empty_folder_is_refused(tmp_path: Path, named: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(DocumentsError, match=named):
        read_documents(tmp_path / named, SCHEMA)


def test_the_command_prints_a_manifest_that_can_be_read_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.graphql").write_text("query A { __typename }")
    assert main([str(tmp_path)]) == 0
    manifest = json.loads(capsys.readouterr().out)
    assert manifest[digest("query A { __typename }")] == "query A { __typename }"
    (tmp_path / "again").mkdir()
    (tmp_path / "again" / "m.json").write_text(json.dumps(manifest))
    assert read_documents(tmp_path / "again", SCHEMA) == manifest


def test_the_command_says_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.graphql").write_text("query A {\n  no_such_field\n}")
    assert main([str(tmp_path)]) == 1
    assert f"{tmp_path}/a.graphql:2: Cannot query field 'no_such_field'" in capsys.readouterr().err
