"""One HTML page of what was compared, for a person who will not open Jupyter: no script, nothing loaded from the web.

The same tables make the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import pandas as pd

from pipelines.report_plots import accuracy_bars, cohort_bars, lines_at_k, scatter
from recs_core.evaluation.metrics import METRICS

STYLE = """\
:root{color-scheme:light dark;--ink:#1d2330;--soft:#5b6475;--line:#d9dde5;--page:#fff;--card:#f6f7f9;--mark:#3b6fb6}
@media(prefers-color-scheme:dark){:root{--ink:#e6e9ef;--soft:#a3abba;--line:#3a4150;--page:#171a21;--card:#20242d;
--mark:#7fa8e0}}
*{box-sizing:border-box}body{margin:0;background:var(--page);color:var(--ink);
font:16px/1.55 system-ui,-apple-system,"Segoe UI",sans-serif}
main{max-width:1040px;margin:0 auto;padding:2rem 1.2rem 4rem}h1{font-size:1.7rem;margin:0 0 .2rem}
h2{font-size:1.15rem;margin:2.4rem 0 .6rem}p{max-width:46rem}.soft{color:var(--soft)}
.notice{border-left:4px solid #c0392b;padding:.6rem 1rem;background:var(--card)}
.claim{font-size:1.1rem}.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:.92rem}
th,td{padding:.4rem .6rem;border-bottom:1px solid var(--line);text-align:right;white-space:nowrap}
th:first-child,td:first-child,.left{text-align:left}
td.words{white-space:normal;text-align:left;min-width:14rem}
thead th{color:var(--soft);font-weight:600}.interval{color:var(--soft);font-size:.85em}
.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,430px),1fr));gap:1rem}
figure{margin:0;padding:1rem;background:var(--card);border-radius:8px}figure.wide{grid-column:1/-1}
figcaption{font-weight:600;margin-bottom:.2rem}figure p{margin:.2rem 0 .6rem;font-size:.88rem;color:var(--soft)}
svg{width:100%;height:auto;color:var(--ink)}details{margin:1rem 0}summary{cursor:pointer;font-weight:600}
dt{font-weight:600}dd{margin:0 0 .5rem;color:var(--soft)}
code,pre{font-family:ui-monospace,Menlo,monospace;font-size:.9em}
pre{background:var(--card);padding:.8rem 1rem;border-radius:8px;overflow-x:auto}
@media print{main{max-width:none;padding:0}figure{break-inside:avoid}}"""


@dataclass(frozen=True)
class Tables:
    """What the page is made of: the tables that the stages `compare` and `data_report` wrote.

    Args:
        board: the leaderboard, by model.
        comparisons: every pair of models, for everybody and for each cohort.
        cohorts: by model: cohort, mean, low, high, users.
        at_k: model, k, ndcg, recall.
        sizes: by model: accuracy, megabytes.
        data: the data report.
        seed: of the pipeline.
    """

    board: pd.DataFrame
    comparisons: pd.DataFrame
    cohorts: pd.DataFrame
    at_k: pd.DataFrame
    sizes: pd.DataFrame
    data: Mapping[str, Any]
    seed: int

    @property
    def compared(self) -> list[str]:
        """The metrics with intervals, the first of which orders the leaderboard."""
        return [name.removesuffix(" low") for name in self.board.columns if name.endswith(" low")]

    @property
    def shown(self) -> list[str]:
        """The other metrics of the leaderboard."""
        bounds = {f"{name}{bound}" for name in self.compared for bound in ("", " low", " high")}
        return [name for name in self.board.columns if name not in bounds | {"data", "verdict"}]


def page(tables: Tables) -> str:
    """The whole page."""
    first = tables.compared[0]
    best = str(tables.board.index[0])
    notice = (
        '<p class="notice"><strong>The data is made up.</strong> Nothing on this page says how good any model is '
        "for readers.</p>"
        if tables.data["synthetic"]
        else ""
    )
    body = f"""
<h1>How the models compare</h1>
<p class="soft">{escape(str(tables.board["data"].iloc[0]))} · seed {tables.seed}</p>{notice}
<p class="claim">{escape(_claim(tables))}</p>
<h2>Leaderboard</h2>
<p class="soft">By {escape(first)} on the test part; below each mean its 95 % interval. What a model is to the best is
tested on the same readers, with a correction for the number of models.</p>
{_leaderboard(tables)}
<h2>Side by side</h2>
<div class="plots">{"".join(_figures(tables, best))}</div>
<h2>Every pair</h2>
<p class="soft">On the same readers, all of them and cohort by cohort; "p, adjusted" is corrected for the number of
pairs by one metric in one cohort.</p>
<details><summary>{len(tables.comparisons)} comparisons</summary>{_pairs(tables.comparisons)}</details>
<h2>The data</h2>{_data(tables.data)}
<h2>What the metrics mean</h2>{_glossary([*tables.compared, *tables.shown, "ndcg@", "recall@"])}
<h2>Do it again</h2>
<pre>make setup
dvc repro        # runs what is not up to date, this page included
make verify      # runs everything again, apart, and compares every byte</pre>"""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>How the models compare</title>'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<style>{STYLE}</style></head><body><main>{body}</main></body></html>\n"
    )


def _claim(tables: Tables) -> str:
    first, board = tables.compared[0], tables.board
    best = board.index[0]
    if len(board) == 1:
        return f"{best} has {first} {board[first].iloc[0]:.4f}; it stands alone."
    alike = [str(model) for model in board.index[1:] if board.loc[model, "verdict"].startswith("not")]
    if alike:
        return f"{best} leads, but cannot be told from {' and '.join(alike)} by {first} on this test part."
    second = board.index[1]
    more = board[first].iloc[0] / board[first].iloc[1] - 1 if board[first].iloc[1] > 0 else 0.0
    return f"{best} is the best by {first}: {more:.0%} above {second}, and better than every other model."


