"""Several models side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd


def leaderboard(
    evaluations: Mapping[str, Sequence[Mapping[str, Any]]], *, sort_by: str, source: str, synthetic: bool
) -> pd.DataFrame:
    """One row a model, best first: a column `data`, then one column a metric and cut-off ("ndcg@10").

    Args:
        evaluations: model name to the estimates of `evaluate`, as dictionaries.
        sort_by: the column that orders the rows.
        source: the name of the data source, which the column `data` holds.
        synthetic: whether the data is made up; the column says so.
    """
    rows = {
        model: {f"{e['metric']}@{e['k']}": e["mean"] for e in estimates}
        for model, estimates in evaluations.items()
    }
    board = pd.DataFrame(rows).T.rename_axis("model").sort_values(sort_by, ascending=False, kind="stable")
    board.insert(0, "data", f"{source} (synthetic)" if synthetic else source)
    return board


def long_table(evaluations: Mapping[str, Sequence[Mapping[str, Any]]]) -> pd.DataFrame:
    """One row a model, metric and cut-off, with interval: what the plots are drawn from."""
    return pd.concat(
        [pd.DataFrame(estimates).assign(model=model) for model, estimates in evaluations.items()],
        ignore_index=True,
    )[["model", "metric", "k", "mean", "low", "high", "users"]]
