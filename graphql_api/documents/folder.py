"""Trusted documents, collected from a folder.

`*.graphql` files hold operations and fragments, which may be spread in any of them. An operation is known by the
sha256 of its text with the fragments that it needs, as `print_ast` writes it; a file that stands alone also by the
sha256 of its bytes. `*.json` files are manifests of build tools: Relay's `{id: document}`, or Apollo's
`{"format": "apollo-persisted-query-manifest", "operations": [{"id": ..., "body": ...}]}`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import orjson
from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLSchema,
    Node,
    OperationDefinitionNode,
    Source,
    Visitor,
    parse,
    print_ast,
    validate,
    visit,
)

from graphql_api.documents.store import digest_of
from recs_core.errors import BookverseError

APOLLO = "apollo-persisted-query-manifest"

N = TypeVar("N", bound=Node)

_SHA256 = re.compile("[0-9a-f]{64}")


class DocumentsError(BookverseError):
    """A folder of documents cannot be used; the message has a line for each fault, with its file and line."""


def read_documents(folder: Path, schema: GraphQLSchema) -> dict[str, str]:
    """The documents of a folder and its subfolders, valid against the schema, by all their names.

    Raises:
        DocumentsError: there are none, or some of them are faulty.
    """
    if not folder.is_dir():
        raise DocumentsError(f"{folder} is no folder; trusted documents are collected from one")
    collector = _Collector(schema)
    collector.read_sources(sorted(folder.rglob("*.graphql")))
    for path in sorted(folder.rglob("*.json")):
        collector.read_manifest(path)
    if collector.faults:
        raise DocumentsError("\n".join(collector.faults))
    if not collector.documents:
        raise DocumentsError(f"there is no operation in any *.graphql or *.json file of {folder}")
    return collector.documents


class _Collector:
    """Collects documents, and all that is wrong with them."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self.documents: dict[str, str] = {}
        self.faults: list[str] = []

    def read_sources(self, paths: Sequence[Path]) -> None:
        """Collect from GraphQL files, which share their fragments."""
        files = [(path, text, parsed) for path in paths for text, parsed in self._read(path)]
        fragments: dict[str, FragmentDefinitionNode] = {}
        for _, _, parsed in files:
            for fragment in _definitions(parsed, FragmentDefinitionNode):
                first = fragments.setdefault(fragment.name.value, fragment)
                if first is not fragment:
                    also = f"fragment {fragment.name.value} is defined in {_place(first)} as well"
                    self.faults.append(f"{_place(fragment)}: {also}")
        for path, text, parsed in files:
            own = {fragment.name.value for fragment in _definitions(parsed, FragmentDefinitionNode)}
            operations = list(_definitions(parsed, OperationDefinitionNode))
            alone = bool(operations)
            for operation in operations:
                needed = _needed(operation, fragments)
                alone = alone and own.issuperset(needed)
                document = DocumentNode(definitions=(operation, *needed.values()))
                if self._is_valid(document, str(path)):
                    printed = print_ast(document)
                    self._add((digest_of(printed),), printed, str(path))
            if alone:
                self._add((digest_of(text),), text, str(path))

    def read_manifest(self, path: Path) -> None:
        """Collect from a manifest of a build tool."""
        try:
            entries = list(_entries(orjson.loads(path.read_bytes())))
        except (orjson.JSONDecodeError, KeyError, TypeError) as error:
            shape = 'a manifest is {"id": "document"} or Apollo\'s {"format": ..., "operations": [{"id", "body"}]}'
            self.faults.append(f"{path}: {shape} ({type(error).__name__}: {error})")
            return
        for document_id, text in entries:
            where = f"{path}: document {document_id}"
            digest = digest_of(text)
            if _SHA256.fullmatch(document_id) and document_id != digest:
                self.faults.append(f"{where}: the sha256 of its text is {digest}; make the manifest anew")
                continue
            parsed = self._parsed(text, where)
            if parsed is not None and self._is_valid(parsed, where):
                self._add((document_id, digest), text, where)

    def _add(self, ids: tuple[str, ...], text: str, where: str) -> None:
        for document_id in ids:
            if self.documents.setdefault(document_id, text) != text:
                self.faults.append(f"{where}: another document has the id {document_id} as well")

    def _read(self, path: Path) -> Iterator[tuple[str, DocumentNode]]:
        """The text of a file and what it parses to; nothing where it is faulty."""
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            self.faults.append(f"{path}: it is not in UTF-8 ({error})")
            return
        parsed = self._parsed(text, str(path))
        if parsed is not None:
            yield text, parsed

    def _parsed(self, text: str, where: str) -> DocumentNode | None:
        try:
            return parse(Source(text, where))
        except GraphQLError as error:
            self.faults.append(_fault(error, where))
            return None

    def _is_valid(self, document: DocumentNode, where: str) -> bool:
        errors = validate(self._schema, document)
        self.faults += [fault for error in errors if (fault := _fault(error, where)) not in self.faults]
        return not errors


def _entries(manifest: Any) -> Iterator[tuple[str, str]]:
    if not isinstance(manifest, dict):
        raise TypeError("it is no object")
    if manifest.get("format") == APOLLO:
        entries = [(operation["id"], operation["body"]) for operation in manifest["operations"]]
    else:
        entries = list(manifest.items())
    for entry in entries:
        if not all(isinstance(part, str) for part in entry):
            raise TypeError("an id or a document is no string")
        yield entry


def _needed(
    operation: OperationDefinitionNode, fragments: dict[str, FragmentDefinitionNode]
) -> dict[str, FragmentDefinitionNode]:
    """The fragments that an operation spreads, and those that these spread, in the order in which they are met."""
    needed: dict[str, FragmentDefinitionNode] = {}

    class Spreads(Visitor):
        def enter_fragment_spread(self, node: FragmentSpreadNode, *_: Any) -> None:
            name = node.name.value
            # one that is defined nowhere is for the validation to tell
            if name in fragments and name not in needed:
                needed[name] = fragments[name]
                visit(fragments[name], self)

    visit(operation, Spreads())
    return needed


def _definitions(document: DocumentNode, kind: type[N]) -> Iterator[N]:
    return (definition for definition in document.definitions if isinstance(definition, kind))


def _fault(error: GraphQLError, where: str) -> str:
    """`file:line: message`; the file is where the node at fault is, which may be a fragment's."""
    for node in error.nodes or ():
        if node.loc is not None:
            return f"{_place(node)}: {error.message}"
    line = f":{error.locations[0].line}" if error.locations else ""
    return f"{where}{line}: {error.message}"


def _place(node: Node) -> str:
    location = node.loc
    assert location is not None  # parsed with locations  # noqa: S101
    return f"{location.source.name}:{location.source.get_location(location.start).line}"
