"""A consumer acknowledges after the effect, takes over from the dead, and gives up on poison only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from recs_core.errors import ParameterError
from recs_core.online import keys
from recs_core.online.consumer import ConsumerSettings, StreamConsumer
from recs_core.online.dead_letters import dead_letters, drop, requeue
from recs_core.online.events import Event, encode
from recs_core.online.replay import replay
from recs_core.online.streams import EventProducer, lags
from recs_core.testing.events import view

AT_ONCE = ConsumerSettings(block_ms=1, claim_idle_ms=1, claim_every_s=0.0, max_deliveries=3)
LATER = ConsumerSettings(block_ms=1, claim_idle_ms=60_000, claim_every_s=60.0, max_deliveries=3)


class Recorder:
    """Keeps the ids that it handles; refuses those it is told to, and dies as a process would of others."""

    def __init__(self) -> None:
        self.seen: list[str] = []
        self.refused: set[str] = set()
        self.deadly: set[str] = set()
        self.away = False

    def __call__(self, events: Sequence[Event]) -> list[Exception | None]:
        if self.away:
            raise RedisConnectionError("away")
        for event in events:
            if event.event_id in self.deadly:
                raise KeyboardInterrupt
        self.seen += [event.event_id for event in events if event.event_id not in self.refused]
        return [ValueError("no") if event.event_id in self.refused else None for event in events]


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


def consumer(
    client: Redis, handler: Recorder, name: str = "one", settings: ConsumerSettings = AT_ONCE
) -> StreamConsumer:
    made = StreamConsumer(
        client, stream="interactions", group="profiles", name=name, handler=handler, settings=settings
    )
    made.join()
    return made


def send(client: Redis, *ids: str) -> None:
    EventProducer(client).send([view(event_id) for event_id in ids])


def steps(client: Redis, one: StreamConsumer) -> None:
    """Until nothing is left to do, in at most 30 rounds."""
    for _ in range(30):
        if one.step() == 0 and lags(client, "interactions") == {"profiles": 0}:
            return


def pending(client: Redis) -> int:
    return int(client.xpending(keys.stream("interactions"), "profiles")["pending"])


def test_what_is_handled_is_acknowledged(client: Redis, recorder: Recorder) -> None:
    one = consumer(client, recorder)
    send(client, "a", "b")
    assert one.step() == 2
    assert recorder.seen == ["a", "b"]
    assert (pending(client), lags(client, "interactions")) == (0, {"profiles": 0})


def test_consumers_of_a_group_share_the_events(client: Redis, recorder: Recorder) -> None:
    small = ConsumerSettings(batch=1, block_ms=1, claim_idle_ms=60_000)
    one = consumer(client, recorder, "one", small)
    two = consumer(client, recorder, "two", small)
    send(client, "a", "b")
    assert (one.step(), two.step(), one.step()) == (1, 1, 0)
    assert recorder.seen == ["a", "b"]


def test_nothing_is_acknowledged_before_its_effect(client: Redis, recorder: Recorder) -> None:
    one = consumer(client, recorder, settings=LATER)
    send(client, "a", "b")
    recorder.away = True
    with pytest.raises(RedisConnectionError):
        one.step()
    assert (pending(client), lags(client, "interactions")) == (2, {"profiles": 2})
    recorder.away = False
    # the same consumer goes on with what it holds, without waiting for a claim
    assert one.step() == 2
    assert recorder.seen == ["a", "b"]


def test_another_takes_over_what_the_dead_held(client: Redis, recorder: Recorder) -> None:
    dead = consumer(client, recorder, "dead")
    send(client, "a", "b")
    recorder.deadly = {"b"}
    with pytest.raises(KeyboardInterrupt):
        dead.step()
    recorder.deadly = set()
    heir = consumer(client, recorder, "heir")
    steps(client, heir)
    assert recorder.seen == ["a", "b"]
    assert heir.tally.claimed == 2
    assert pending(client) == 0


def test_an_event_that_kills_takes_no_other_with_it(client: Redis, recorder: Recorder) -> None:
    send(client, "a", "killer", "b")
    recorder.deadly = {"killer"}
    for life in range(20):
        one = consumer(client, recorder, f"life-{life}")
        try:
            steps(client, one)
        except KeyboardInterrupt:
            continue
        break
    assert sorted(recorder.seen) == ["a", "b"]
    (letter,) = dead_letters(client, "interactions")
    assert letter.payload == encode(view("killer"))
    assert "died" in letter.reason
    assert pending(client) == 0


def test_an_event_that_is_refused_is_tried_again_then_given_up_with_the_reason(
    client: Redis, recorder: Recorder
) -> None:
    one = consumer(client, recorder)
    send(client, "a", "bad", "b")
    recorder.refused = {"bad"}
    steps(client, one)
    assert recorder.seen == ["a", "b"]
    (letter,) = dead_letters(client, "interactions")
    assert (letter.reason, letter.deliveries, letter.group) == ("ValueError: no", 3, "profiles")
    assert lags(client, "interactions") == {"profiles": 0}


def test_an_event_that_is_refused_once_is_handled_the_next_time(client: Redis, recorder: Recorder) -> None:
    one = consumer(client, recorder)
    send(client, "late")
    recorder.refused = {"late"}
    one.step()
    recorder.refused = set()
    steps(client, one)
    assert recorder.seen == ["late"]
    assert not list(dead_letters(client, "interactions"))


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"event": b'{"type": "view"}'}, "interactions.view.schema_version: Field required"),
        ({"event": b"\xff"}, "interactions: Invalid JSON"),
        ({"other": b"x"}, "interactions: Invalid JSON"),
    ],
)
def test_what_is_no_event_is_a_dead_letter_at_once(
    client: Redis, recorder: Recorder, fields: dict[str, bytes], reason: str
) -> None:
    one = consumer(client, recorder)
    client.xadd(keys.stream("interactions"), fields)
    send(client, "good")
    one.step()
    assert recorder.seen == ["good"]
    (letter,) = dead_letters(client, "interactions")
    assert letter.reason.startswith(reason)
    assert letter.payload == fields.get("event", b"")
    assert (letter.deliveries, pending(client)) == (1, 0)


def test_an_event_from_the_future_is_a_dead_letter(client: Redis, recorder: Recorder) -> None:
    one = consumer(client, recorder)
    early = view("early").model_copy(update={"time": datetime.now(UTC) + timedelta(days=1)})
    client.xadd(keys.stream("interactions"), {"event": encode(early)})
    one.step()
    assert not recorder.seen
    assert "ahead" in next(dead_letters(client, "interactions")).reason


def test_a_handler_that_fails_as_a_whole_costs_only_the_event_to_blame(client: Redis) -> None:
    seen = []

    def handler(events: Sequence[Event]) -> list[Exception | None]:
        for event in events:
            if event.event_id == "bad":
                raise ZeroDivisionError("by bad")
        seen.extend(event.event_id for event in events)
        return [None] * len(events)

    one = StreamConsumer(
        client, stream="interactions", group="profiles", name="one", handler=handler, settings=AT_ONCE
    )
    one.join()
    send(client, "a", "bad", "b")
    steps(client, one)
    assert seen == ["a", "b"]
    assert next(dead_letters(client, "interactions")).reason == "ZeroDivisionError: by bad"


def test_a_dead_letter_can_be_sent_again_once(client: Redis, recorder: Recorder) -> None:
    one = consumer(client, recorder)
    send(client, "bad")
    recorder.refused = {"bad"}
    steps(client, one)
    recorder.refused = set()
    (letter,) = dead_letters(client, "interactions")
    requeue(client, "interactions", letter.letter_id)
    assert lags(client, "interactions") == {"profiles": 1}
    steps(client, one)
    assert recorder.seen == ["bad"]
    assert not list(dead_letters(client, "interactions"))
    with pytest.raises(ParameterError, match=f"no dead letter '{letter.letter_id}'"):
        requeue(client, "interactions", letter.letter_id)


def test_dead_letters_of_any_number_are_listed_and_dropped(client: Redis, recorder: Recorder) -> None:
    one = consumer(client, recorder)
    for number in range(1_100):
        client.xadd(keys.stream("interactions"), {"event": str(number)})
    steps(client, one)
    letters = list(dead_letters(client, "interactions"))
    assert [letter.payload for letter in letters] == [str(number).encode() for number in range(1_100)]
    assert drop(client, "interactions", [letter.letter_id for letter in letters]) == 1_100
    assert not list(dead_letters(client, "interactions"))


def test_an_event_that_was_trimmed_unhandled_is_told_of(client: Redis, recorder: Recorder) -> None:
    one = consumer(client, recorder)
    send(client, "lost", "kept")
    recorder.away = True
    with pytest.raises(RedisConnectionError):
        one.step()
    client.xtrim(keys.stream("interactions"), maxlen=1, approximate=False)
    recorder.away = False
    heir = consumer(client, recorder, "heir")
    steps(client, heir)
    assert recorder.seen == ["kept"]
    (letter,) = dead_letters(client, "interactions")
    assert "trimmed" in letter.reason
    assert (letter.payload, pending(client)) == (b"", 0)


def test_a_lag_that_trimming_made_wrong_is_set_right(client: Redis, recorder: Recorder) -> None:
    one = consumer(client, recorder)
    send(client, "a", "b", "c")
    client.xtrim(keys.stream("interactions"), maxlen=1, approximate=False)
    steps(client, one)
    assert recorder.seen == ["c"]
    assert lags(client, "interactions") == {"profiles": 0}


def test_it_goes_on_when_redis_comes_back_without_its_data(client: Redis, recorder: Recorder) -> None:
    one = consumer(client, recorder)
    client.flushall()
    send(client, "a")
    steps(client, one)
    assert recorder.seen == ["a"]


def test_a_consumer_that_leaves_is_not_listed_unless_it_holds_events(
    client: Redis, recorder: Recorder
) -> None:
    holder = consumer(client, recorder, "holder", LATER)
    send(client, "a")
    recorder.away = True
    with pytest.raises(RedisConnectionError):
        holder.step()
    idle = consumer(client, recorder, "idle", LATER)
    idle.step()
    for one in (holder, idle):
        one.leave()
    names = [each["name"] for each in client.xinfo_consumers(keys.stream("interactions"), "profiles")]
    assert names == [b"holder"]


def test_replay_starts_where_it_is_told_and_moves_no_group(client: Redis, recorder: Recorder) -> None:
    one = consumer(client, Recorder())
    ids = EventProducer(client).send([view(str(number)) for number in range(700)])
    client.xadd(keys.stream("interactions"), {"event": b"no event"})
    steps(client, one)
    assert replay(client, "interactions", recorder, start=ids[100]) == 600
    assert recorder.seen == [str(number) for number in range(100, 700)]
    assert lags(client, "interactions") == {"profiles": 0}


def test_replay_starts_at_a_time(client: Redis, recorder: Recorder) -> None:
    stream = keys.stream("interactions")
    for ms, event_id in ((1_000, "before"), (2_000, "at"), (3_000, "after")):
        client.xadd(stream, {"event": encode(view(event_id))}, id=f"{ms}-0")
    replay(client, "interactions", recorder, start=datetime.fromtimestamp(2, UTC))
    assert recorder.seen == ["at", "after"]
