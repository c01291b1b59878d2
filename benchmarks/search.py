"""How well and how fast search finds a book: by all of its words, with a typing error, and before they are all typed.

For each catalogue prints what the index costs (seconds to build, megabytes, milliseconds to open what is mapped), and
a line for each way of asking: the share of queries whose book is first and on the first page of ten, and the
milliseconds of a query. Times of building and asking are of the processor, on one thread, for others may use the
machine. A query is a random book's title and authors:

- whole: as it stands;
- one error: with one letter left out, doubled, replaced or swapped with the next, anywhere in it;
- typed so far: its first 50, 75 or 90 %, as a person has typed it by then;
- one letter, common word: what matches the most books, which costs the most; no book is meant.

Books of the same title and authors, such as editions, are equally right. Generated catalogues have few different
words, each of them in very many books: the worst there is for the lists of books. Those "with names" have a made-up
name in each title, which makes as many words as a large store has: the worst for the search of errors.

    OMP_NUM_THREADS=1 python -m benchmarks.search --real data --sizes 36000 1000000 --queries 300
"""

from __future__ import annotations

import argparse
import datetime
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from benchmarks.machine import machine
from recs_core.data.arrays import canonical_json, read_arrays, replacing_file, write_arrays
from recs_core.data.catalogue import Catalogue
from recs_core.data.sources.generated_books import describe_books, make_shelves
from recs_core.data.splits.split import Split
from recs_core.features.search_index import SearchConfig, SearchIndex
from recs_core.features.search_text import search_words

PAGE = 10
TYPED = (0.5, 0.75, 0.9)
SYLLABLES = tuple(first + second for first in "bcdfghklmnprstvwz" for second in "aeiou")
ALPHABET = "abcdefghijklmnopqrstuvwxyz"


def generated(n_books: int, rng: np.random.Generator, *, names: bool) -> tuple[Catalogue, NDArray[np.int64]]:
    """A made-up catalogue and how many have read each book; with a made-up name in each title if `names`."""
    catalogue = describe_books(make_shelves(n_books, rng), datetime.date(2023, 1, 1), 730, rng)
    if names:
        parts = [
            pa.array(SYLLABLES).take(pa.array(rng.integers(len(SYLLABLES), size=n_books))) for _ in range(3)
        ]
        named = pc.binary_join_element_wise(
            pc.binary_join_element_wise(*parts, ""), catalogue.table["title"], " "
        )
        catalogue = Catalogue(catalogue.table.set_column(1, catalogue.table.schema.field("title"), named))
    return catalogue, rng.zipf(1.5, n_books).clip(max=n_books)


def with_error(text: str, rng: np.random.Generator) -> str:
    """A text with one letter left out, doubled, replaced or swapped with the next."""
    letters = [place for place, letter in enumerate(text) if letter.isalnum()]
    wrong = text
    # two equal letters that are swapped are no error
    while wrong == text:
        at, letter = int(rng.choice(letters)), str(rng.choice(list(ALPHABET)))
        swapped = text[at + 1 : at + 2] + text[at]
        middle, skip = [("", 1), (text[at] * 2, 1), (letter, 1), (swapped, 2)][int(rng.integers(4))]
        wrong = text[:at] + middle + text[at + skip :]
    return wrong


def typed(text: str, *, share: float) -> str:
    """The beginning of a text."""
    return text[: round(share * len(text))]


def ask(index: SearchIndex, queries: Sequence[str]) -> tuple[list[list[int]], dict[str, float]]:
    """The first page of each query, and percentiles of the milliseconds that one takes."""
    pages, took = [], []
    for query in queries:
        start = time.thread_time()
        rows, _ = index.search(query, k=PAGE)
        took.append(1e3 * (time.thread_time() - start))
        pages.append(rows.tolist())
    return pages, {f"p{share}_ms": round(float(np.percentile(took, share)), 2) for share in (50, 95, 99)}


