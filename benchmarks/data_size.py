"""How the data room takes many interactions: seconds, rows a second and memory of every step from a CSV to a split.

For each size a seeded CSV is made, and a fresh process does with it what the notebooks 01 and 02 do.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
from numpy.typing import NDArray

from recs_core.data.arrays import canonical_json, file_digest
from recs_core.data.cleaning.preparation import Preparation
from recs_core.data.contracts import check_interim
from recs_core.data.kcore import k_core
from recs_core.data.likes import confidence_weights, likes
from recs_core.data.parquet import read_interactions, write_parquet
from recs_core.data.sources.registry import source_named
from recs_core.data.splits.leakage import assert_no_leakage
from recs_core.data.splits.registry import split_interactions
from recs_core.data.splits.split import Split
from recs_core.data.table_schema import describe_table

ROOT = Path(__file__).parents[1]
SEED = 20040801
SIZES = (1_000_000, 5_000_000, 20_000_000)
HEADER = "user_id,book_id,rating,time\n"
BLOCK_ROWS = 1_000_000
FAULT_EVERY = 1_000
FAULTS = (
    ",0306406152,5,1100000000",
    "u0000001,,5,1100000000",
    "u0000001,0306406152,99,1100000000",
    "u0000001,0306406152,five,1100000000",
    "u0000001,0306406152,5,yesterday",
    "u0000001,0306406152",
    "u0000001,0306406152,5,1100000000,one too many",
)
COLUMNS = {"user_id": "user_id", "book_id": "book_id", "value": "rating", "time": "time"}


@dataclass(frozen=True)
class Step:
    """What a step took: seconds by the clock, and seconds of the processor, of all threads together."""

    name: str
    wall: float
    cpu: float


@dataclass(frozen=True)
class Measured:
    """One size, measured.

    Args:
        rows: data rows of the CSV.
        steps: in their order.
        peak_bytes: the most memory that the process held (VmHWM).
        accounts: rows kept, set aside and filtered, and the interactions of the k-core.
        bytes_per_interaction: of the CSV, the table in memory, the Parquet file and the parts' matrices.
    """

    rows: int
    steps: list[Step]
    peak_bytes: int
    accounts: dict[str, int]
    bytes_per_interaction: dict[str, float]

    @property
    def wall(self) -> float:
        """Seconds of all steps."""
        return sum(step.wall for step in self.steps)

    @property
    def cpu(self) -> float:
        """Seconds of the processor, of all steps."""
        return sum(step.cpu for step in self.steps)


def write_interactions(path: Path, rows: int) -> int:
    """Write a CSV of ratings with times: popular books, busy readers, and now and then a faulty row.

    Books are drawn by Zipf's law, readers by a log-normal activity, so pairs repeat as they do in life.

    Args:
        path: where to.
        rows: how many data rows.

    Returns:
        How many of them are faulty.
    """
    rng = np.random.default_rng(SEED)
    users = pa.array([f"u{number:07d}" for number in range(max(20, rows // 100))])
    books = _isbns(max(20, rows // 200))
    activity = np.cumsum(rng.lognormal(0, 1.2, len(users)))
    popularity = np.cumsum(1 / np.arange(1, len(books) + 1) ** 0.9)
    faulty = 0
    with path.open("wb") as stream:
        stream.write(HEADER.encode())
        for start in range(0, rows, BLOCK_ROWS):
            n = min(BLOCK_ROWS, rows - start)
            columns = [
                users.take(_drawn(activity, n, rng)),
                books.take(_drawn(popularity, n, rng)),
                pa.array(rng.integers(1, 11, n)).cast(pa.string()),
                pa.array(rng.integers(10**9, 1_700_000_000, n)).cast(pa.string()),
            ]
            lines = pc.binary_join_element_wise(*columns, ",")
            bad = rng.random(n) < 1 / FAULT_EVERY
            faulty += int(bad.sum())
            texts = pa.array(
                [FAULTS[kind] for kind in rng.integers(len(FAULTS), size=int(bad.sum()))], pa.string()
            )
            lines = pc.replace_with_mask(lines, pa.array(bad), texts)
            options = pa.csv.WriteOptions(include_header=False, quoting_style="none")
            # a delimiter that no line holds: each line is one value
            options.delimiter = "\t"
            pa.csv.write_csv(pa.table({"line": lines}), stream, options)
    return faulty


def _drawn(cumulated: NDArray[np.float64], n: int, rng: np.random.Generator) -> pa.Array:
    return pa.array(np.searchsorted(cumulated, rng.random(n) * cumulated[-1]).astype(np.int32))


def _isbns(n: int) -> pa.Array:
    """Distinct ISBN-10s."""
    bodies = 30_640_000 + np.arange(n)
    digits = bodies[:, None] // 10 ** np.arange(8, -1, -1) % 10
    checks = -(digits @ np.arange(10, 1, -1)) % 11
    return pa.array([f"{body:09d}{'0123456789X'[check]}" for body, check in zip(bodies, checks, strict=True)])


class Stopwatch:
    """Runs steps and notes what they took."""

    def __init__(self) -> None:
        self.steps: list[Step] = []

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Measure what is done in the block."""
        wall, cpu = time.perf_counter(), _cpu_seconds()
        yield
        done = Step(name, time.perf_counter() - wall, _cpu_seconds() - cpu)
        self.steps.append(done)
        tell(f"{name}: {done.wall:.1f} s, at most {peak_bytes() / 2**20:,.0f} MiB by now")


