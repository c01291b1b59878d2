"""Workers and Redis are killed while events flow: every effect is there exactly once."""

from pathlib import Path

from benchmarks.event_faults import run


def test_every_effect_is_there_exactly_once_after_workers_and_redis_were_killed(tmp_path: Path) -> None:
    outcome = run(events=6_000, rounds=6, workers=2, seed=3, folder=tmp_path)
    assert set(outcome.kills) == {"redis", "worker"}
    # batches came twice
    assert outcome.entries_in_streams > outcome.events
    assert outcome.is_exact, outcome
