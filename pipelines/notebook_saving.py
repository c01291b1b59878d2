"""What JupyterLab saves of the notebooks that git and DVC know: code and text, nothing of one session."""

from __future__ import annotations

import re
from typing import Any

NUMBERED = re.compile(r"(notebooks/)?(tutorials/)?\d\d_\w+\.ipynb")
"""The stages' notebooks and the tutorials. Others are their author's own, and keep their outputs."""

METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def strip_before_saving(model: dict[str, Any], path: str, **_: Any) -> None:
    """Hook of Jupyter's contents manager: leave out outputs, counters, and what Jupyter says of kernel and Python.

    JupyterLab notes these as soon as a notebook is opened, and saves by itself. A stage depends on its notebook's
    bytes, so that without this a look at a notebook would make `dvc repro` run everything behind it.

    Args:
        model: Jupyter's description of the file; its content is changed in place.
        path: the file, from the folder that Jupyter serves.
    """
    if model["type"] != "notebook" or not NUMBERED.fullmatch(path.strip("/")):
        return
    notebook = model["content"]
    notebook["metadata"] = METADATA
    for cell in notebook["cells"]:
        cell["metadata"] = {"tags": cell["metadata"]["tags"]} if cell["metadata"].get("tags") else {}
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
