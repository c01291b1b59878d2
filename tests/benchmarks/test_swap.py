"""The figures of swaps are those of the replies, and generated bundles are served."""

from __future__ import annotations

from pathlib import Path

from benchmarks.generated_bundle import generated_bundle, kept_bundle
from benchmarks.load import READY, RECOMMENDATIONS, Reply, ask_all, request_of, serving
from benchmarks.swap import around
from recs_core.artifacts.bundle import open_bundle


def test_a_swap_is_told_by_the_replies_around_it() -> None:
    replies = [
        Reply(9.5, 0.01, ok=True, version="old", cached=True),
        Reply(10.1, 0.02, ok=False, version="old", cached=False),
        Reply(10.6, 0.3, ok=True, version="new", cached=False),
        Reply(10.7, 0.01, ok=True, version="new", cached=True),
        Reply(99.0, 9.0, ok=False, version="new", cached=False),
    ]
    assert around(replies, 10.0, "new") == {
        "version": "new",
        "requests": 4,
        "failed": 1,
        "to the first new answer ms": 600,
        "longest pause ms": 600.0,
        "slowest request ms": 300.0,
        "hit rate in the second after": 0.5,
    }


def test_a_generated_bundle_is_served_and_its_replies_are_noted(tmp_path: Path) -> None:
    path = kept_bundle(tmp_path, books=200)
    bundle = open_bundle(path)
    # made once, and the same each time
    assert kept_bundle(tmp_path, books=200) == path
    assert generated_bundle(tmp_path / "again", books=200) == bundle.version
    good = request_of(RECOMMENDATIONS, {"userId": str(bundle.users.array[0])})
    with serving("--bundle", str(path)) as (_, url):
        ready, first, again, bad = ask_all(url, [READY, good, good, request_of("{ nothing }", {})])
    assert ready.ok
    assert [(each.ok, each.cached) for each in (first, again, bad)] == [
        (True, False),
        (True, True),
        (False, False),
    ]
    assert first.version == bundle.version
