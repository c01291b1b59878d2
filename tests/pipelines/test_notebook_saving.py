"""JupyterLab's configuration of this project, with Jupyter's own file manager and settings schemas."""

import json
import sys
from pathlib import Path

import nbformat
import pytest
from jupyter_server.services.contents.largefilemanager import LargeFileManager
from project_copy import ROOT
from traitlets.config.loader import JSONFileConfigLoader

CONFIG = ROOT / "config/jupyter"
NOTEBOOKS = ROOT / "notebooks"
SAVED = sorted(
    path.relative_to(NOTEBOOKS)
    for folder in (".", "tutorials")
    for path in (NOTEBOOKS / folder).glob("*.ipynb")
)


def save_after_a_session(path: str, root: Path) -> bytes:
    """What lies on the disk after a notebook was opened in JupyterLab, run, and saved."""
    config = JSONFileConfigLoader("jupyter_server_config.json", str(CONFIG)).load_config()
    files = LargeFileManager(config=config, root_dir=str(root))
    model = files.get(path)
    notebook = model["content"]
    notebook.metadata.kernelspec.display_name = "Python 3 (ipykernel)"
    notebook.metadata.language_info |= {"version": "3.11.2", "file_extension": ".py"}
    for cell in notebook.cells:
        cell.metadata["trusted"] = True
        if cell.cell_type == "code":
            cell.execution_count = 1
            cell.outputs = [nbformat.v4.new_output("stream", text="seen")]
    files.save(model, path)
    return (root / path).read_bytes()


@pytest.mark.parametrize("path", SAVED, ids=str)
def test_a_session_leaves_a_stage_and_a_tutorial_as_they_are(path: Path, tmp_path: Path) -> None:
    before = (NOTEBOOKS / path).read_bytes()
    (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / path).write_bytes(before)
    assert save_after_a_session(str(path), tmp_path) == before


def test_a_notebook_of_ones_own_keeps_its_outputs(tmp_path: Path) -> None:
    made = nbformat.read(NOTEBOOKS / "tutorials/00_start.ipynb", as_version=4)
    nbformat.write(made, tmp_path / "mine.ipynb")
    assert b"seen" in save_after_a_session("mine.ipynb", tmp_path)


def test_the_settings_are_ones_that_jupyterlab_has() -> None:
    overrides = json.loads((CONFIG / "labconfig/default_setting_overrides.json").read_text())
    for plugin, settings in overrides.items():
        extension, name = plugin.split(":")
        schema = Path(sys.prefix) / "share/jupyter/lab/schemas" / extension / f"{name}.json"
        known = json.loads(schema.read_text())["properties"]
        for key, value in settings.items():
            allowed = [choice["const"] for choice in known[key].get("oneOf", [])] or [True, False]
            assert value in allowed, f"{plugin}: {key}"
