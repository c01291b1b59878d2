"""What a notebook says of its parameters, read without running it."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

import nbformat
from pydantic import ConfigDict, TypeAdapter, ValidationError

from recs_core.errors import ParameterError

TYPES: dict[str, type] = {t.__name__: t for t in (str, int, float, bool, list, dict)}
"""The names that an annotation in a parameters cell may use, beside `| None`."""


def declared_parameters(notebook: nbformat.NotebookNode, *, name: str) -> dict[str, TypeAdapter[Any]]:
    """Parameter name to strict type, from the one cell tagged "parameters".

    Every statement of that cell must be `name: type = default`; the type is built of `TYPES`.

    Raises:
        ParameterError: there is no such cell, or more than one, or it holds something else.
    """
    cells = [cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])]
    if len(cells) != 1:
        raise ParameterError(f'{name}: one cell must be tagged "parameters"; {len(cells)} are')
    declared: dict[str, TypeAdapter[Any]] = {}
    for statement in ast.parse(cells[0].source).body:
        if not (
            isinstance(statement, ast.AnnAssign)
            and isinstance(statement.target, ast.Name)
            and statement.value is not None
        ):
            raise ParameterError(
                f"{name}: the parameters cell must hold only `name: type = default`, "
                f"not `{ast.unparse(statement)}`"
            )
        declared[statement.target.id] = _adapter(statement.annotation, name=name)
    return declared


def check_parameters(
    declared: Mapping[str, TypeAdapter[Any]], given: Mapping[str, object], *, name: str
) -> None:
    """Compare given values with what a notebook declares.

    A default is for a person in JupyterLab: a pipeline run must give every parameter.

    Raises:
        ParameterError: a parameter is unknown, missing or of another type; all faults are named.
    """
    faults = [f"{key}: the notebook has no such parameter" for key in given if key not in declared]
    for key, adapter in declared.items():
        if key not in given:
            faults.append(f"{key}: missing")
            continue
        try:
            adapter.validate_python(given[key], strict=True)
        except ValidationError as error:
            fault = error.errors(include_url=False)[0]
            path = ".".join([key, *map(str, fault["loc"])])
            faults.append(f"{path}: {fault['msg']} (got {fault['input']!r})")
    if faults:
        raise ParameterError(f"{name}: wrong parameters\n  " + "\n  ".join(faults))


def _adapter(annotation: ast.expr, *, name: str) -> TypeAdapter[Any]:
    names = {node.id for node in ast.walk(annotation) if isinstance(node, ast.Name)}
    shape = (ast.Name, ast.Subscript, ast.Tuple, ast.Load, ast.BinOp, ast.BitOr)
    nodes = [
        node for node in ast.walk(annotation) if not (isinstance(node, ast.Constant) and node.value is None)
    ]
    text = ast.unparse(annotation)
    if not names <= TYPES.keys() or not all(isinstance(node, shape) for node in nodes):
        raise ParameterError(f"{name}: the type `{text}` is not built of {sorted(TYPES)}")
    # only names of TYPES, subscripts and unions of them are left to evaluate
    resolved = eval(text, {"__builtins__": {}}, TYPES)  # noqa: S307  # nosec B307
    return TypeAdapter(resolved, config=ConfigDict(strict=True))
