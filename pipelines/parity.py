"""Does the server recommend what was evaluated? Ask it for every evaluated reader, and compute the metrics again.

    make parity
    python -m pipelines.parity --model als --users 2000

The bundle that is served has whole histories, so that nobody is recommended what they know. Here the evaluated model
is served with the histories that it was evaluated with, by the real server over HTTP, at first from a cold cache and
then from a warm one. Exits with 0 where lists and metrics are those of the pipeline (metrics to 1e-9), with 1 where
not.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipelines.local_server import local_server
from pipelines.params import load_params
from recs_core.artifacts.bundle import write_bundle
from recs_core.artifacts.models import load_any_model
from recs_core.data.catalogue import Catalogue
from recs_core.data.idmap import PAD, IdMap
from recs_core.data.splits.split import Split
from recs_core.data.topk import TopK
from recs_core.errors import BookverseError, ParameterError
from recs_core.evaluation.metrics import METRICS, EvaluationData, Judged
from recs_core.features.content import ContentFeatures
from recs_core.progress import progress

DATA = Path("data")
TOLERANCE = 1e-9
KEEPING = {"BOOKVERSE_API__CACHE_TTL": "3600", "BOOKVERSE_API__RATE_LIMIT": "0"}
"""The server's settings: an answer of the first pass must be there for the second, however long a pass takes."""
AT_ONCE = 16
"""Requests under way at a time."""

QUERY = """query Parity($reader: ID!, $first: Int!) {
  recommendations(userId: $reader, first: $first) { nodes { book { bookId } } }
}"""

console = Console(highlight=False, soft_wrap=True)


class ParityError(BookverseError):
    """The server answered with an error."""


@dataclass(frozen=True)
class Asked:
    """What a server answered to all readers.

    Args:
        recs: a list a reader; the scores are not asked for, and 0.
        hits: how many answers came from the cache.
        seconds: by the clock.
    """

    recs: TopK
    hits: int
    seconds: float


async def ask(url: str, user_ids: Sequence[str], books: IdMap, *, k: int, what: str) -> Asked:
    """Ask a server for the lists of readers, several at a time.

    Args:
        url: of the server.
        user_ids: the readers.
        books: the id map of the lists.
        k: length of the lists.
        what: what the progress bar says.

    Raises:
        ParityError: an answer is an error.
    """
    rows = np.full((len(user_ids), k), PAD, dtype=np.int32)
    hits = 0
    waiting = iter(progress(list(enumerate(user_ids)), what))

    async def one_after_the_other(client: httpx.AsyncClient) -> None:
        nonlocal hits
        for place, user_id in waiting:
            body = {"query": QUERY, "variables": {"reader": user_id, "first": k}}
            response = await client.post("/graphql", json=body)
            answer = response.json()
            if "errors" in answer:
                raise ParityError(
                    f"the server answers for reader {user_id!r}: {answer['errors'][0]['message']}"
                )
            listed = [item["book"]["bookId"] for item in answer["data"]["recommendations"]["nodes"]]
            rows[place, : len(listed)] = books.rows(listed) if listed else []
            hits += "hit" in response.headers.get("cache-status", "")

    began = time.monotonic()
    limits = httpx.Limits(max_connections=AT_ONCE)
    async with httpx.AsyncClient(base_url=url, limits=limits, timeout=60) as client:
        await asyncio.gather(*(one_after_the_other(client) for _ in range(AT_ONCE)))
    return Asked(TopK(rows, np.zeros(rows.shape, dtype=np.float32)), hits, time.monotonic() - began)


@dataclass(frozen=True)
class Evaluated:
    """What the pipeline evaluated, for some of its readers.

    Args:
        split: the interactions.
        users: `int32[n]`, the readers, by their rows.
        recs: their lists.
        data: what the lists are judged by.
    """

    split: Split
    users: NDArray[np.int32]
    recs: TopK
    data: EvaluationData

    @classmethod
    def load(cls, model: str, n_users: int | None) -> Evaluated:
        """All readers with a history, or the first n of them."""
        split = Split.load(DATA / "split")
        # who has none is served what is popular, whatever the model makes of nothing
        users = np.flatnonzero(split.known_before_test.user_counts)[:n_users].astype(np.int32)
        recs = TopK.load(DATA / "recs" / model)
        data = EvaluationData.of(
            truth=split.test,
            train=split.train,
            features=ContentFeatures.load(DATA / "features"),
            catalogue=Catalogue.load(DATA / "split/catalogue.arrow"),
        )
        return cls(split, users, TopK(recs.books[users], recs.scores[users]), data.of_users(users))

    def means(self, recs: TopK, cutoffs: Sequence[int]) -> dict[str, float]:
        """Every metric that the data allows, of these readers."""
        judged = Judged(recs, self.data)
        return {
            f"{name}@{k}": float(np.nanmean(metric.values(judged, k=k)))
            for k in cutoffs
            for name, metric in METRICS.items()
            if not metric.missing(self.data)
        }


