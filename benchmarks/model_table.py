"""All registered models on one data set: accuracy, coverage, seconds and size, as a table.

    python -m benchmarks.model_table --data book-crossing --out reports/models/book-crossing.json
    GOODBOOKS_DIR=... python -m benchmarks.model_table --data goodbooks-10k --skip recbole,ease
    GOODBOOKS_DIR=... python -m benchmarks.model_table --data goodbooks-10k --tune rp3beta,als,hybrid --trials 20

Each model is fitted on train and validation together and judged on the test part, with the configuration that
`reports/tuning/<data set>.json` has for it, or else its defaults; the column "tuned" says which. `--tune` makes that
report, by the spaces of params.yaml and the validation part alone. RecBole's models, by `--recbole`, need the
validation part to stop early, and are fitted on train alone.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

import recs_core.models  # noqa: F401 - registers the models
from benchmarks.datasets import DATASETS, SEED, Dataset
from benchmarks.machine import machine
from pipelines.tune import PARAMS, REPORTS, report, tune, tuned_specs
from pipelines.tuning_params import SearchParams, load_tune_params
from recs_core.data.arrays import canonical_json, replacing_file
from recs_core.data.interactions import InteractionSet
from recs_core.errors import BookverseError, DataError, ParameterError
from recs_core.evaluation.judge import ValidationJudge, mean_accuracy
from recs_core.evaluation.metrics import METRICS, EvaluationData, Judged
from recs_core.models.hybrid import Hybrid
from recs_core.models.registry import MODELS, ModelSpec, build_any_model
from recs_core.models.transductive import recommend_every_user
from recs_core.models.validated import Validated, fit_model

K = 20
COLUMNS = ("model", "tuned", "Recall@20", "NDCG@20", "coverage@20", "fit s", "top-20 s", "MB")


@dataclass(frozen=True)
class Row:
    """One model, measured.

    Args:
        model: its kind, or the name of RecBole's model.
        tuned: whether its configuration is a tuned one.
        recall, ndcg: means over the users who have something in the test part.
        coverage: the share of the books that are in anyone's list.
        fit, rank: seconds by the clock, of the fit and of the lists of all users.
        megabytes: of the arrays that are stored.
    """

    model: str
    tuned: bool
    recall: float
    ndcg: float
    coverage: float
    fit: float
    rank: float
    megabytes: float

    def markdown(self) -> str:
        """A line of the table."""
        return (
            f"| {self.model} | {'yes' if self.tuned else ''} | {self.recall:.4f} | {self.ndcg:.4f} "
            f"| {self.coverage:.3f} | {self.fit:.1f} | {self.rank:.1f} | {self.megabytes:.1f} |"
        )


def measure(name: str, spec: ModelSpec, data: Dataset, *, tuned: bool) -> Row:
    """Fit, rank and judge one model."""
    split, model = data.split, build_any_model(spec, where=name)
    known = split.known_before_test
    began = time.perf_counter()
    fitted = fit_model(
        model,
        split.train if isinstance(model, Validated) else known,
        data.features,
        judge=ValidationJudge(split.validation.matrix, k=K),
        rng=np.random.default_rng(SEED),
    )
    fit = time.perf_counter() - began
    recs = recommend_every_user(fitted, known, k=K)
    rank = time.perf_counter() - began - fit
    accuracy = mean_accuracy(recs, split.test.matrix, ("recall", "ndcg"), k=K)
    judged = Judged(recs, EvaluationData(split.test.matrix))
    coverage = float(METRICS["coverage"].values(judged, k=K)[0])
    size = sum(array.nbytes for array in fitted.state().values()) / 1e6
    return Row(name, tuned, accuracy["recall"], accuracy["ndcg"], coverage, fit, rank, size)


def measured(
    names: Sequence[str], data: Dataset, specs: Mapping[str, ModelSpec], recbole: Sequence[str]
) -> Iterator[Row]:
    """One row a model that the data set allows; on stderr each as it comes, or the reason why it does not."""
    wanted = [(name, specs.get(name, ModelSpec(kind=name)), name in specs) for name in names]
    wanted += [(name, ModelSpec(kind="recbole", config={"model": name}), False) for name in recbole]
    for name, spec, tuned in wanted:
        try:
            row = measure(name, spec, data, tuned=tuned)
            print(row.markdown(), file=sys.stderr)
            yield row
        except (DataError, ParameterError) as error:
            print(f"{name} is left out: {error}", file=sys.stderr)


def tune_for(data: Dataset, names: Sequence[str], *, trials: int, seconds: float) -> None:
    """Tune models on the data's validation part, and put what was found into its report."""
    params = load_tune_params(PARAMS)
    search = SearchParams(trials=trials, seconds=seconds, metric="ndcg", k=K)
    seen = data.search_data
    path = REPORTS / f"{data.name}.json"
    earlier = path.read_bytes() if path.exists() else None
    # the defaults of the kinds: the models of params.yaml are tuned for its own data
    models = {Hybrid.kind: blend(names, tuned_specs(earlier, digest=seen.digest) if earlier else {})}
    found = tune(names, models, params.tuning, seen, search, seed=SEED)
    with replacing_file(path) as temporary:
        temporary.write_bytes(report(data.name, found, seen, search, seed=SEED, earlier=earlier))


