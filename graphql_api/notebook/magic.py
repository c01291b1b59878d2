"""The magics `%recommend` and `%%recommend`."""

from __future__ import annotations

import argparse
import shlex
from pathlib import Path
from typing import Any, NoReturn, Protocol

from graphql_api.notebook.workbench import BUNDLE, Answered, Workbench
from recs_core.errors import ParameterError

HELP = """\
%recommend READER [--first 10]         the best books for a reader, and why
%%recommend [--variables NAME]         a GraphQL document in the cell, answered as the server would;
                                       NAME is a dict in the notebook with its variables
both: [--bundle FOLDER]                a bundle other than data/bundle
"""


class Shell(Protocol):
    """What of IPython's shell is used."""

    user_ns: dict[str, Any]

    def register_magic_function(self, func: Any, magic_kind: str, magic_name: str) -> None:
        """Make a function a magic."""


class _Parser(argparse.ArgumentParser):
    """Says what is wrong by an exception: a notebook must not end."""

    def error(self, message: str) -> NoReturn:
        raise ParameterError(f"%recommend: {message}\n{HELP}")


class RecommendMagic:
    """Keeps a bundle open between cells, and opens it again when it was made anew.

    Args:
        shell: whose names variables are taken from.
    """

    def __init__(self, shell: Shell) -> None:
        self._shell = shell
        self._open: dict[Path, tuple[int, Workbench]] = {}

    def __call__(self, line: str, cell: str | None = None) -> Answered:
        """Run the magic; see `HELP`.

        Raises:
            ParameterError: the line is not as `HELP` has it, or the variables are not there.
        """
        parser = _Parser(add_help=False)
        parser.add_argument("--bundle", type=Path, default=BUNDLE)
        if cell is None:
            parser.add_argument("reader")
            parser.add_argument("--first", type=int, default=10)
            options = parser.parse_args(shlex.split(line))
            return self._workbench(options.bundle).recommend(options.reader, first=options.first)
        parser.add_argument("--variables")
        options = parser.parse_args(shlex.split(line))
        return self._workbench(options.bundle).ask(cell, self._variables(options.variables))

    def _variables(self, name: str | None) -> dict[str, Any]:
        if name is None:
            return {}
        value = self._shell.user_ns.get(name)
        if not isinstance(value, dict):
            raise ParameterError(
                f"%%recommend: --variables {name}: there is no dict of this name in the notebook"
            )
        return value

    def _workbench(self, bundle: Path) -> Workbench:
        # the inode of the folder: a bundle is replaced whole
        place = bundle.resolve()
        made = place.stat().st_ino if place.exists() else 0
        known = self._open.get(place)
        if known is None or known[0] != made:
            self._open[place] = known = (made, Workbench(place))
        return known[1]


def load_ipython_extension(shell: Shell) -> None:
    """IPython's hook for `%load_ext graphql_api.notebook`."""
    shell.register_magic_function(RecommendMagic(shell), "line_cell", "recommend")
