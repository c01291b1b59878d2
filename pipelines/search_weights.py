"""Search of a hybrid: components as they were tuned before, and weights that are learned on the validation part."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from pipelines.search import Search, SearchData, Trial, run_trial
from pipelines.tuning_params import SearchParams
from recs_core.evaluation.judge import ValidationJudge
from recs_core.models.hybrid import Component, Hybrid, HybridConfig
from recs_core.models.hybrid_weights import learn_weights
from recs_core.models.registry import ModelSpec

WEIGHT_TRIALS = 300
"""Weights tried at most; a trial takes no fit, only a sum of scores that are at hand."""


def search_weights(
    name: str,
    spec: ModelSpec,
    tuned: Mapping[str, ModelSpec],
    data: SearchData,
    search: SearchParams,
    *,
    seed: int,
) -> Search:
    """Try the present hybrid, then one of tuned components with learned weights.

    Args:
        name: for messages.
        spec: the present configuration.
        tuned: kind to what was found for it; other components stay as they are.
        data: what is fitted on and judged by.
        search: by which metric.
        seed: of the fits; learning weights has no chance in it.

    Returns:
        Two trials, and all weights that were tried. A component whose weight came to be 0 is left out.
    """
    trials: list[Trial] = [run_trial(spec, data, search, where=name, seed=seed)]
    present = HybridConfig.model_validate(spec.config)
    components = {
        key: Component(
            kind=one.kind,
            config=tuned[one.kind].config if one.kind in tuned else one.config,
            weight=one.weight,
        )
        for key, one in present.components.items()
    }
    hybrid = Hybrid(HybridConfig(components=components, cold_start=present.cold_start))
    hybrid.fit(data.train, data.features, rng=np.random.default_rng(seed))
    judge = ValidationJudge(data.validation.matrix, search.metric, search.k)
    learned = learn_weights(hybrid, data.known.matrix, judge, max_trials=WEIGHT_TRIALS)
    weighed = {
        key: one.model_dump() | {"weight": learned.weights[key]}
        for key, one in components.items()
        if learned.weights[key] > 0
    }
    found = ModelSpec(kind=spec.kind, config=spec.config | {"components": weighed})
    trials.append(run_trial(found, data, search, where=name, seed=seed))
    goal = f"{search.metric}@{search.k}"
    tried = [{"weights": trial.weights, goal: round(trial.worth, 6)} for trial in learned.trials]
    return Search(spec.kind, goal, trials, tried)
