"""`bookverse events`."""

from __future__ import annotations

from pathlib import Path

import pytest
from redis import Redis
from typed_command import Call

from recs_core.data.pseudonyms import Pseudonyms
from recs_core.online import keys
from recs_core.online.dead_letters import bury, dead_letters
from recs_core.online.events import decode, encode
from recs_core.online.profiles import read_profile
from recs_core.online.streams import join_group
from recs_core.testing.events import price, view


def sent(client: Redis, stream: str) -> list[object]:
    return [decode(stream, fields[b"event"]) for _, fields in client.xrange(keys.stream(stream))]


def test_an_event_is_sent_as_it_is_typed(bookverse: Call, client: Redis) -> None:
    assert bookverse("events", "send", "purchase", "--user", "u1", "--book", "b1").stdout == "sent 1 event\n"
    (event,) = sent(client, "interactions")
    assert (event.type, event.user_id, event.book_id) == ("purchase", "u1", "b1")  # type: ignore[attr-defined]
    assert (
        bookverse(
            "events", "send", "price_changed", "--book", "b1", "--fields", '{"version": 3, "price": 9.5}'
        ).exit_code
        == 0
    )
    (event,) = sent(client, "inventory")
    assert (event.version, event.price) == (3, 9.5)  # type: ignore[attr-defined]


def test_a_file_of_both_streams_is_sent_line_by_line(bookverse: Call, client: Redis, tmp_path: Path) -> None:
    events = [view("a"), price("p", 1, 2.0), view("b")]
    lines = b"\n".join(map(encode, events)) + b"\n\n"
    (tmp_path / "events.jsonl").write_bytes(lines)
    assert bookverse("events", "send", "--file", "events.jsonl").stdout == "sent 3 events\n"
    assert bookverse("events", "send", "--file", "-", input=lines.decode()).stdout == "sent 3 events\n"
    assert sent(client, "interactions") == [events[0], events[2]] * 2
    assert sent(client, "inventory") == [events[1]] * 2


def test_with_a_key_readers_are_sent_by_pseudonym(
    bookverse: Call, client: Redis, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = bytes(range(32))
    monkeypatch.setenv("BOOKVERSE_PSEUDONYM_KEY", key.hex())
    one = Pseudonyms(key).of("u1")
    (tmp_path / "events.jsonl").write_bytes(
        b"\n".join([encode(view("a", user_id="u1")), encode(price("p", 1, 2.0))])
    )
    bookverse("events", "send", "view", "--user", "u1", "--book", "b1")
    bookverse("events", "send", "view", "--user", one, "--book", "b1")
    bookverse("events", "send", "--file", "events.jsonl")
    assert [event.user_id for event in sent(client, "interactions")] == [one] * 3  # type: ignore[attr-defined]
    assert len(sent(client, "inventory")) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["purchase", "--book", "b"], "interactions.purchase.user_id: Field required"),
        (["steal"], "TYPE must be one of view, click"),
        ([], "give a TYPE, or a --file of events"),
        (["view", "--fields", "{"], "--fields is no JSON"),
        (
            ["view", "--user", "u", "--book", "\udcff"],
            "the event cannot be written as JSON: str is not valid UTF-8",
        ),
        (["view", "--fields", "[]"], "--fields must be a JSON object"),
        (["--file", "bad.jsonl"], "bad.jsonl, line 2: interactions.view.event_id: Field required"),
        (["--file", "none.jsonl"], "none.jsonl: cannot be read: "),
        (["--file", "worse.jsonl"], "worse.jsonl, line 1: is no event"),
    ],
)
def test_what_is_wrong_with_an_event_is_said_and_nothing_is_sent(
    bookverse: Call, client: Redis, tmp_path: Path, arguments: list[str], message: str
) -> None:
    good = encode(view("a")).decode()
    (tmp_path / "bad.jsonl").write_text(good + '\n{"type": "view", "schema_version": 1}')
    (tmp_path / "worse.jsonl").write_text("nothing")
    done = bookverse("events", "send", *arguments)
    assert done.exit_code == 1
    assert message in done.stderr
    assert sent(client, "interactions") == []


def test_what_is_lost_comes_back_by_replay(bookverse: Call, client: Redis) -> None:
    bookverse("events", "send", "view", "--user", "u1", "--book", "b1")
    assert bookverse("events", "replay", "interactions").stdout == "1 events have their effect\n"
    assert [event.book_id for event in read_profile(client, "u1").events] == ["b1"]
    assert bookverse("events", "replay", "interactions", "--from", "2999-01-01").stdout.startswith("0 events")
    assert bookverse("events", "replay", "interactions", "--from", "1969-01-01").stdout.startswith("1 events")
    assert "--from must be a place" in bookverse("events", "replay", "interactions", "--from", "now").stderr
    assert "stream must be one of interactions, inventory" in bookverse("events", "replay", "orders").stderr


def test_dead_letters_are_shown_and_sent_again(bookverse: Call, client: Redis) -> None:
    assert bookverse("events", "dead", "interactions").stdout == "there are none\n"
    join_group(client, "interactions", "profiles")
    for name in ("a", "b"):
        entry = client.xadd(keys.stream("interactions"), {"event": encode(view(name))})
        client.xreadgroup("profiles", "c", {keys.stream("interactions"): ">"})
        bury(
            client,
            "interactions",
            "profiles",
            entry.decode(),
            encode(view(name)),
            reason=f"broke {name}",
            deliveries=5,
        )
    shown = bookverse("events", "dead", "interactions").stdout
    assert "broke a" in shown
    assert "broke b" in shown
    first = next(dead_letters(client, "interactions")).letter_id
    assert bookverse("events", "dead", "interactions", "--requeue", first).stdout == "sent 1 again\n"
    assert bookverse("events", "dead", "interactions", "--requeue", "all").stdout == "sent 1 again\n"
    assert list(dead_letters(client, "interactions")) == []
