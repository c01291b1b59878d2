"""Executed notebooks without what differs from run to run, so that two clean runs have equal bytes."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat

_ADDRESS = re.compile(r"\bat 0x[0-9a-f]{6,}")
_KEPT_CELL_METADATA = ("tags",)


def normalise(notebook: nbformat.NotebookNode, *, root: Path) -> nbformat.NotebookNode:
    """Drop times, durations, random ids, addresses, paths of this machine, and what went to stderr.

    Warnings and progress on stderr depend on the machine; results belong on stdout or in rich output.
    """
    kernel = notebook.metadata.get("kernelspec", {})
    notebook.metadata = nbformat.from_dict(
        {"kernelspec": {key: kernel[key] for key in ("display_name", "language", "name") if key in kernel}}
    )
    for position, cell in enumerate(notebook.cells):
        cell.id = f"cell-{position:02d}"
        kept = {key: cell.metadata[key] for key in _KEPT_CELL_METADATA if cell.metadata.get(key)}
        cell.metadata = nbformat.from_dict(kept)
        if cell.cell_type == "code":
            cell.outputs = _outputs(cell.outputs, root)
    return notebook


def _outputs(outputs: list[nbformat.NotebookNode], root: Path) -> list[nbformat.NotebookNode]:
    kept: list[nbformat.NotebookNode] = []
    for output in outputs:
        if output.output_type == "stream":
            if output.name == "stderr":
                continue
            # where one print ends and the next begins is a matter of timing
            if kept and kept[-1].output_type == "stream":
                kept[-1].text += _text(output.text, root)
                continue
            output.text = _text(output.text, root)
        elif "data" in output:
            output.data.pop("application/vnd.jupyter.widget-view+json", None)
            for mime, value in output.data.items():
                if isinstance(value, str) and not mime.startswith("image/"):
                    output.data[mime] = _text(value, root)
        kept.append(output)
    return kept


def _text(text: str, root: Path) -> str:
    return _ADDRESS.sub("at 0x…", text).replace(f"{root}/", "").replace(str(root), ".")
