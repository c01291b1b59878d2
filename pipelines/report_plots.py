"""The plots of the report, as SVG that takes the page's colours and has the same bytes each time."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from typing import Any

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

INK = "#010203"
"""Stands for the colour of the text, which the page decides."""
MARK, SOFT = "#3b6fb6", "#9aa5b8"
COLOURS = ("#3b6fb6", "#c8702a", "#3f8f5f", "#a4476b", "#7a63b5", "#8c7a2e", "#4a9aa8", "#b0524a")

STYLE: dict[Any, Any] = {
    "svg.hashsalt": "bookverse",
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 10,
    "text.color": INK,
    "axes.edgecolor": SOFT,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def _svg(figure: Figure, label: str) -> str:
    """The figure as an element with a text for those who cannot see it."""
    written = io.StringIO()
    figure.savefig(written, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    svg = written.getvalue()
    svg = svg[svg.index("<svg") :].replace(INK, "currentColor")
    # the page sizes it; and what names a schema by its address is not needed in HTML
    svg = re.sub(r'(width|height)="[\d.]+pt" ', "", svg, count=2)
    svg = re.sub(r' xmlns(:xlink)?="[^"]*"', "", svg)
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL).replace("xlink:href", "href")
    # a prefix of its own: names of one plot must not reach into another
    prefix = re.sub(r"\W+", "-", label.lower())
    svg = re.sub(r'id="([^"]+)"', rf'id="{prefix}-\1"', svg)
    svg = re.sub(r'href="#([^"]+)"', rf'href="#{prefix}-\1"', svg)
    svg = re.sub(r"url\(#([^)]+)\)", rf"url(#{prefix}-\1)", svg)
    return svg.replace("<svg", f'<svg role="img" aria-label="{label}"', 1)


def _axes(width: float, height: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots()


def accuracy_bars(board: pd.DataFrame, metric: str, best: str) -> str:
    """Bars of all models, best on top, with intervals."""
    with mpl.rc_context(STYLE):
        figure, axes = _axes(5, 0.7 + 0.32 * len(board))
        turned = board[::-1]
        means = turned[metric].to_numpy()
        low = (means - turned[f"{metric} low"].fillna(turned[metric])).clip(lower=0)
        high = (turned[f"{metric} high"].fillna(turned[metric]) - means).clip(lower=0)
        names = [str(model) for model in turned.index]
        axes.barh(names, means, color=[MARK if name == best else SOFT for name in names])
        axes.errorbar(means, names, xerr=[low, high], fmt="none", ecolor=INK, elinewidth=1, capsize=2)
        axes.tick_params(axis="y", length=0)
        return _svg(figure, "accuracy of each model with its interval")


def scatter(x: pd.Series, y: pd.Series, x_label: str, y_label: str) -> str:
    """Models by two numbers, each with its name."""
    with mpl.rc_context(STYLE):
        figure, axes = _axes(5, 3.4)
        axes.scatter(x, y.loc[x.index], color=MARK, s=36)
        for model in x.index:
            place = (float(x[model]), float(y[model]))
            axes.annotate(
                str(model), place, xytext=(0, 7), textcoords="offset points", ha="center", fontsize=9
            )
        axes.set(xlabel=x_label, ylabel=y_label)
        axes.margins(0.16)
        axes.set_ylim(bottom=0)
        return _svg(figure, f"{y_label} against {x_label} of each model")


def lines_at_k(at_k: pd.DataFrame, models: Sequence[str]) -> str:
    """NDCG of each model at each cut-off."""
    with mpl.rc_context(STYLE):
        figure, axes = _axes(5, 3.4)
        for place, model in enumerate(models):
            of_model = at_k[at_k["model"] == model].sort_values("k")
            axes.plot(of_model["k"], of_model["ndcg"], marker="o", color=_colour(place), label=model)
        axes.set(xlabel="k", ylabel="NDCG at k", xticks=sorted(at_k["k"].unique()))
        axes.set_ylim(bottom=0)
        axes.legend(fontsize=8, frameon=False, ncols=2, loc="upper left", bbox_to_anchor=(0, -0.18))
        return _svg(figure, "NDCG of each model at each cut-off")


def cohort_bars(cohorts: pd.DataFrame, models: Sequence[str]) -> str:
    """The models' accuracy in each cohort."""
    with mpl.rc_context(STYLE):
        figure, axes = _axes(10.6, 3.4)
        table = cohorts[cohorts["users"] > 0].reset_index()
        names = list(dict.fromkeys(table["cohort"]))
        wide = table.pivot(index="cohort", columns="model", values="mean").reindex(
            index=names, columns=list(models)
        )
        width = 0.84 / len(models)
        for place, model in enumerate(models):
            left = [at + (place - (len(models) - 1) / 2) * width for at in range(len(names))]
            axes.bar(left, wide[model].fillna(0), width, color=_colour(place), label=model)
        counts = table.groupby("cohort")["users"].max()
        axes.set_xticks(range(len(names)), [f"{name}\n{counts[name]:,} readers" for name in names])
        axes.tick_params(axis="x", length=0)
        axes.legend(
            fontsize=8, frameon=False, ncols=min(len(models), 8), loc="lower right", bbox_to_anchor=(1, 1)
        )
        return _svg(figure, "accuracy of each model in each cohort")


def _colour(place: int) -> str:
    return COLOURS[place % len(COLOURS)]