def blend(names: Sequence[str], tuned: Mapping[str, ModelSpec]) -> ModelSpec:
    """A hybrid of all that is or was tuned, of content and of popularity, with equal weights to begin with."""
    kinds = dict.fromkeys((*names, *tuned, "content", "popularity"))
    components = {
        kind: {"kind": kind, "config": tuned[kind].config if kind in tuned else {}, "weight": 1.0}
        for kind in kinds
        if kind != Hybrid.kind
    }
    return ModelSpec(kind=Hybrid.kind, config={"components": components})


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.model_table", description="All models on one data set, as a table."
    )
    parser.add_argument("--data", choices=sorted(DATASETS), default="book-crossing")
    parser.add_argument("--models", help="kinds with commas between (default: all that take histories)")
    parser.add_argument("--skip", default="", help="kinds to leave out, with commas between")
    parser.add_argument("--recbole", default="", help="RecBole models to add, by name, with commas between")
    parser.add_argument("--tune", default="", help="names of the section tuning to tune before")
    parser.add_argument("--trials", type=int, default=20, help="of --tune, a model (default: %(default)s)")
    parser.add_argument(
        "--seconds", type=float, default=900.0, help="of --tune, a model (default: %(default)s)"
    )
    parser.add_argument("--out", type=Path, help="write the figures as JSON, too")
    options = parser.parse_args(arguments)
    names = options.models.split(",") if options.models else sorted(MODELS)
    names = [name for name in names if name not in options.skip.split(",")]
    try:
        data = DATASETS[options.data]()
        if options.tune:
            tune_for(data, options.tune.split(","), trials=options.trials, seconds=options.seconds)
        tuning = REPORTS / f"{data.name}.json"
        specs = tuned_specs(tuning.read_bytes(), digest=data.search_data.digest) if tuning.exists() else {}
        rows = list(measured(names, data, specs, [name for name in options.recbole.split(",") if name]))
    except BookverseError as error:
        print(f"nothing was measured: {error}", file=sys.stderr)
        return 1
    rows.sort(key=lambda row: -row.ndcg)
    facts = machine() | {"data": data.name, "about": data.about} | sizes(data.split.known_before_test)
    print("\n".join(f"{key}: {value}" for key, value in facts.items()) + "\n")
    print(f"| {' | '.join(COLUMNS)} |\n|---|---|{'---:|' * (len(COLUMNS) - 2)}")
    print("\n".join(row.markdown() for row in rows))
    if options.out:
        with replacing_file(options.out) as temporary:
            temporary.write_bytes(canonical_json(facts | {"models": [asdict(row) for row in rows]}))
    return 0


def sizes(known: InteractionSet) -> dict[str, int]:
    """Users, books and interactions that models are fitted on."""
    return {"users": len(known.users), "books": len(known.books), "interactions": len(known)}


if __name__ == "__main__":
    sys.exit(main())
