"""What readers did of late, in Redis: bounded, expiring, and the same whatever the order of the events.

A profile keeps the newest events of each of its two parts, acts and signals, so that looking around never pushes out
what was bought. It is a function of the set of events alone: an event that comes twice or late changes nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from redis import Redis
from redis.asyncio import Redis as AsyncRedis

from recs_core.errors import ParameterError
from recs_core.online import keys
from recs_core.online.events import Interaction, Rating
from recs_core.online.profile_values import ProfileValues
from recs_core.online.scripts import Argument, Call, Script

TasteEvent: TypeAlias = tuple[str, float]
"""A book id and its weight, as `recs_core.serving.taste` takes it: below 0 a dislike."""

SIGNALS: Final = ("view", "click")
ACTS: Final = ("add_to_cart", "purchase", "rating", "dislike")
PARTS: Final = {"acts": ACTS, "signals": SIGNALS}
DECISIVE: Final = ("purchase", "rating", "dislike")

PART_LIMIT: Final = 100
"""Events of a part that a profile keeps."""

TTL_S: Final = 30 * 86_400
"""A profile lives so long after the reader's last event, and holds none that is so much older than the newest: the
bundle knows them by then."""

_VERSION: Final = b"#"  # no event id
_REMEMBER: Final = Script("remember")
_PART_OF: Final = {kind: part for part, kinds in PARTS.items() for kind in kinds}


@dataclass(frozen=True)
class TasteWeights:
    """What an event says of the reader's taste.

    Args:
        view, click, add_to_cart, purchase: above 0; a plain read of the bundle's history has 1.
        like_from: a rating from here on is a like, of weight 1; one below is a dislike.
    """

    view: float = 0.1
    click: float = 0.2
    add_to_cart: float = 0.5
    purchase: float = 1.0
    like_from: float = 0.0

    def __post_init__(self) -> None:
        for name in ("view", "click", "add_to_cart", "purchase"):
            if not 0 < getattr(self, name) < float("inf"):
                raise ParameterError(f"TasteWeights.{name} must be above 0 (got {getattr(self, name)})")

    def of(self, event: ProfileEvent) -> float:
        """The weight of one event; below 0 for a dislike."""
        match event.type:
            case "dislike":
                return -1.0
            case "rating":
                return 1.0 if event.value is not None and event.value >= self.like_from else -1.0
            case _:
                return float(getattr(self, event.type))


@dataclass(frozen=True, order=True)
class ProfileEvent:
    """An interaction as a profile keeps it; in the order of time, then of ids.

    Args:
        time_ms: milliseconds since 1970.
        event_id: of the event.
        type: `view`, `click`, `add_to_cart`, `purchase`, `rating` or `dislike`.
        book_id: the book.
        value: of a rating.
    """

    time_ms: int
    event_id: str
    type: str
    book_id: str
    value: float | None = None


@dataclass(frozen=True)
class Profile:
    """A reader's recent events.

    Args:
        events: oldest first.
        version: how many events have made it; grows with every change, starts anew where the profile expired.
    """

    events: tuple[ProfileEvent, ...] = ()
    version: int = 0

    def taste(self, weights: TasteWeights = TasteWeights()) -> list[TasteEvent]:
        """One event a book, in the order of time, for `recs_core.serving.taste.fold_in`.

        Of a book's purchases, ratings and dislikes the last counts. Where there is none, the strongest of its other
        events does: who looks at a book again has not taken back the cart.
        """
        chosen: dict[str, ProfileEvent] = {}
        for event in self.events:
            before = chosen.get(event.book_id)
            if before is not None and not _replaces(event, before, weights):
                continue
            chosen.pop(event.book_id, None)
            chosen[event.book_id] = event
        return [(book_id, weights.of(event)) for book_id, event in chosen.items()]

    @property
    def bought(self) -> frozenset[str]:
        """The books that were bought."""
        return frozenset(event.book_id for event in self.events if event.type == "purchase")


def _replaces(event: ProfileEvent, before: ProfileEvent, weights: TasteWeights) -> bool:
    if event.type in DECISIVE:
        return True
    return before.type not in DECISIVE and weights.of(event) >= weights.of(before)


class ProfileWriter:
    """The handler of the stream `interactions`: writes events into the profiles of their readers.

    Args:
        values: seals what is written, where there are keys.
        part_limit: events of a part that a profile keeps.
        ttl_s: how long a profile lives after its last change, and how much older than the newest an event may be.
    """

    def __init__(
        self,
        client: Redis,
        values: ProfileValues | None = None,
        *,
        part_limit: int = PART_LIMIT,
        ttl_s: int = TTL_S,
    ) -> None:
        self._client = client
        self._values = values or ProfileValues()
        self._part_limit = part_limit
        self._ttl_s = ttl_s

    def __call__(self, events: Sequence[Interaction]) -> list[Exception | None]:
        """Write events in one round trip; for each None, or why it cannot be written."""
        by_key: dict[tuple[str, str], list[int]] = {}
        for position, event in enumerate(events):
            by_key.setdefault((event.user_id, _PART_OF[event.type]), []).append(position)
        calls = [
            self._call(user_id, part, [events[position] for position in positions])
            for (user_id, part), positions in by_key.items()
        ]
        faults: list[Exception | None] = [None] * len(events)
        for positions, reply in zip(by_key.values(), _REMEMBER.run_many(self._client, calls), strict=True):
            if isinstance(reply, Exception):
                for position in positions:
                    faults[position] = reply
        return faults

    def _call(self, user_id: str, part: str, events: Iterable[Interaction]) -> Call:
        names = [keys.profile(user_id), keys.profile_order(user_id, part)]
        names += [keys.profile_order(user_id, other) for other in PARTS if other != part]
        arguments: list[Argument] = [self._part_limit, self._ttl_s * 1_000]
        for event in events:
            value = event.value if isinstance(event, Rating) else None
            time_ms = event.time_ms
            payload = self._values.write([event.type, event.book_id, time_ms, value], name=names[0])
            arguments += [event.event_id, time_ms, payload]
        return names, arguments


def read_profile(client: Redis, user_id: str, values: ProfileValues | None = None) -> Profile:
    """A reader's profile, in one round trip; empty for a reader without one.

    Args:
        values: opens what is sealed; an event that it cannot open is left out.
    """
    name = keys.profile(user_id)
    return _profile(client.hgetall(name), name, values or ProfileValues())


async def read_profile_async(
    client: AsyncRedis, user_id: str, values: ProfileValues | None = None
) -> Profile:
    """As `read_profile`, from an event loop."""
    name = keys.profile(user_id)
    return _profile(await client.hgetall(name), name, values or ProfileValues())


def _profile(fields: Any, name: str, values: ProfileValues) -> Profile:
    version = int(fields.pop(_VERSION, b"0"))
    events = []
    for event_id, payload in fields.items():
        value = values.read(payload, name=name)
        if value is not None:
            kind, book_id, time_ms, rating = value
            events.append(ProfileEvent(time_ms, event_id.decode(), kind, book_id, rating))
    return Profile(tuple(sorted(events)), version)