IN_WORDS = ("model", "is", "verdict")
"""Columns that are read from the left."""


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of cells that are HTML already, the first of each row its heading."""
    top = "".join(
        f'<th scope="col"{" class=left" if name in IN_WORDS else ""}>{escape(name)}</th>' for name in head
    )
    lines = "".join(f'<tr><th scope="row">{row[0]}</th>{"".join(row[1:])}</tr>' for row in rows)
    return f'<div class="scroll"><table><thead><tr>{top}</tr></thead><tbody>{lines}</tbody></table></div>'


def _leaderboard(tables: Tables) -> str:
    rows = []
    # one number of digits for a column: shares and the like are small, counts are not
    forms = {name: ".4f" if tables.board[name].abs().max() < 10 else ".1f" for name in tables.shown}
    for model, row in tables.board.iterrows():
        cells = [escape(str(model))]
        for name in tables.compared:
            interval = "no interval"
            if pd.notna(row[f"{name} low"]):
                interval = f"{row[f'{name} low']:.4f} to {row[f'{name} high']:.4f}"
            cells.append(f'<td>{row[name]:.4f}<br><span class="interval">{interval}</span></td>')
        cells += [f"<td>{row[name]:{forms[name]}}</td>" for name in tables.shown]
        cells.append(f'<td class="words">{escape(str(row["verdict"]))}</td>')
        rows.append(cells)
    return _table(["model", *tables.compared, *tables.shown, "verdict"], rows)


def _figures(tables: Tables, best: str) -> list[str]:
    first = tables.compared[0]
    found = [
        _figure("Accuracy", f"{first}, with 95 % interval", accuracy_bars(tables.board, first, best)),
        _figure(
            "At each length of list",
            "NDCG at k; the lists of all models, judged at each cut-off",
            lines_at_k(tables.at_k, list(map(str, tables.board.index))),
        ),
    ]
    axes = {
        "coverage": (
            "Accuracy and coverage",
            "the share of the catalogue that is ever recommended",
        ),
        "average_popularity": ("Accuracy and popularity", "how many readers a recommended book has"),
    }
    for name in tables.shown:
        if name.split("@")[0] in axes:
            title, text = axes[name.split("@")[0]]
            found.append(_figure(title, text, scatter(tables.board[name], tables.board[first], name, first)))
    text = "megabytes of the stored model, its cost to train, ship and keep; seconds differ from run to run"
    found.append(
        _figure(
            "Accuracy and size",
            text,
            scatter(tables.sizes["megabytes"], tables.sizes["accuracy"], "MB", first),
        )
    )
    text = f"{first} of readers by how much they have read, and with only popular, middling or rare books held out"
    found.append(
        _figure("Cohorts", text, cohort_bars(tables.cohorts, list(map(str, tables.board.index))), wide=True)
    )
    return found


def _figure(title: str, text: str, svg: str, *, wide: bool = False) -> str:
    kind = ' class="wide"' if wide else ""
    return f"<figure{kind}><figcaption>{escape(title)}</figcaption><p>{escape(text)}</p>{svg}</figure>"


def _pairs(comparisons: pd.DataFrame) -> str:
    rows = []
    for _, row in comparisons.iterrows():
        interval = f"{row['low']:+.4f} to {row['high']:+.4f}" if pd.notna(row["low"]) else "no interval"
        cells = [
            escape(str(row["metric"])),
            f'<td class="left">{escape(str(row["cohort"]))}</td>',
            f'<td class="left">{escape(str(row["model"]))}</td>',
            f'<td class="words">{escape(_verdict(str(row["verdict"]), str(row["baseline"])))}</td>',
            f'<td>{row["difference"]:+.4f}<br><span class="interval">{interval}</span></td>',
            f"<td>{row['p_adjusted']:.2g}</td>",
        ]
        rows.append(cells)
    return _table(["metric", "cohort", "model", "is", "difference", "p, adjusted"], rows)


def _verdict(verdict: str, baseline: str) -> str:
    return f"{verdict} {'from' if verdict.startswith('not') else 'than'} {baseline}"


def _data(data: Mapping[str, Any]) -> str:
    facts = {
        "interactions": "{:,}",
        "readers": "{:,}",
        "books": "{:,}",
        "median_books_per_reader": "{:,.0f}",
        "median_readers_per_book": "{:,.0f}",
        "density": "{:.4%}",
    }
    rows = [
        [
            name.replace("_", " "),
            *(f"<td>{form.format(data[part][name])}</td>" for part in ("kept", "learnt_from")),
        ]
        for name, form in facts.items()
    ]
    parts = data["split"]
    split = ", ".join(f"{name.replace('_', ' ')} {n:,}" for name, n in parts.items() if n)
    aside = f"{data['quarantine_share']:.1%} of the rows could not be used and were set aside, each with its reason."
    return (
        f"<p>{escape(aside)} Models learn from the k-core and are judged on it: {escape(split)} interactions.</p>"
        + _table(["", "all that was kept", "k-core"], rows)
    )


def _glossary(names: Sequence[str]) -> str:
    asked = dict.fromkeys(name.split("@")[0] for name in names)
    terms = [f"<dt>{escape(name)}</dt><dd>{escape(METRICS[name].definition)}</dd>" for name in asked]
    return f"<dl>{''.join(terms)}</dl>"
