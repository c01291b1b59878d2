"""Tune models on the validation part, and propose what was found as a diff of params.yaml.

    python -m pipelines.tune --models rp3beta,als,hybrid --trials 20
    python -m pipelines.tune --models rp3beta,als,hybrid --trials 20 --apply
    dvc exp run reports/tuning/dvc.yaml -S search.trials=50

Searches the spaces of the section `tuning` in params.yaml, one model after the other; a hybrid uses what was found
for its components before. Writes `reports/tuning/<source>.json`, all trials, and `reports/tuning/<source>.diff`, for
a person to review; `git apply` puts it into effect, and so does `--apply`. The test part is not opened.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from pipelines.proposal import diff, with_models
from pipelines.search import Search, SearchData, search_model
from pipelines.search_weights import search_weights
from pipelines.tuning_params import SearchParams, Spaces, check_spaces, load_tune_params, spec_of
from recs_core.data.arrays import canonical_json, replacing_file
from recs_core.errors import BookverseError, ParameterError
from recs_core.models.hybrid import Hybrid
from recs_core.models.registry import ModelSpec

PARAMS = Path("params.yaml")
SPLIT = Path("data/split")
FEATURES = Path("data/features")
REPORTS = Path("reports/tuning")


def tune(
    names: Sequence[str],
    models: Mapping[str, ModelSpec],
    spaces: Spaces,
    data: SearchData,
    search: SearchParams,
    *,
    seed: int,
    show: Callable[[str, Search], None] = lambda name, found: None,
) -> dict[str, Search]:
    """Search models one after the other.

    Args:
        names: the models, of `spaces`.
        models: the present configurations; a name that is not there is a kind with its defaults.
        spaces: model to parameter to space.
        data: train and validation.
        search: how long, and for what.
        seed: the results' only source of chance.
        show: called with each model as soon as it is done.

    Raises:
        ParameterError: a model has no space, or a space is not one of its model; nothing was fitted.
    """
    check_spaces(spaces, models)
    for name in names:
        if name not in spaces:
            raise ParameterError(
                f"tuning.{name}: params.yaml has no such search space; it has {sorted(spaces)}"
            )
    found: dict[str, Search] = {}
    # hybrids last, for they are made of what was found for the others
    for name in sorted(names, key=lambda name: spec_of(name, models).kind == Hybrid.kind):
        spec = spec_of(name, models)
        if spec.kind == Hybrid.kind:
            tuned = {one.kind: one.spec for one in found.values()}
            found[name] = search_weights(name, spec, tuned, data, search, seed=seed)
        else:
            found[name] = search_model(name, spec, spaces[name], data, search, seed=seed)
        show(name, found[name])
    return found


def report(
    source: str,
    found: Mapping[str, Search],
    data: SearchData,
    search: SearchParams,
    *,
    seed: int,
    earlier: bytes | None = None,
) -> bytes:
    """All trials as JSON; the same bytes for the same trials.

    Args:
        source: the data source's name.
        found: what was searched.
        data: by which it was judged.
        search: how.
        seed: of the search.
        earlier: an earlier report; models that were not searched again are taken from it if it is of the same data.
    """
    digest = data.digest
    before = json.loads(earlier) if earlier else {}
    models = before["models"] if before.get("data_digest") == digest else {}
    how = search.model_dump() | {"seed": seed}
    models |= {name: one.as_dict() | {"search": how} for name, one in found.items()}
    return canonical_json({"source": source, "data_digest": digest, "models": models})


def tuned_specs(report: bytes, *, digest: str) -> dict[str, ModelSpec]:
    """The chosen configurations of a report; none where it is of other data than `digest` names."""
    read = json.loads(report)
    models = read["models"] if read["data_digest"] == digest else {}
    return {name: ModelSpec(kind=one["kind"], config=one["config"]) for name, one in models.items()}


def write_reports(folder: Path, source: str, written: bytes, params: str, found: Mapping[str, Search]) -> str:
    """Write `<source>.json` and `<source>.diff`; returns params.yaml as it is proposed.

    Args:
        folder: where to.
        source: the data source's name.
        written: the report.
        params: the text of params.yaml.
        found: what is proposed; on models that the report has from earlier a person has decided already.
    """
    proposed = with_models(params, {name: one.spec for name, one in found.items()})
    with replacing_file(folder / f"{source}.json") as temporary:
        temporary.write_bytes(written)
    with replacing_file(folder / f"{source}.diff") as temporary:
        temporary.write_text(diff(params, proposed, PARAMS.name))
    return proposed


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m pipelines.tune",
        description="Search models' parameters on the validation part and propose a diff of params.yaml.",
    )
    parser.add_argument("--models", help="names of the section tuning, with commas between (default: all)")
    parser.add_argument("--trials", type=int, help="configurations a model (default: search.trials)")
    parser.add_argument("--seconds", type=float, help="no trial begins later (default: search.seconds)")
    parser.add_argument("--apply", action="store_true", help="write the chosen values into params.yaml")
    options = parser.parse_args(arguments)
    try:
        params = load_tune_params(PARAMS)
        wanted = {"trials": options.trials, "seconds": options.seconds}
        search = SearchParams.model_validate(
            params.search.model_dump() | {key: value for key, value in wanted.items() if value is not None}
        )
        names = options.models.split(",") if options.models else list(params.tuning)
        data = SearchData.load(SPLIT, FEATURES)
        found = tune(names, params.models, params.tuning, data, search, seed=params.seed, show=_print)
        path = REPORTS / f"{params.data.source}.json"
        earlier = path.read_bytes() if path.exists() else None
        written = report(params.data.source, found, data, search, seed=params.seed, earlier=earlier)
        before = PARAMS.read_text()
        proposed = write_reports(REPORTS, params.data.source, written, before, found)
    except BookverseError as error:
        print(f"nothing was tuned: {error}", file=sys.stderr)
        return 1
    print(diff(before, proposed, PARAMS.name) or "params.yaml has the best values already")
    if options.apply:
        with replacing_file(PARAMS) as temporary:
            temporary.write_text(proposed)
    return 0


def _print(name: str, found: Search) -> None:
    print(f"{name}\n{found.table().to_string()}\n")


if __name__ == "__main__":
    sys.exit(main())