def measure(csv: Path, out: Path) -> Measured:
    """Do with a CSV what the notebooks 01 and 02 do, in this process.

    Args:
        csv: as `write_interactions` makes it.
        out: where the tables and the split are written.
    """
    watch = Stopwatch()
    parquet = out / "interactions.parquet"
    options = {"interactions": str(csv), "columns": COLUMNS, "low": 1.0, "high": 10.0}
    with watch.step("ingest"):
        tables = source_named("table", options).load(csv.parent, Preparation(), say=tell)
    with watch.step("write tables"):
        write_parquet(tables.interactions, parquet)
        for name in ("users", "editions", "quarantine"):
            write_parquet(getattr(tables, name), out / f"{name}.parquet")
        tables.catalogue.save(out / "books.arrow")
    with watch.step("describe"):
        describe_table(tables.interactions, digest=file_digest(parquet))
    accounts = {
        "read": sum(tables.rows_read.values()),
        "kept": sum(tables.rows_kept.values()),
        "set aside": tables.quarantine.num_rows,
        "filtered": sum(sum(reasons.values()) for reasons in tables.rows_filtered.values()),
    }
    with watch.step("contract"):
        check_interim(out)
    del tables
    with watch.step("read"):
        interactions = read_interactions(parquet)
    sizes = {
        "csv": csv.stat().st_size / accounts["read"],
        "table": interactions.nbytes / interactions.num_rows,
        "parquet": parquet.stat().st_size / interactions.num_rows,
    }
    with watch.step("likes"):
        liked = likes(interactions, min_value=0.0, keep_unrated=True)
        weights = confidence_weights(liked, min_value=0.0, slope=0.0, unrated=1.0)
    with watch.step("k-core"):
        core = k_core(liked, per_user=5, per_book=5, weights=weights)
    del interactions, liked
    shares = {"random": {"validation_share": 0.1, "test_share": 0.2}}
    rng = np.random.default_rng(SEED)
    with watch.step("split"):
        result = split_interactions(core, "random", shares, source="table", rng=rng)
    with watch.step("leakage check"):
        assert_no_leakage(result.split, core, result.promises)
    with watch.step("save"):
        result.split.save(out / "split")
    accounts["k-core"] = len(core)
    sizes["matrices"] = _matrix_bytes(result.split) / len(core)
    return Measured(accounts["read"], watch.steps, peak_bytes(), accounts, sizes)


def _matrix_bytes(split: Split) -> int:
    matrices = [part.matrix for part in split.parts().values()]
    return sum(m.data.nbytes + m.indices.nbytes + m.indptr.nbytes for m in matrices)


def peak_bytes() -> int:
    """The most memory that this process has held."""
    status = Path("/proc/self/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def in_fresh_process(rows: int) -> Measured:
    """Make a CSV and measure it in a process of its own, so that the peak is its own."""
    with tempfile.TemporaryDirectory(prefix="data_size_") as folder:
        csv = Path(folder) / "interactions.csv"
        tell(f"{rows:,} rows: writing the CSV")
        write_interactions(csv, rows)
        command = [sys.executable, "-m", "benchmarks.data_size", "--measure", str(csv)]
        done = subprocess.run(command, stdout=subprocess.PIPE, check=True, cwd=ROOT)  # noqa: S603
    facts = json.loads(done.stdout)
    return Measured(**(facts | {"steps": [Step(**step) for step in facts["steps"]]}))


def as_markdown(results: list[Measured]) -> str:
    """The results as a table, one line a size."""
    steps = [step.name for step in results[0].steps]
    sizes = list(results[0].bytes_per_interaction)
    heads = [
        "rows",
        *(f"{name} s" for name in steps),
        "all s",
        "CPU s",
        "rows/s",
        "peak MiB",
        *(f"{name} B/row" for name in sizes),
    ]
    lines = [
        [
            f"{result.rows:,}",
            *(f"{step.wall:.1f}" for step in result.steps),
            f"{result.wall:.1f}",
            f"{result.cpu:.1f}",
            f"{result.rows / result.wall:,.0f}",
            f"{result.peak_bytes / 2**20:,.0f}",
            *(f"{size:.1f}" for size in result.bytes_per_interaction.values()),
        ]
        for result in results
    ]
    lines = [heads, ["---:"] * len(heads), *lines]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def tell(line: str) -> None:
    """Say how far it is, beside the results."""
    sys.stderr.write(f"  {line}\n")


def main(arguments: list[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.data_size", description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=list(SIZES), help="sizes to measure")
    parser.add_argument("--out", type=Path, help="write the results as JSON, too")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    if chosen.measure:
        sys.stdout.write(json.dumps(asdict(measure(chosen.measure, chosen.measure.parent / "out"))))
        return
    results = [in_fresh_process(rows) for rows in chosen.rows]
    sys.stdout.write(as_markdown(results) + "\n")
    if chosen.out:
        chosen.out.parent.mkdir(parents=True, exist_ok=True)
        chosen.out.write_bytes(canonical_json([asdict(result) for result in results]))


if __name__ == "__main__":
    main()
