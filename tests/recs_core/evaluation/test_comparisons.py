from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recs_core.evaluation.comparisons import (
    ALIKE,
    ALPHA,
    BETTER,
    WORSE,
    compare_cohorts,
    compare_models,
    holm,
    sign_flip_p,
    verdict_on,
)


def rng(seed: int = 7) -> np.random.Generator:
    return np.random.default_rng(seed)


@settings(max_examples=25)
@given(st.lists(st.sampled_from([0.0, 0.5, -0.5, 1.0, 0.3]), min_size=1, max_size=10))
def test_p_is_the_share_of_all_signs_that_reach_the_difference(differences: list[float]) -> None:
    values = np.array(differences)
    sums = [abs(np.dot(signs, values)) for signs in product([-1, 1], repeat=values.size)]
    exact = np.mean([one >= abs(values.sum()) - 1e-12 for one in sums])
    found = sign_flip_p(values[:, None], permutations=4_000, rng=rng())[0]
    assert abs(found - exact) < 0.04


def test_holm_is_the_published_procedure() -> None:
    # 4 p-values: the smallest by 4, the next by 3, and none below one before it
    found = holm(np.array([0.01, 0.04, 0.03, 0.005]))
    np.testing.assert_allclose(found, [0.03, 0.06, 0.06, 0.02])
    assert holm(np.array([0.9, 0.8])).tolist() == [1, 1]


def compared(**models: np.ndarray) -> dict[str, dict[str, np.ndarray]]:
    return {name: {"ndcg@10": values} for name, values in models.items()}


def test_what_is_clear_is_said_and_what_is_not_is_not() -> None:
    base = rng().random(300)
    models = compared(a=base, b=base + 0.1 * rng(1).random(300), c=base + 0.001 * rng(2).normal(size=300))
    table = compare_models(models, ["ndcg@10"], permutations=2_000, resamples=200, rng=rng())
    assert table[["model", "baseline"]].to_numpy().tolist() == [["a", "b"], ["a", "c"], ["b", "c"]]
    assert table["verdict"].tolist() == [WORSE, ALIKE, BETTER]
    assert (table["low"] <= table["difference"]).all()
    assert (table["difference"] <= table["high"]).all()
    assert (table["p"] <= table["p_adjusted"]).all()
    assert verdict_on(table, "b", "a", "ndcg@10") == BETTER
    assert verdict_on(table, "a", "b", "ndcg@10") == WORSE
    assert verdict_on(table, "c", "a", "ndcg@10") == ALIKE


def test_only_users_for_whom_all_models_have_a_value_are_compared() -> None:
    a = np.array([np.nan, 1.0, 0.0, 1.0])
    table = compare_models(
        compared(a=a, b=np.array([5.0, 1.0, 0.5, 0.0])),
        ["ndcg@10"],
        permutations=100,
        resamples=100,
        rng=rng(),
    )
    assert table["difference"].tolist() == [pytest.approx(0.5 / 3)]


def of_three_cohorts() -> dict[str, dict[str, dict[str, np.ndarray]]]:
    """Of four models, which differ for the first 100 users alone, and by 0.1 each; of rare books nobody has one."""
    base, first, none = rng().random(300), np.arange(300) < 100, np.full(300, np.nan)
    values = {model: base + 0.1 * place * first for place, model in enumerate("abcd")}
    few = {model: np.where(first, of_users, np.nan) for model, of_users in values.items()}
    rest = {model: np.where(first, np.nan, of_users) for model, of_users in values.items()}
    return {
        "all": compared(**values),
        "first": compared(**few),
        "rest": compared(**rest),
        "nobody": compared(**dict.fromkeys("abcd", none)),
    }


def test_each_cohort_has_its_own_verdicts_and_one_without_users_has_none() -> None:
    cohorts = of_three_cohorts()
    table = compare_cohorts(cohorts, ["ndcg@10"], permutations=500, resamples=100, rng=rng())
    assert table.groupby("cohort", sort=False)["users"].unique().map(list).to_dict() == {
        "all": [300],
        "first": [100],
        "rest": [200],
    }
    verdicts = table.groupby("cohort")["verdict"].unique().map(list).to_dict()
    assert verdicts == {"all": [WORSE], "first": [WORSE], "rest": [ALIKE]}
    # what is true of a cohort is not said of all
    assert verdict_on(table[::-1], "a", "b", "ndcg@10") == WORSE


def test_the_tests_of_one_cohort_are_corrected_for_their_number_and_not_for_that_of_the_cohorts() -> None:
    table = compare_cohorts(
        of_three_cohorts(), ["ndcg@10"], permutations=500, resamples=100, rng=rng()
    ).set_index("cohort")
    # six pairs, and the least p of 500 permutations for each: Holm multiplies the first by six, the others follow
    np.testing.assert_allclose(table.loc["first", "p"], 1 / 501)
    np.testing.assert_allclose(table.loc["first", "p_adjusted"], 6 / 501)


def test_a_cohort_of_books_is_not_compared_by_what_it_does_not_have() -> None:
    everybody = {model: {"ndcg@10": rng(seed).random(40)} for seed, model in enumerate("ab")}
    with_novelty = {
        model: of_users | {"novelty@10": of_users["ndcg@10"]} for model, of_users in everybody.items()
    }
    table = compare_cohorts(
        {"all": with_novelty, "head": everybody},
        ["ndcg@10", "novelty@10"],
        permutations=100,
        resamples=100,
        rng=rng(),
    )
    assert table[["cohort", "metric"]].to_numpy().tolist() == [
        ["all", "ndcg@10"],
        ["all", "novelty@10"],
        ["head", "ndcg@10"],
    ]


def test_further_cohorts_do_not_change_the_numbers_of_all() -> None:
    cohorts = of_three_cohorts()
    asked = {"permutations": 200, "resamples": 100}
    alone = compare_models(cohorts["all"], ["ndcg@10"], **asked, rng=rng())
    beside = compare_cohorts(cohorts, ["ndcg@10"], **asked, rng=rng())
    assert beside[beside["cohort"] == "all"].equals(alone)


def test_one_model_is_compared_with_nothing() -> None:
    table = compare_models(compared(a=np.ones(3)), ["ndcg@10"], permutations=100, resamples=100, rng=rng())
    assert table.empty


def test_equal_models_are_never_told_apart() -> None:
    values = rng().random(50)
    table = compare_models(
        compared(a=values, b=values.copy()), ["ndcg@10"], permutations=500, resamples=100, rng=rng()
    )
    assert table["p"].tolist() == [1.0]
    assert table["verdict"].tolist() == [ALIKE]


def test_models_that_do_not_differ_are_told_apart_at_about_the_nominal_rate() -> None:
    # an A/A check: two models of the same quality, 200 times
    rejected = 0
    for seed in range(200):
        first, second = (rng(seed * 2 + side).random(150) < 0.3 for side in (0, 1))
        difference = first.astype(np.float64) - second
        rejected += sign_flip_p(difference[:, None], permutations=500, rng=rng(seed))[0] < ALPHA
    # of 200 with a chance of 0.05 each; outside of 3 to 19 is less likely than 1 in 500
    assert 3 <= rejected <= 19


def test_a_family_of_models_that_do_not_differ_has_a_false_claim_in_few_of_100_runs() -> None:
    claims = 0
    for seed in range(100):
        drawn = rng(seed).random((4, 100))
        models = compared(**dict(zip("abcd", drawn, strict=True)))
        table = compare_models(models, ["ndcg@10"], permutations=300, resamples=20, rng=rng(seed))
        claims += (table["verdict"] != ALIKE).any()
    assert claims <= 11
