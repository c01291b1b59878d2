"""Run one notebook as a pipeline stage: papermill, but strict.

    python -m pipelines.run_notebook notebooks/04_train.ipynb --run train-als -p model=als -P spec=models.als

`-p NAME=TEXT` gives a string, `-P NAME=KEY` the value at a key of params.yaml. Before a kernel starts, params.yaml
is checked whole, and the parameters against the notebook's parameters cell: an unknown, missing or mistyped one
ends the run. The kernel works in the project's root. The executed notebook goes to reports/runs/, normalised; where
`data.source` is one of made-up data, it begins with a notice that says so. A cell that shows more than a megabyte
fails the stage: executed notebooks are kept in every version, and read in browsers.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import nbformat

from pipelines.normalise import normalise
from pipelines.notebook_parameters import check_parameters, declared_parameters
from pipelines.params import Params, load_params, value_at
from recs_core.data.arrays import replacing_file
from recs_core.data.sources.registry import NOTICE, is_synthetic
from recs_core.errors import BookverseError

RUNS = Path("reports/runs")

MOST_SHOWN = 1_000_000
"""Bytes that the outputs of one cell may take in an executed notebook."""

PINNED = {
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "OPENBLAS_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
}
"""The kernel's environment where it would change bytes."""


class StageError(BookverseError):
    """A cell of a stage's notebook failed, or showed too much."""


def run_notebook(
    notebook: Path, run: str, parameters: dict[str, Any], *, root: Path, notice: str | None = None
) -> Path:
    """Execute a notebook and write it, normalised, to `reports/runs/<run>.ipynb`.

    Args:
        notebook: the notebook, relative to `root`.
        run: the name of this run of it.
        parameters: all of the notebook's parameters.
        root: the project's root: the kernel's working directory.
        notice: what a reader of the executed notebook must know first.

    Raises:
        ParameterError: the parameters are not those that the notebook declares; no kernel was started.
        StageError: a cell failed, or shows more than `MOST_SHOWN`; names the cell, what is wrong, and where the
            notebook lies as far as it came.
    """
    source = nbformat.read(root / notebook, as_version=4)
    check_parameters(declared_parameters(source, name=str(notebook)), parameters, name=str(notebook))
    # imported after the checks: papermill takes a second that a wrong parameter need not wait for
    import papermill
    from papermill.exceptions import PapermillExecutionError
    from traitlets.config import Config

    os.environ.update(PINNED | {"BOOKVERSE_PROGRESS": "terminal" if sys.stderr.isatty() else "off"})
    # its own reading of the parameters cell fails on a default of several lines; ours, above, is the one that counts
    logging.getLogger("papermill.translators").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory() as scratch:
        executed = Path(scratch) / "executed.ipynb"
        try:
            papermill.execute_notebook(
                str(root / notebook),
                str(executed),
                parameters=parameters,
                cwd=str(root),
                progress_bar=False,
                # what a stage says while it works; it does not stay in the notebook
                stderr_file=sys.stderr,
                # sockets in files of this user instead of TCP ports that anyone on the machine may read
                config=Config({"KernelManager": {"transport": "ipc"}}),
                # a kernel that is told to end between two messages calls that an error
                extra_arguments=["--IPKernelApp.log_level=CRITICAL"],
            )
        except PapermillExecutionError as error:
            kept = _keep_aside(executed, run, root)
            raise StageError(
                f"{notebook}, cell {error.cell_index}: {error.ename}: {error.evalue}\n"
                f"The notebook as far as it came is {kept}."
            ) from None
        result = nbformat.read(executed, as_version=4)
        for place, shown in enumerate(_bytes_shown(result)):
            if shown > MOST_SHOWN:
                kept = _keep_aside(executed, run, root)
                raise StageError(
                    f"{notebook}, cell {place}: its output takes {shown / 1e6:.1f} MB, and {MOST_SHOWN / 1e6:.0f} MB "
                    f"may be shown: show a part, or write it to a file\n"
                    f"The cell begins with: {result.cells[place].source.strip().splitlines()[0]}\n"
                    f"The notebook with all of it is {kept}."
                )
    if notice is not None:
        result.cells.insert(0, nbformat.v4.new_markdown_cell(f"> **{notice}**"))
    result = normalise(result, root=root)
    target = root / RUNS / f"{run}.ipynb"
    with replacing_file(target) as temporary:
        nbformat.write(result, temporary)
    return target


def _bytes_shown(notebook: nbformat.NotebookNode) -> list[int]:
    """What the outputs of each cell take in the file; what goes to stderr does not stay in it."""
    shown = []
    for cell in notebook.cells:
        kept = [output for output in cell.get("outputs", []) if output.get("name") != "stderr"]
        shown.append(len(json.dumps(kept, ensure_ascii=False).encode()))
    return shown


def _keep_aside(executed: Path, run: str, root: Path) -> Path:
    """Put a notebook that failed where a person can look at it; returns its path from the root."""
    kept = RUNS / "failed" / f"{run}.ipynb"
    (root / kept).parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(executed, root / kept)
    return kept


def command_line() -> argparse.ArgumentParser:
    """What the command line takes."""
    parser = argparse.ArgumentParser(
        prog="python -m pipelines.run_notebook",
        description="Run one notebook as a pipeline stage, with strict parameters.",
    )
    parser.add_argument("notebook", type=Path, help="the notebook, from the project's root")
    parser.add_argument("--run", required=True, help="the run's name: reports/runs/<RUN>.ipynb is written")
    parser.add_argument("-p", action=_Pairs, dest="literal", metavar="NAME=TEXT", help="a string parameter")
    parser.add_argument(
        "-P", action=_Pairs, dest="looked_up", metavar="NAME=KEY", help="a key of params.yaml"
    )
    return parser


def parameters_of(options: argparse.Namespace, params: Params) -> dict[str, Any]:
    """The notebook's parameters that a command line asks for.

    Raises:
        ParameterError: params.yaml has no such key.
    """
    looked_up = {name: value_at(params, key) for name, key in (options.looked_up or {}).items()}
    return dict(options.literal or {}) | looked_up


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit status."""
    options = command_line().parse_args(arguments)
    started = time.monotonic()
    try:
        params = load_params()
        notice = NOTICE if is_synthetic(params.data.source) else None
        parameters = parameters_of(options, params)
        run_notebook(options.notebook, options.run, parameters, root=Path.cwd(), notice=notice)
    except BookverseError as error:
        print(f"{options.run} failed: {error}", file=sys.stderr)
        return 1
    print(f"{options.run}: done in {time.monotonic() - started:.1f} s")
    return 0


class _Pairs(argparse.Action):
    """Collects NAME=VALUE arguments into a dictionary; a name given twice is an error."""

    def __call__(
        self, parser: argparse.ArgumentParser, options: argparse.Namespace, text: Any, flag: str | None = None
    ) -> None:
        name, separator, value = text.partition("=")
        pairs = getattr(options, self.dest) or {}
        if not separator or name in pairs:
            parser.error(f"{flag} {text}: not NAME=VALUE, or the name was given before")
        setattr(options, self.dest, pairs | {name: value})


if __name__ == "__main__":
    sys.exit(main())
