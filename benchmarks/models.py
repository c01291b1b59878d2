"""Fit and batch top-k of our models beside the bare libraries, on the same data in one run.

    GOODBOOKS_DIR=... python -m benchmarks.models --data goodbooks-10k --rivals-python .venv-rivals/bin/python

Each library works in a process of its own, all on two threads (BPR is fitted on one everywhere, so that a fit can be
repeated). They take turns: in each round every library fits and ranks once, one at a time, so that whatever else the
machine does hits them alike. The figures are medians of the rounds; "ratio" is our time over the library's, below 1
where we are faster. Seconds are by the clock, and beside them those of the processors. Lists are of length 20 for all
users, without the books of their histories; recall@20 of the test part shows that the libraries do the same work.

ALS: implicit and RecTools rank trained users by stored factors, which serves nobody else; we fold every history in,
and "implicit_fold_in" is implicit when it is asked for the same.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import csr_array, csr_matrix, save_npz

from benchmarks.datasets import DATASETS
from benchmarks.library_worker import PARAMETERS, THREADS, K
from benchmarks.machine import machine
from recs_core.data.arrays import canonical_json, replacing_file
from recs_core.data.topk import TopK
from recs_core.errors import BookverseError
from recs_core.evaluation.judge import mean_accuracy

ROOT = Path(__file__).parents[1]
RIVALS = {
    "als": ("implicit", "implicit_fold_in", "rectools", "lenskit"),
    "bpr": ("implicit", "rectools"),
    "item_knn": ("implicit", "rectools", "lenskit"),
}
"""Model to the libraries that have it."""
HERE = ("ours", "implicit", "implicit_fold_in")
"""Libraries of this project's own environment."""


@dataclass(frozen=True)
class Measured:
    """One library's model.

    Args:
        model, library: which.
        fit, fit_cpu: medians of seconds, by the clock and of the processors.
        rank, rank_cpu: the same of the lists for all users.
        recall: recall@20 on the test part.
    """

    model: str
    library: str
    fit: float
    fit_cpu: float
    rank: float
    rank_cpu: float
    recall: float


class WorkerError(BookverseError):
    """A library's process ended early."""


