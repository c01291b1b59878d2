"""The pipeline's parameters name the events that it is trained on."""

from __future__ import annotations

import shutil
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from project_copy import ROOT

from pipelines import train_on_events
from pipelines.event_table import append
from pipelines.params import load_params
from pipelines.train_on_events import name_in, snapshot
from recs_core.data.sources.with_events import WithEvents
from recs_core.errors import ParameterError
from recs_core.online.connection import connect
from recs_core.online.events import Interaction
from recs_core.online.redis_server import EmbeddedRedis
from recs_core.online.streams import EventProducer
from recs_core.testing.events import purchase, view


def table_of(folder: Path, *events: Interaction) -> Path:
    with EmbeddedRedis(max_memory_bytes=2**26) as server, connect(server.url) as client:
        EventProducer(client).send(events)
        append(client, folder)
    return folder


def test_the_same_events_give_the_same_file_whatever_their_order(tmp_path: Path) -> None:
    events = [purchase("a"), view("b", ms=1), purchase("c", ms=2)]
    one = snapshot(table_of(tmp_path / "one", *events), tmp_path / "raw")
    other = snapshot(table_of(tmp_path / "other", *reversed(events)), tmp_path / "raw")
    assert one == other
    assert one is not None
    assert pq.read_table(one)["event_id"].to_pylist() == ["a", "c"]
    more = snapshot(table_of(tmp_path / "more", *events, purchase("d")), tmp_path / "raw")
    assert more != one
    assert sorted(path.name for path in (tmp_path / "raw").iterdir()) == sorted([one.name, more.name])  # type: ignore[union-attr]


def test_params_read_the_events_beside_their_source_and_stay_valid(tmp_path: Path) -> None:
    params = tmp_path / "params.yaml"
    shutil.copy(ROOT / "params.yaml", params)
    before = load_params(params)
    name_in(params, Path("data/raw/events-1.parquet"))
    after = load_params(params)
    assert after.data.source == WithEvents.name
    assert after.data.sources[WithEvents.name] == {
        "form": before.data.source,
        "options": before.data.sources[before.data.source],
        "events": "data/raw/events-1.parquet",
    }
    assert after.models == before.models
    assert "# what counts as" in params.read_text()
    with pytest.raises(ParameterError, match=r"data\.source is with-events already"):
        name_in(params, Path("data/raw/events-2.parquet"))


def test_without_events_that_count_nothing_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert train_on_events.main(["--table", str(table_of(tmp_path / "table", view("a")))]) == 0
    assert capsys.readouterr().out == "no event counts as an interaction\n"
    assert not (tmp_path / "params.yaml").exists()
    shutil.copy(ROOT / "params.yaml", "params.yaml")
    more = table_of(tmp_path / "more", purchase("b"))
    assert train_on_events.main(["--table", str(more)]) == 0
    assert capsys.readouterr().out.startswith("trains on data/raw/events-")
    assert train_on_events.main(["--table", str(more)]) == 1
    assert "the events are not trained on" in capsys.readouterr().err
