"""Several models side by side: the tables that reports and plots are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from recs_core.evaluation.comparisons import ALIKE, BETTER, WORSE, verdict_on
from recs_core.evaluation.evaluate import EVERYBODY

Estimates = Sequence[Mapping[str, Any]]
"""Of one model, as `Estimate.as_dict` has them."""


def estimates_table(evaluations: Mapping[str, Estimates]) -> pd.DataFrame:
    """One row an estimate: model, metric, k, cohort, mean, low, high, users; and `name`, such as "ndcg@10"."""
    table = pd.concat(
        [pd.DataFrame(estimates).assign(model=model) for model, estimates in evaluations.items()],
        ignore_index=True,
    )
    table["name"] = table["metric"] + "@" + table["k"].astype(str)
    return table[["model", "name", "metric", "k", "cohort", "mean", "low", "high", "users"]]


def leaderboard(
    estimates: pd.DataFrame,
    comparisons: pd.DataFrame,
    *,
    compared: Sequence[str],
    shown: Sequence[str],
    source: str,
    synthetic: bool,
) -> pd.DataFrame:
    """One row a model, best first, and how sure it is that the best is better.

    Args:
        estimates: see `estimates_table`.
        comparisons: see `recs_core.evaluation.comparisons.compare_models`.
        compared: names of metrics such as "ndcg@10", each with its interval; the first orders the rows.
        shown: further ones, without interval.
        source: the name of the data source, which the column `data` holds.
        synthetic: whether the data is made up; the column says so.

    Returns:
        `data`, then `<name>`, `<name> low`, `<name> high` of the compared metrics, the shown ones, and `verdict`:
        what the model is to that of the highest mean by the first metric, which itself is "best" only where all
        others are worse.
    """
    first = compared[0]
    of_all = estimates[estimates["cohort"] == EVERYBODY].set_index(["model", "name"])
    means = of_all["mean"].unstack("name")
    board = means[[first]].sort_values(first, ascending=False, kind="stable")
    best = board.index[0]
    for name in compared:
        board[name] = means[name]
        for bound in ("low", "high"):
            board[f"{name} {bound}"] = of_all[bound].unstack("name")[name]
    for name in shown:
        board[name] = means[name]
    board.insert(0, "data", f"{source} (synthetic)" if synthetic else source)
    verdicts = {model: verdict_on(comparisons, model, best, first) for model in board.index[1:]}
    claimed = "best" if all(verdict == WORSE for verdict in verdicts.values()) else "highest mean"
    board["verdict"] = [claimed, *(_in_words(verdict, best) for verdict in verdicts.values())]
    return board.rename_axis("model").rename_axis(None, axis="columns")


def _in_words(verdict: str, best: str) -> str:
    return {
        ALIKE: f"not distinguishable from {best}",
        WORSE: f"worse than {best}",
        # the best by the mean of all users can be no worse on those for whom both have a value, but say what is found
        BETTER: f"better than {best}",
    }[verdict]
