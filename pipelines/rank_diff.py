"""What changed in the lists between two states, for whom, and why.

    python -m pipelines.rank_diff HEAD~1 workspace
    python -m pipelines.rank_diff data/published/0123456789abcdef data/bundle --k 10

notebooks/12_rank_diff.ipynb shows the same with plots.

A state is "workspace" (what the last `dvc repro` made), a git revision whose lists are in DVC's cache, or the folder
of a bundle, which is asked for the lists of its own readers.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipelines.causes import causes
from pipelines.list_changes import Changes, compare_lists
from pipelines.states import State, load_state
from recs_core.data.cohorts import user_cohorts
from recs_core.data.idmap import PAD
from recs_core.errors import BookverseError

SHOWN = 10
"""Readers and books that are named."""

SAME = 1 - 1e-9
"""Rank-biased overlap above which two lists are the same."""

console = Console(highlight=False, soft_wrap=True)


def cohort_table(found: Changes) -> pd.DataFrame:
    """By cohort of readers: how many, mean overlap and RBO, and the share whose lists are the same."""
    readers = found.readers
    masks = {"all": np.ones(len(readers), dtype=np.bool_)} | user_cohorts(readers["history"].to_numpy())
    rows = {
        name: {
            "readers": int(mask.sum()),
            "overlap": readers.loc[mask, "overlap"].mean(),
            "rbo": readers.loc[mask, "rbo"].mean(),
            "unchanged": (readers.loc[mask, "rbo"] > SAME).mean(),
        }
        for name, mask in masks.items()
        if mask.any()
    }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("cohort")


def reader_table(found: Changes) -> pd.DataFrame:
    """The readers whose lists changed most; none whose list is the same."""
    changed = found.readers[found.readers["rbo"] <= SAME]
    return changed.sort_values("rbo", kind="stable").head(SHOWN)


def book_table(found: Changes, before: State, after: State) -> pd.DataFrame:
    """The books that are listed most more or less often than before, with their titles."""
    books = found.books.assign(change=found.books["after"] - found.books["before"])
    order = books["change"].abs().sort_values(ascending=False, kind="stable").index[:SHOWN]
    return books.loc[order].assign(title=[_title(str(book_id), after, before) for book_id in order])


def _title(book_id: str, *states: State) -> str:
    for state in states:
        row = state.lists.books.row(book_id)
        if row != PAD:
            return state.catalogue.record(row).title
    return ""


def as_json(found: Changes, before: State, after: State, model: str) -> str:
    """Everything that is shown, for other programs."""
    facts = {
        "cohorts": cohort_table(found).to_dict("index"),
        "causes": [asdict(cause) for cause in causes(before, after, model)],
        "readers": reader_table(found).to_dict("index"),
        "books": book_table(found, before, after).to_dict("index"),
        "gone": found.gone,
        "new": found.new,
    }
    return json.dumps(facts, indent=2, ensure_ascii=False, default=int)


def _show(found: Changes, before: State, after: State, model: str) -> None:
    _print(cohort_table(found), f"lists of {before.name} and {after.name}")
    if found.gone or found.new:
        console.print(f"{found.gone} readers are gone, {found.new} are new")
    changed = reader_table(found)
    if changed.empty:
        console.print("no list is another; what is:")
    else:
        _print(changed, "readers whose lists changed most")
        _print(book_table(found, before, after), "books that are listed more or less often")
        console.print("[bold]because of[/]")
    for told in [str(cause) for cause in causes(before, after, model)] or [_no_cause(before, after)]:
        console.print(f"  {escape(told)}")


def _no_cause(before: State, after: State) -> str:
    if (before.lock is None) != (after.lock is None):
        return "a bundle beside a revision: no common record to compare"
    return "nothing: what the lists are made of is the same"


def _print(frame: pd.DataFrame, title: str) -> None:
    shown = Table(str(frame.index.name), *map(str, frame.columns), title=title, title_justify="left")
    for name, row in frame.iterrows():
        shown.add_row(escape(str(name)), *(escape(_in_words(value)) for value in row))
    console.print(shown)


def _in_words(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.0f}" if value.is_integer() else f"{value:.3f}"
    return str(value)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m pipelines.rank_diff",
        description="What changed in the lists between two states, for whom, and why.",
        epilog="A state is 'workspace', a git revision, or the folder of a bundle.",
    )
    parser.add_argument("before", help="a state")
    parser.add_argument("after", nargs="?", default="workspace", help="another (default: %(default)s)")
    parser.add_argument("--model", default="hybrid", help="of params.yaml (default: %(default)s)")
    parser.add_argument(
        "--k", type=int, default=10, help="how much of each list counts (default: %(default)s)"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args(arguments)
    try:
        with tempfile.TemporaryDirectory(prefix="bookverse-rank-diff-") as scratch:
            before, after = (
                load_state(name, options.model, k=options.k, scratch=Path(scratch))
                for name in (options.before, options.after)
            )
            found = compare_lists(before.lists, after.lists, k=options.k)
            if options.json:
                sys.stdout.write(as_json(found, before, after, options.model) + "\n")
            else:
                _show(found, before, after, options.model)
    except BookverseError as error:
        console.print(f"[red]rank_diff failed:[/] {escape(str(error))}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