def measure(
    name: str, catalogue: Catalogue, readers: NDArray[np.int64], *, queries: int, seed: int
) -> dict[str, Any]:
    """Index a catalogue, store and open the index, and ask it."""
    rng = np.random.default_rng(seed)
    start = time.thread_time()
    built = SearchIndex.build(catalogue, readers, SearchConfig())
    result: dict[str, Any] = {"catalogue": name, "books": len(catalogue), "words": len(built.terms)}
    result["build_s"] = round(time.thread_time() - start, 1)
    with tempfile.TemporaryDirectory() as scratch:
        write_arrays(Path(scratch) / "index", built.arrays("search."), {})
        arrays, _ = read_arrays(Path(scratch) / "index")
        start = time.perf_counter()
        index = SearchIndex.from_arrays(arrays, "search.")
        result["open_ms"] = round(1e3 * (time.perf_counter() - start), 2)
        result["megabytes"] = round(sum(array.nbytes for array in arrays.values()) / 1e6, 1)
        result["asked"] = _ask_all_ways(index, catalogue, queries, rng)
    return result


def _ask_all_ways(
    index: SearchIndex, catalogue: Catalogue, queries: int, rng: np.random.Generator
) -> list[dict[str, Any]]:
    rows = rng.choice(len(catalogue), size=min(queries, len(catalogue)), replace=False).astype(np.int32)
    wholes = [text for text in texts_of(catalogue, rows) if search_words(text)]
    ways: dict[str, Callable[[str], str]] = {"whole": str, "one error": lambda text: with_error(text, rng)}
    ways |= {f"typed {share:.0%}": partial(typed, share=share) for share in TYPED}
    asked = []
    for way, change in ways.items():
        pages, took = ask(index, [change(text) for text in wholes])
        found = [
            [text == whole for text in texts_of(catalogue, np.array(page, dtype=np.int32))]
            for page, whole in zip(pages, wholes, strict=True)
        ]
        first = round(float(np.mean([page[:1] == [True] for page in found])), 3)
        asked.append(
            {"way": way, "first": first, "page": round(float(np.mean([any(p) for p in found])), 3), **took}
        )
    common = index.terms.terms[np.argsort(-np.diff(index.postings.starts), kind="stable")[:20]].tolist()
    for way, texts in (("one letter", list(ALPHABET)), ("common word", common)):
        asked.append({"way": way, **ask(index, texts)[1]})
    return asked


def texts_of(catalogue: Catalogue, rows: NDArray[np.int32]) -> list[str]:
    """Title and authors of some books."""
    return [f"{book.title} {' '.join(book.authors)}" for book in catalogue.records(rows)]


def main() -> None:
    """Measure, print, and write where it was asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--real", type=Path, help="a data folder with split/, whose catalogue is measured too"
    )
    parser.add_argument("--sizes", type=int, nargs="*", default=[36_000], help="of generated catalogues")
    parser.add_argument("--queries", type=int, default=500)
    parser.add_argument("--seed", type=int, default=20040801)
    parser.add_argument("--out", type=Path, help="write the figures as JSON, too")
    arguments = parser.parse_args()
    results = []
    print(
        "| catalogue | books | words | build s | MB | open ms | query | first | page | p50 ms | p95 ms | p99 ms |"
    )
    print("|---|---:|---:|---:|---:|---:|---|---:|---:|---:|---:|---:|")
    for name, size in [
        *([("real", 0)] if arguments.real else []),
        *((name, size) for size in arguments.sizes for name in ("generated", "with names")),
    ]:
        if name == "real":
            catalogue = Catalogue.load(arguments.real / "split/catalogue.arrow")
            readers = Split.load(arguments.real / "split").everything.book_counts
        else:
            catalogue, readers = generated(
                size, np.random.default_rng(arguments.seed), names=name == "with names"
            )
        found = measure(name, catalogue, readers, queries=arguments.queries, seed=arguments.seed)
        results.append(found)
        head = (
            f"| {name} | {found['books']:,} | {found['words']:,} | {found['build_s']} | {found['megabytes']} "
        )
        for way in found["asked"]:
            cells = [str(way.get(key, "")) for key in ("way", "first", "page", "p50_ms", "p95_ms", "p99_ms")]
            print(f"{head}| {found['open_ms']} | {' | '.join(cells)} |", flush=True)
    if arguments.out:
        with replacing_file(arguments.out) as path:
            path.write_bytes(canonical_json({"machine": machine(), "results": results}))


if __name__ == "__main__":
    main()
