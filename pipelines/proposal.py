"""Changes of params.yaml that a person can review: the file's own text with other values, comments and order kept."""

from __future__ import annotations

import difflib
import io
from collections.abc import Mapping
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.nodes import ScalarNode
from ruamel.yaml.representer import RoundTripRepresenter

from recs_core.models.registry import ModelSpec


class _Representer(RoundTripRepresenter):
    """Writes floats as YAML 1.1 reads them too: to PyYAML, 1e-05 is a string and 1.0e-05 is not."""

    def represent_float(self, data: float) -> ScalarNode:
        text = repr(data)
        if "e" in text and "." not in text:
            text = text.replace("e", ".0e")
        return self.represent_scalar("tag:yaml.org,2002:float", text)


_Representer.add_representer(float, _Representer.represent_float)


def with_models(text: str, specs: Mapping[str, ModelSpec]) -> str:
    """The text of params.yaml with other configurations.

    Args:
        text: params.yaml as it is.
        specs: name to model; a name that `models` lacks is left out, for what runs by default is a person's decision.
    """
    yaml = YAML()
    yaml.Representer = _Representer
    yaml.preserve_quotes = True
    yaml.width = 4096
    yaml.indent(mapping=2, sequence=4, offset=2)
    document = yaml.load(text)
    for name, spec in specs.items():
        if name in document["models"]:
            _assign(document["models"][name], spec.model_dump())
    written = io.StringIO()
    yaml.dump(document, written)
    return written.getvalue()


def diff(before: str, after: str, name: str) -> str:
    """A unified diff, as `git apply` reads it; empty where nothing changes."""
    lines = (before.splitlines(keepends=True), after.splitlines(keepends=True))
    return "".join(difflib.unified_diff(*lines, fromfile=f"a/{name}", tofile=f"b/{name}"))


def _assign(node: Any, wanted: Mapping[str, Any]) -> None:
    """Make a mapping of the document equal to another, touching only what differs."""
    for key in [key for key in node if key not in wanted]:
        del node[key]
    for key, value in wanted.items():
        if isinstance(value, Mapping) and isinstance(node.get(key), Mapping):
            _assign(node[key], value)
        elif key not in node or node[key] != value:
            node[key] = value
