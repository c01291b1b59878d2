import re
from dataclasses import replace
from html import unescape
from typing import Any

import numpy as np
import pandas as pd
import pytest

from pipelines.report_page import Tables, page
from recs_core.evaluation.comparisons import COLUMNS

COHORTS = ["all", "cold", "medium", "heavy", "head", "torso", "tail"]


def tables(models: list[str], *, cohorts: list[str] = COHORTS, synthetic: bool = False) -> Tables:
    rng = np.random.default_rng(7)
    n = len(models)
    accuracy = np.sort(rng.random(n))[::-1]
    index = pd.Index(models, name="model")
    board = pd.DataFrame(
        {
            "data": "toy (synthetic)" if synthetic else "toy",
            "ndcg@10": accuracy,
            "ndcg@10 low": accuracy - 0.01,
            "ndcg@10 high": accuracy + 0.01,
            "coverage@20": rng.random(n),
            "average_popularity@20": rng.random(n) * 100,
            "verdict": ["best", *[f"worse than {models[0]}"] * (n - 1)],
        },
        index=index,
    )
    pairs = [(a, b) for place, a in enumerate(models) for b in models[place + 1 :]]
    comparisons = pd.DataFrame(
        [
            ["ndcg@10", cohort, a, b, 0.1, low, 0.15, 50, 0.001, 0.002, "better"]
            for cohort, low in (("all", 0.05), ("cold", np.nan))
            for a, b in pairs
        ],
        columns=list(COLUMNS),
    )
    of_cohorts = pd.DataFrame(
        [[model, cohort, 0.2, 0.1, 0.3, 50] for model in models for cohort in cohorts],
        columns=["model", "cohort", "mean", "low", "high", "users"],
    ).set_index("model")
    at_k = pd.DataFrame(
        [[m, k, 0.1, 0.2] for m in models for k in (5, 10)], columns=["model", "k", "ndcg", "recall"]
    )
    part = {
        "interactions": 9_000,
        "readers": 300,
        "books": 40,
        "median_books_per_reader": 3,
        "median_readers_per_book": 5,
        "density": 0.01,
    }
    data: dict[str, Any] = {
        "synthetic": synthetic,
        "kept": part,
        "learnt_from": part,
        "split": {"train": 7_000, "test": 2_000, "dropped": 0},
        "quarantine_share": 0.07,
    }
    sizes = pd.DataFrame({"accuracy": accuracy, "megabytes": rng.random(n)}, index=index)
    return Tables(board, comparisons, of_cohorts, at_k, sizes, data, seed=7)


def text(html: str) -> str:
    return unescape(re.sub(r"<[^>]+>", " ", re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL)))


@pytest.mark.parametrize("n", [1, 2, 12])
def test_every_number_of_the_leaderboard_is_on_the_page(n: int) -> None:
    given = tables([f"model_{place}" for place in range(n)])
    shown = text(page(given))
    for model, row in given.board.iterrows():
        assert str(model) in shown
        assert f"{row['ndcg@10']:.4f}" in shown
        assert f"{row['ndcg@10 low']:.4f} to {row['ndcg@10 high']:.4f}" in shown
        assert f"{row['coverage@20']:.4f}" in shown
        assert f"{row['average_popularity@20']:.1f}" in shown


def test_every_pair_is_on_the_page_with_its_cohort_and_interval() -> None:
    shown = " ".join(text(page(tables(["a", "b", "c"]))).split())
    assert "6 comparisons" in shown
    assert "ndcg@10 all a better than b +0.1000 +0.0500 to +0.1500 0.002" in shown
    assert "ndcg@10 cold a better than b +0.1000 no interval 0.002" in shown


def test_the_same_tables_make_the_same_bytes() -> None:
    assert page(tables(["a", "b"])) == page(tables(["a", "b"]))


def test_nothing_is_loaded_and_nothing_runs() -> None:
    html = page(tables(["a", "b", "c"]))
    assert not re.search(r"https?://|<script|<link|@import|<img", html)
    assert html.count("<svg") == 6
    assert html.count('role="img" aria-label=') == 6
    assert len(html) < 1_000_000


def test_names_within_one_plot_do_not_reach_into_another() -> None:
    html = page(tables(["a", "b"]))
    ids = re.findall(r' id="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r"(?:url\(|href=\")#([^)\"]+)", html)) <= set(ids)


def test_it_claims_no_more_than_the_verdicts() -> None:
    given = tables(["a", "b", "c"])
    assert "better than every other model" in text(page(given))
    board = given.board.copy()
    board.loc["b", "verdict"] = "not distinguishable from a"
    shown = text(page(replace(given, board=board)))
    assert "a leads, but cannot be told from b by ndcg@10" in shown
    assert "better than every other model" not in shown
    assert "it stands alone" in text(page(tables(["a"])))


def test_made_up_data_is_said_to_be_so() -> None:
    assert "The data is made up" in text(page(tables(["a", "b"], synthetic=True)))
    assert "The data is made up" not in text(page(tables(["a", "b"])))


def test_a_hostile_name_is_text() -> None:
    html = page(tables(["--><script>alert(1)</script>", 'b" onload="x']))
    assert "<script" not in html
    assert not re.search(r"<[^>]*\sonload=", html)


def test_without_cohorts_of_books_the_others_are_shown() -> None:
    shown = text(page(tables(["a", "b"], cohorts=["all", "cold"])))
    assert "cold" in shown
    assert "torso" not in shown
