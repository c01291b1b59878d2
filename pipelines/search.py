"""Search of a model's parameters, judged by the validation part alone.

Tree-structured Parzen estimator (Bergstra, Bardenet, Bengio and Kégl, "Algorithms for Hyper-Parameter Optimization",
NIPS 2011) as Optuna has it, seeded and in memory. The present configuration is the first trial, so what is chosen
is never worse than what was there.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pandas as pd
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from pipelines.tuning_params import FloatSpace, IntSpace, SearchParams, Space, Value
from recs_core.data.interactions import InteractionSet
from recs_core.evaluation.judge import ValidationJudge, mean_accuracy
from recs_core.features.content import ContentFeatures
from recs_core.models.base import Recommender
from recs_core.models.registry import ModelSpec, any_model_class, build_any_model
from recs_core.models.transductive import Transductive, recommend_every_user
from recs_core.models.validated import fit_model
from recs_core.progress import progress

SHOWN = ("recall", "ndcg")
"""Metrics of every trial, beside the one that is maximised."""


@dataclass(frozen=True)
class SearchData:
    """What a search may see; there is no test part in it.

    Args:
        train: what models are fitted on.
        known: the histories that they are asked with.
        validation: the truth, over the same users and books.
        features: content vectors, for the models that use them.
    """

    train: InteractionSet
    known: InteractionSet
    validation: InteractionSet
    features: ContentFeatures | None

    @classmethod
    def load(cls, split: Path, features: Path) -> SearchData:
        """Open what the stages split and features wrote; the test part is not opened.

        Raises:
            ArtifactError: a part is missing or damaged.
        """
        train = InteractionSet.load(split / "train")
        fold_in = split / "fold_in"
        known = train.union(InteractionSet.load(fold_in)) if fold_in.exists() else train
        return cls(train, known, InteractionSet.load(split / "validation"), ContentFeatures.load(features))

    @property
    def digest(self) -> str:
        """SHA-256 of interactions, ids and features: results of other data are not comparable."""
        found = hashlib.sha256(f"{self.train.users.digest} {self.train.books.digest}".encode())
        for name, array in sorted(self.features.arrays().items()) if self.features is not None else ():
            if name != "books":
                found.update(np.ascontiguousarray(array).tobytes())
        for part in (self.train, self.known, self.validation):
            for array in (part.matrix.indptr, part.matrix.indices, part.matrix.data):
                found.update(np.ascontiguousarray(array, dtype=np.float64).tobytes())
        return found.hexdigest()


@dataclass(frozen=True)
class Trial:
    """One configuration, fitted and judged.

    Args:
        config: the whole configuration.
        metrics: "recall@20" to its mean over the users of the validation part.
        fit_seconds: by the clock; differs from run to run and is in no report.
    """

    config: dict[str, Any]
    metrics: dict[str, float]
    fit_seconds: float


@dataclass(frozen=True)
class Search:
    """All trials of one model, in their order; the first is the present configuration.

    Args:
        kind: of the model.
        metric: "ndcg@20", the one that was maximised.
        trials: at least one.
        weights: of a hybrid, every choice of weights that was tried, and what it was worth.
    """

    kind: str
    metric: str
    trials: list[Trial]
    weights: list[dict[str, Any]] = field(default_factory=list)

    def worth(self, number: int) -> float:
        """The metric of a trial."""
        return self.trials[number].metrics[self.metric]

    @property
    def best(self) -> int:
        """The number of the best trial; of equal ones the first."""
        return max(range(len(self.trials)), key=self.worth)

    @property
    def spec(self) -> ModelSpec:
        """The best configuration."""
        return ModelSpec(kind=self.kind, config=self.trials[self.best].config)

    def as_dict(self) -> dict[str, Any]:
        """What the report says: everything but times."""
        trials = [{"config": trial.config, **trial.metrics} for trial in self.trials]
        facts = {"kind": self.kind, "best": self.best, "config": self.spec.config, "trials": trials}
        return facts | ({"weights": self.weights} if self.weights else {})

    def table(self) -> pd.DataFrame:
        """One row a trial: the parameters that differ, the metrics, the seconds of the fit, a star for the best."""
        configs = pd.json_normalize([trial.config for trial in self.trials])
        varied = configs.loc[:, configs.astype(str).nunique() > 1]
        metrics = pd.DataFrame([trial.metrics for trial in self.trials])
        seconds = pd.Series([round(trial.fit_seconds, 2) for trial in self.trials], name="fit seconds")
        star = pd.Series(np.where(np.arange(len(configs)) == self.best, "*", ""), name="best")
        return pd.concat([varied, metrics, seconds, star], axis=1).rename_axis("trial")


def search_model(
    name: str,
    spec: ModelSpec,
    space: Mapping[str, Space],
    data: SearchData,
    search: SearchParams,
    *,
    seed: int,
) -> Search:
    """Try configurations of one model.

    The same arguments give the same trials; where the time runs out there are fewer, the same as far as they go.

    Args:
        name: for messages.
        spec: the present configuration.
        space: parameter to space; parameters without a space stay as they are.
        data: what is fitted on and judged by.
        search: how many trials, for how long, and by which metric.
        seed: of the sampler, and of every fit.

    Raises:
        ParameterError: a configuration cannot be fitted.
    """
    began = time.monotonic()
    known: dict[str, Trial] = {}

    def tried(config: dict[str, Any]) -> Trial:
        # a small space is exhausted sooner than the trials
        key = repr(sorted(config.items()))
        if key not in known:
            known[key] = run_trial(
                ModelSpec(kind=spec.kind, config=config), data, search, where=name, seed=seed
            )
        return known[key]

    goal = f"{search.metric}@{search.k}"
    present = present_values(spec, space)
    trials = [tried(spec.config | present)]
    if not space:
        return Search(spec.kind, goal, trials)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(
        direction="maximize",
        sampler=optuna.samplers.TPESampler(seed=seed, n_startup_trials=max(3, search.trials // 3)),
    )
    distributions = {parameter: distribution(of) for parameter, of in space.items()}
    if all(present[parameter] in of for parameter, of in space.items()):
        study.add_trial(
            optuna.trial.create_trial(
                params=present, distributions=distributions, value=trials[0].metrics[goal]
            )
        )
    for _ in progress(range(1, search.trials), f"tune {name}", total=search.trials - 1):
        if time.monotonic() - began > search.seconds:
            break
        asked = study.ask(distributions)
        values = {parameter: rounded(value, space[parameter]) for parameter, value in asked.params.items()}
        trials.append(tried(spec.config | values))
        study.tell(asked, trials[-1].metrics[goal])
    return Search(spec.kind, goal, trials)


def run_trial(spec: ModelSpec, data: SearchData, search: SearchParams, *, where: str, seed: int) -> Trial:
    """Fit one configuration on train and judge its lists by the validation part."""
    began = time.perf_counter()
    judge = ValidationJudge(data.validation.matrix, search.metric, search.k)
    model = fit_model(
        build_any_model(spec, where=where),
        data.train,
        data.features,
        judge=judge,
        rng=np.random.default_rng(seed),
    )
    seconds = time.perf_counter() - began
    return Trial(dict(spec.config), judged(model, data, search), seconds)


def judged(model: Recommender | Transductive, data: SearchData, search: SearchParams) -> dict[str, float]:
    """The means over the users who have something in the validation part, rounded to six digits."""
    recs = recommend_every_user(model, data.known, k=search.k)
    wanted = list(dict.fromkeys((*SHOWN, search.metric)))
    means = mean_accuracy(recs, data.validation.matrix, wanted, k=search.k)
    return {f"{metric}@{search.k}": round(mean, 6) for metric, mean in means.items()}


def distribution(space: Space) -> BaseDistribution:
    """The space as Optuna knows it."""
    if isinstance(space, IntSpace):
        return IntDistribution(space.low, space.high, log=space.log)
    if isinstance(space, FloatSpace):
        return FloatDistribution(space.low, space.high, log=space.log)
    return CategoricalDistribution(space.choices)


def present_values(spec: ModelSpec, space: Mapping[str, Space]) -> dict[str, Value]:
    """The present value of each parameter with a space, given or by default."""
    config = any_model_class(spec.kind).Config.model_validate(spec.config)
    return {parameter: getattr(config, parameter) for parameter in space}


def rounded(value: Value, space: Space) -> Value:
    """A float of three digits, within its space: what a person can read, and finer than any metric can tell."""
    if not isinstance(space, FloatSpace):
        return value
    return min(max(float(f"{value:.3g}"), space.low), space.high)