def write_evaluated(path: Path, model: str, split: Split, *, source: str, seed: int) -> None:
    """A bundle of the evaluated model with the histories that it was evaluated with."""
    write_bundle(
        path,
        model_name=model,
        model=load_any_model(DATA / "models" / model),
        history=split.known_before_test,
        features=ContentFeatures.load(DATA / "features"),
        catalogue=Catalogue.load(DATA / "split/catalogue.arrow"),
        metrics=[],
        source=source,
        seed=seed,
        data_digest="parity",
    )


def compare(model: str, n_users: int | None) -> bool:
    """Ask, compute and print; True where online and offline agree.

    Raises:
        BookverseError: the pipeline has not run, the server did not start or answered with an error.
    """
    params = load_params()
    if model not in params.models:
        raise ParameterError(f"there is no model {model!r}; params.yaml has {sorted(params.models)}")
    evaluated = Evaluated.load(model, n_users)
    books = evaluated.split.train.books
    user_ids = evaluated.split.train.users.ids(evaluated.users).tolist()
    k = evaluated.recs.k
    offline = evaluated.means(evaluated.recs, params.evaluation.cutoffs)
    passes: dict[str, Asked] = {}
    console.print(f"[bold]parity[/]  {model}, {len(user_ids)} readers")
    with tempfile.TemporaryDirectory(prefix="bookverse-parity-") as scratch, ExitStack() as serving:
        bundle = Path(scratch) / "bundle"
        with console.status("write a bundle of the evaluated model, start the server"):
            write_evaluated(bundle, model, evaluated.split, source=params.data.source, seed=params.seed)
            _, url = serving.enter_context(local_server(bundle=bundle, settings=KEEPING))
        for name in ("cold", "warm"):
            passes[name] = asyncio.run(ask(url, user_ids, books, k=k, what=f"ask, cache {name}"))
    if not passes["warm"].hits:
        raise ParityError("no answer of the second pass came from the cache, which was to be compared, too")
    equal = True
    for name, asked in passes.items():
        differing = int((asked.recs.books != evaluated.recs.books).any(axis=1).sum())
        online = evaluated.means(asked.recs, params.evaluation.cutoffs)
        equal &= _show(name, offline, online)
        console.print(
            f"[bold]{name}[/]  {len(user_ids)} readers in {asked.seconds:.0f} s, {asked.hits} from the cache, "
            f"{differing} lists differ\n"
        )
    return equal


def _show(name: str, offline: dict[str, float], online: dict[str, float]) -> bool:
    shown = Table("metric", "pipeline", f"server, cache {name}", "difference")
    equal = True
    for metric, value in offline.items():
        difference = online[metric] - value
        # NaN is no number to agree with
        agrees = abs(difference) <= TOLERANCE
        equal &= agrees
        colour = "green" if agrees else "red"
        shown.add_row(metric, f"{value:.9f}", f"{online[metric]:.9f}", f"[{colour}]{difference:.1e}[/]")
    console.print(shown)
    return equal


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m pipelines.parity",
        description="Ask the real server for every evaluated reader and compute the metrics again.",
    )
    parser.add_argument("--model", default="hybrid", help="a model of params.yaml (default: %(default)s)")
    parser.add_argument("--users", type=int, help="the first so many readers (default: all)")
    options = parser.parse_args(arguments)
    try:
        equal = compare(options.model, options.users)
    except BookverseError as error:
        console.print(f"[red]parity failed:[/] {escape(str(error))}")
        return 1
    console.print("[green]equal[/]" if equal else "[red]the server does not recommend what was evaluated[/]")
    return 0 if equal else 1


if __name__ == "__main__":
    sys.exit(main())