class Worker:
    """A library's process.

    Args:
        library: of `benchmarks.library_worker.LIBRARIES`.
        python: the interpreter that has it.
        history: the file with the users x books matrix.

    Raises:
        WorkerError: it ended before it was ready.
    """

    def __init__(self, library: str, python: str, history: Path) -> None:
        threads = {f"{name}_NUM_THREADS": str(THREADS) for name in ("OMP", "MKL", "NUMBA")}
        # as implicit asks for, whose own threads call BLAS
        threads["OPENBLAS_NUM_THREADS"] = "1"
        quiet = {"BOOKVERSE_PROGRESS": "off", "PYTHONPATH": str(ROOT) if library == "ours" else ""}
        inherited = {
            key: value for key, value in os.environ.items() if key != "PYTHONPATH" or library == "ours"
        }
        self.process = subprocess.Popen(  # noqa: S603 - the interpreter is the caller's choice
            [python, str(ROOT / "benchmarks/library_worker.py"), library, str(history)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=inherited | threads | quiet,
        )
        self.library = library
        self.version: str = self._answer()["version"]

    def ask(self, **command: str) -> dict[str, float]:
        """Have a command done; the seconds that it took."""
        assert self.process.stdin is not None  # noqa: S101
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self.process.stdout is not None  # noqa: S101
        line = self.process.stdout.readline()
        if not line:
            self.close()
            raise WorkerError(
                f"{self.library} ended with status {self.process.returncode}; its message is above"
            )
        answer: dict[str, Any] = json.loads(line)
        return answer

    def close(self) -> None:
        """End the process."""
        for stream in (self.process.stdin, self.process.stdout):
            assert stream is not None  # noqa: S101
            stream.close()
        self.process.wait()


def measure(
    models: Sequence[str], workers: Mapping[str, Worker], truth: csr_array, *, rounds: int
) -> list[Measured]:
    """Fit and rank in rounds, the libraries in turn.

    Args:
        models: of `RIVALS`.
        workers: library to its process.
        truth: `float32[n_users, n_books]`, the test part.
        rounds: how often each is timed.
    """
    measured = []
    for model in models:
        libraries = ["ours", *(library for library in RIVALS[model] if library in workers)]
        times: dict[str, list[tuple[dict[str, float], dict[str, float]]]] = {name: [] for name in libraries}
        with tempfile.TemporaryDirectory() as scratch:
            lists = {name: Path(scratch) / f"{name}.npy" for name in libraries}
            for number in range(rounds):
                # who is first in one round is last in another
                for name in libraries[number % len(libraries) :] + libraries[: number % len(libraries)]:
                    fit = workers[name].ask(do="fit", model=model)
                    times[name].append((fit, workers[name].ask(do="rank", to=str(lists[name]))))
            found = {name: recall_of(np.load(path), truth) for name, path in lists.items()}
        for name in libraries:
            fits, ranks = zip(*times[name], strict=True)
            measured.append(
                Measured(
                    model,
                    name,
                    fit=statistics.median(one["wall"] for one in fits),
                    fit_cpu=statistics.median(one["cpu"] for one in fits),
                    rank=statistics.median(one["wall"] for one in ranks),
                    rank_cpu=statistics.median(one["cpu"] for one in ranks),
                    recall=found[name],
                )
            )
    return measured


def recall_of(books: np.ndarray, truth: csr_array) -> float:
    """The mean of recall@20, over the users who have something in `truth`."""
    recs = TopK(books.astype(np.int32), np.zeros(books.shape, dtype=np.float32))
    return mean_accuracy(recs, truth, ["recall"], k=K)["recall"]


def table(measured: Sequence[Measured]) -> pd.DataFrame:
    """One row a model and library, with our time over the library's."""
    frame = pd.DataFrame([asdict(one) for one in measured])
    for step in ("fit", "fit_cpu", "rank", "rank_cpu"):
        ours = frame["model"].map(frame[frame["library"] == "ours"].set_index("model")[step])
        frame[f"{step} ratio"] = ours / frame[step]
    timed = [name for step in ("fit", "fit_cpu", "rank", "rank_cpu") for name in (step, f"{step} ratio")]
    return frame.set_index(["model", "library"])[[*timed, "recall"]].round(3)


def main(arguments: list[str] | None = None) -> int:
    """The command line; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.models", description="Time our models and the bare libraries side by side."
    )
    parser.add_argument("--data", choices=sorted(DATASETS), default="book-crossing")
    parser.add_argument(
        "--models", default=",".join(RIVALS), help="with commas between (default: %(default)s)"
    )
    parser.add_argument("--rounds", type=int, default=5, help="timings of each (default: %(default)s)")
    parser.add_argument("--libraries", help="to compare with, with commas between (default: all)")
    parser.add_argument("--rivals-python", help="an interpreter with benchmarks/rivals-requirements.txt")
    parser.add_argument("--out", type=Path, help="write the figures as JSON, too")
    options = parser.parse_args(arguments)
    models = options.models.split(",")
    workers: dict[str, Worker] = {}
    try:
        data = DATASETS[options.data]()
        history = data.split.known_before_test.matrix
        with tempfile.TemporaryDirectory() as scratch:
            path = Path(scratch) / "history.npz"
            save_npz(path, csr_matrix(history))
            rivals = dict.fromkeys(name for model in models for name in RIVALS[model])
            wanted = options.libraries.split(",") if options.libraries else rivals
            for library in ("ours", *(name for name in rivals if name in wanted)):
                if library not in HERE and options.rivals_python is None:
                    print(f"{library} is skipped: --rivals-python is not given")
                    continue
                python = sys.executable if library in HERE else options.rivals_python
                workers[library] = Worker(library, python, path)
            measured = measure(models, workers, data.split.test.matrix, rounds=options.rounds)
    except BookverseError as error:
        print(f"nothing was measured: {error}", file=sys.stderr)
        return 1
    finally:
        for worker in workers.values():
            worker.close()
    facts = machine() | {
        "data": options.data,
        "users": history.shape[0],
        "books": history.shape[1],
        "interactions": history.nnz,
        "threads": THREADS,
        "rounds": options.rounds,
        "versions": {name: worker.version for name, worker in workers.items()},
        "parameters": {model: PARAMETERS[model] for model in models},
    }
    print("\n".join(f"{key}: {value}" for key, value in facts.items()))
    print(table(measured).to_string())
    if options.out:
        with replacing_file(options.out) as temporary:
            temporary.write_bytes(canonical_json(facts | {"measured": [asdict(one) for one in measured]}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
