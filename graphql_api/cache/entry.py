"""An answer as it is kept: its bytes, how long they are good, and what they are about."""

from __future__ import annotations

import math
import secrets
from dataclasses import dataclass, field
from hashlib import sha256
from random import random, uniform

import orjson

from graphql_api.cache.policy import Policy
from recs_core.online.invalidations import Position

JITTER = 0.1
"""The part of its time that an answer may live shorter, so that what was made together does not end together."""

EAGERNESS = 1.0
"""How early hot answers are made anew: 1 is the best for costs that vary little (Vattani and others, VLDB 2015)."""

NEVER_EARLIER = 20.0
"""In costs: that the lot falls on one who comes earlier than so many costs before the end has a chance of 2e-9."""

STALE_S = 60
"""How long a shared cache between us and the client may give an answer whose time is over while it asks us anew."""

MARK_LENGTH = 16


@dataclass(slots=True, eq=False)
class Entry:
    """A kept answer.

    Args:
        body: the JSON.
        etag: digest of the body.
        private: whether it is for who asked alone.
        made_at: when its computation began, by the wall clock in seconds, for servers share entries.
        expires_at: when its time is over.
        cost_s: how long it took to make.
        position: of the invalidations that were known when its computation began.
        tags: what it is about.
        mark: tells it from all others; `MARK_LENGTH` characters.
    """

    body: bytes
    etag: str
    private: bool
    made_at: float
    expires_at: float
    cost_s: float
    position: Position
    tags: tuple[str, ...]
    mark: str
    cache_control: str = field(init=False)
    """The header that tells clients the same."""
    look_from: float = field(init=False)
    """Until then a hit needs to look at nothing but the invalidations."""
    generation: int = field(init=False, default=-1)
    """Of the invalidations, when it was last found good."""

    def __post_init__(self) -> None:
        self.look_from = self.expires_at - NEVER_EARLIER * EAGERNESS * self.cost_s
        # what is left of it, as the standard has it: max-age less the header Age
        max_age = int(self.expires_at - self.made_at)
        self.cache_control = f"private, max-age={max_age}"
        if not self.private:
            self.cache_control = f"public, max-age={max_age}, stale-while-revalidate={min(max_age, STALE_S)}"

    @classmethod
    def of(
        cls,
        body: bytes,
        policy: Policy,
        tags: frozenset[str],
        *,
        made_at: float,
        cost_s: float,
        position: Position,
    ) -> Entry:
        """A new answer."""
        return cls(
            body=body,
            etag=sha256(body).hexdigest()[:32],
            private=policy.private,
            made_at=made_at,
            expires_at=made_at + policy.max_age * uniform(1 - JITTER, 1),  # noqa: S311  # nosec B311
            cost_s=cost_s,
            position=position,
            tags=tuple(sorted(tags)),
            mark=secrets.token_hex(MARK_LENGTH // 2),
        )

    @property
    def size(self) -> int:
        """Bytes that it takes in the process, about."""
        return len(self.body) + sum(map(len, self.tags)) + 60 * len(self.tags) + 400

    def falls_to_refresh(self, now: float) -> bool:
        """Whether the lot falls on who asks now to make it anew before its time is over (XFetch).

        The more it costs and the nearer the end, the likelier; so of many who ask one begins, in good time.
        """
        return now - self.cost_s * EAGERNESS * math.log(1 - random()) >= self.expires_at  # noqa: S311  # nosec B311

    def encode(self) -> bytes:
        """As it stands in Redis: mark, a line of JSON, body."""
        head = {
            "etag": self.etag,
            "private": self.private,
            "made_at": self.made_at,
            "expires_at": self.expires_at,
            "cost_s": self.cost_s,
            "position": self.position,
            "tags": self.tags,
        }
        return b"".join((self.mark.encode(), orjson.dumps(head), b"\n", self.body))

    @classmethod
    def decode(cls, kept: bytes) -> Entry:
        """What `encode` wrote."""
        end = kept.index(b"\n")
        head = orjson.loads(kept[MARK_LENGTH:end])
        time_ms, number = head.pop("position")
        tags = tuple(head.pop("tags"))
        mark = kept[:MARK_LENGTH].decode()
        return cls(body=kept[end + 1 :], position=(time_ms, number), tags=tags, mark=mark, **head)
