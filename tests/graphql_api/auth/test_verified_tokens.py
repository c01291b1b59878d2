"""The memory of verified tokens: bounded, by use, and no longer than told."""

from __future__ import annotations

import math

from graphql_api.auth.identity import Identity
from graphql_api.auth.verified_tokens import VerifiedTokens


def identity(name: str) -> Identity:
    return Identity(name, frozenset(), name, math.inf)


def test_the_least_recently_used_leave_first() -> None:
    tokens = VerifiedTokens(max_entries=2)
    for name in "ab":
        tokens.put(name.encode(), identity(name), until=10)
    assert tokens.get(b"a", now=0) == identity("a")
    tokens.put(b"c", identity("c"), until=10)
    assert [tokens.get(name, now=0) is not None for name in (b"a", b"b", b"c")] == [True, False, True]
    assert len(tokens) == 2


def test_what_has_had_its_time_is_gone() -> None:
    tokens = VerifiedTokens(max_entries=2)
    tokens.put(b"a", identity("a"), until=10)
    assert tokens.get(b"a", now=9.9) is not None
    assert tokens.get(b"a", now=10) is None
    assert len(tokens) == 0


def test_a_token_that_is_verified_again_takes_no_more_room() -> None:
    tokens = VerifiedTokens(max_entries=2)
    tokens.put(b"a", identity("a"), until=10)
    tokens.put(b"a", identity("a"), until=20)
    assert len(tokens) == 1
    assert tokens.get(b"a", now=15) is not None
