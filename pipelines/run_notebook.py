"""Run one notebook as a pipeline stage: papermill, but strict.

    python -m pipelines.run_notebook notebooks/04_train.ipynb --run train-als -p model=als -P spec=models.als

`-p NAME=TEXT` gives a string, `-P NAME=KEY` the value at a key of params.yaml. Before a kernel starts, params.yaml
is checked whole, and the parameters against the notebook's parameters cell: an unknown, missing or mistyped one
ends the run. The kernel works in the project's root. The executed notebook goes to reports/runs/, normalised; where
`data.source` is one of made-up data, it begins with a notice that says so.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import nbformat

from pipelines.normalise import normalise
from pipelines.notebook_parameters import check_parameters, declared_parameters
from pipelines.params import load_params, value_at
from recs_core.data.arrays import replacing_file
from recs_core.data.sources.registry import NOTICE, is_synthetic
from recs_core.errors import BookverseError

RUNS = Path("reports/runs")

PINNED = {
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    "OPENBLAS_NUM_THREADS": "1",
    "PYTHONHASHSEED": "0",
}
"""The kernel's environment where it would change bytes."""


class StageError(BookverseError):
    """A cell of a stage's notebook failed."""


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
        StageError: a cell failed; names the cell, the error, and where the notebook lies as far as it came.
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
            kept = root / RUNS / "failed" / f"{run}.ipynb"
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_bytes(executed.read_bytes())
            raise StageError(
                f"{notebook}, cell {error.cell_index}: {error.ename}: {error.evalue}\n"
                f"The notebook as far as it came is {kept.relative_to(root)}."
            ) from None
        result = nbformat.read(executed, as_version=4)
    if notice is not None:
        result.cells.insert(0, nbformat.v4.new_markdown_cell(f"> **{notice}**"))
    result = normalise(result, root=root)
    target = root / RUNS / f"{run}.ipynb"
    with replacing_file(target) as temporary:
        nbformat.write(result, temporary)
    return target


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit status."""
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
    options = parser.parse_args(arguments)
    started = time.monotonic()
    try:
        params = load_params()
        parameters: dict[str, Any] = dict(options.literal or {})
        parameters |= {name: value_at(params, key) for name, key in (options.looked_up or {}).items()}
        notice = NOTICE if is_synthetic(params.data.source) else None
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
