"""What has changed is made anew by every server: at once where the log is seen, after ten seconds where it is not."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from api_server import (
    RECOMMENDATIONS,
    ApiServer,
    api_server,
    eventually,
    nothing_to_catch_up,
    server_environment,
)
from redis import Redis
from redis.exceptions import RedisError

from graphql_api.cache.entry import Entry
from graphql_api.cache.invalidations import BLIND_AFTER_S, BLIND_TTL_S, CatchUp, Invalidations, followed
from graphql_api.cache.policy import Policy
from recs_core.artifacts.bundle import Bundle
from recs_core.errors import ParameterError
from recs_core.online.invalidations import LOG, MAX_TAGS, Message, checked, invalidate
from recs_core.online.redis_server import EmbeddedRedis

L1 = "bookverse; hit; detail=L1"
STORED = "bookverse; fwd=miss; stored"
BOOK = "query($id: ID!) { book(id: $id) { title } }"


@pytest.fixture(scope="module")
def shared_redis() -> Iterator[EmbeddedRedis]:
    with EmbeddedRedis(max_memory_bytes=16 * 2**20) as running:
        yield running


@pytest.fixture(scope="module")
def replicas(
    bundle: Bundle, shared_redis: EmbeddedRedis, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[ApiServer]]:
    logs = tmp_path_factory.mktemp("logs")
    environment = {"REDIS_URL": shared_redis.url}
    with (
        api_server(bundle.path, logs / "1", **environment) as one,
        api_server(bundle.path, logs / "2", **environment) as other,
    ):
        yield [one, other]


def told(redis: EmbeddedRedis, *tags: str) -> subprocess.CompletedProcess[str]:
    """What the command says."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "graphql_api.invalidate", *tags],
        env=server_environment(REDIS_URL=redis.url),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def kept_by(server: ApiServer, query: str, **variables: str) -> bool:
    return server.post(query, **variables).headers["Cache-Status"] == L1


def dropped(server: ApiServer) -> int:
    return server.client.get("/health/ready").json()["cache"]["invalidated tags"]


def test_a_changed_reader_and_a_changed_book_are_made_anew_by_every_server(
    replicas: list[ApiServer], shared_redis: EmbeddedRedis, bundle: Bundle
) -> None:
    books = bundle.books.array.tolist()
    listed = replicas[0].data(RECOMMENDATIONS, userId="u002")["recommendations"]["nodes"][3]["book"]["bookId"]
    unlisted = next(book for book in books if book != listed)
    for server in replicas:
        for _ in range(2):
            server.post(RECOMMENDATIONS, userId="u001")
            server.post(RECOMMENDATIONS, userId="u002")
            server.post(BOOK, id=listed)
            server.post(BOOK, id=unlisted)
        assert kept_by(server, RECOMMENDATIONS, userId="u001")
    before = [dropped(server) for server in replicas]
    ended = told(shared_redis, "user:u001", f"book:{listed}")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout == f"invalidated user:u001, book:{listed}\n"
    for server, count in zip(replicas, before, strict=True):
        eventually(lambda server=server, count=count: dropped(server) == count + 2, within_s=2)  # type: ignore[misc]
    # the first of the two makes it anew, the other may find what the first made
    status = [
        server.post(RECOMMENDATIONS, userId=user).headers["Cache-Status"]
        for server in replicas
        for user in ("u001", "u002")
    ]
    assert status == [STORED, STORED, "bookverse; hit; detail=L2", "bookverse; hit; detail=L2"]
    for server in replicas:
        # of the book itself too, and of nothing else
        assert not kept_by(server, BOOK, id=listed)
        assert kept_by(server, BOOK, id=unlisted)


def test_a_bundle_is_invalidated_whole(
    replicas: list[ApiServer], shared_redis: EmbeddedRedis, bundle: Bundle
) -> None:
    (server, _) = replicas
    server.post("{ readers }")
    assert kept_by(server, "{ readers }")
    count = dropped(server)
    told(shared_redis, f"bundle:{bundle.version}")
    eventually(lambda: dropped(server) == count + 1, within_s=2)
    assert not kept_by(server, "{ readers }")


@pytest.mark.parametrize("tag", ["author:1", "user:", "user: 1", "7", "user:" + "x" * 65])
def test_what_is_no_tag_is_refused(shared_redis: EmbeddedRedis, tag: str) -> None:
    ended = told(shared_redis, "user:1", tag)
    assert ended.returncode == 2
    assert f"a tag must be user:ID, book:ID or bundle:VERSION (got {tag!r})" in ended.stderr


def test_without_a_redis_the_command_says_that_nothing_was_invalidated(tmp_path: Path) -> None:
    for environment, said in (
        ({"REDIS_URL": f"unix://{tmp_path / 'nowhere.sock'}"}, "Redis does not answer, try again"),
        ({}, "REDIS_URL must name the Redis"),
    ):
        ended = subprocess.run(
            [sys.executable, "-m", "graphql_api.invalidate", "user:1"],
            env=server_environment(**environment),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert ended.returncode == 2
        assert said in ended.stderr


def test_tags_are_named_once_and_there_is_one() -> None:
    assert checked(["user:1", "book:2", "user:1"]) == ["user:1", "book:2"]
    with pytest.raises(ParameterError, match="at least one tag"):
        checked([])


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def entry(known: Invalidations, *tags: str, made_at: float = 0.0) -> Entry:
    policy = Policy(60, private=False)
    return Entry.of(b"", policy, frozenset(tags), made_at=made_at, cost_s=0.01, position=known.position)


def test_what_was_being_made_when_it_was_invalidated_is_not_good() -> None:
    known = Invalidations()
    known.begin([((1, 0), ())])
    begun_before = entry(known, "user:1", "book:2")
    assert known.allow(begun_before, 0)
    known.add((2, 0), ["book:2"])
    assert not known.allow(begun_before, 0)
    assert known.allow(entry(known, "user:1", "book:2"), 0)


def test_what_was_made_before_the_log_begins_is_not_good() -> None:
    known = Invalidations()
    unseen = entry(known)
    known.begin([((5, 0), ()), ((6, 0), ("user:1",))])
    assert not known.allow(unseen, 0)


def test_tags_that_are_forgotten_count_as_invalidated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("graphql_api.cache.invalidations.MAX_KNOWN", 3)
    known = Invalidations()
    known.begin([((1, 0), ())])
    old = entry(known, "book:99")
    known.add((2, 0), ["book:1"])
    recent = entry(known, "book:98")
    known.add((3, 0), ["book:2", "book:3", "book:4"])
    assert not known.allow(old, 0)
    assert known.allow(recent, 0)


def test_who_cannot_see_the_log_gives_answers_for_ten_seconds_only() -> None:
    clock = Clock()
    known = Invalidations(clock=clock)
    known.is_followed = True
    known.begin([((1, 0), ())])
    kept = entry(known, made_at=1_000)
    clock.now += BLIND_AFTER_S
    assert known.allow(kept, 1_050)
    clock.now += 0.1
    assert not known.allow(kept, 1_050)
    assert known.allow(entry(known, made_at=1_050), 1_050 + BLIND_TTL_S)
    known.seen()
    assert known.allow(kept, 1_050)


@asynccontextmanager
async def following(url: str, catch_up: CatchUp = nothing_to_catch_up) -> AsyncIterator[Invalidations]:
    known = Invalidations()
    async with followed(url, known, catch_up):
        yield known


async def until(known: Invalidations, kept: Entry) -> None:
    """Until an answer is no longer good."""
    async with asyncio.timeout(10):
        while known.allow(kept, kept.made_at):
            await asyncio.sleep(0.01)


@pytest.mark.anyio
async def test_a_server_that_begins_knows_what_was_invalidated_before(redis_server: EmbeddedRedis) -> None:
    async with following(redis_server.url) as first:
        kept = entry(first, "user:1")
        with Redis.from_url(redis_server.url) as redis:
            invalidate(redis, ["user:1"])
        async with following(redis_server.url) as second:
            assert not second.allow(kept, kept.made_at)
            assert second.allow(entry(first, "user:2"), 0)


@pytest.mark.anyio
async def test_what_was_sent_while_a_server_was_cut_off_is_heard_when_it_is_back(
    redis_server: EmbeddedRedis,
) -> None:
    async with following(redis_server.url) as known:
        kept, other = entry(known, "user:1"), entry(known, "user:2")
        with Redis.from_url(redis_server.url) as redis:
            # the log is read on a connection of its own, which is cut again and again
            for _ in range(3):
                redis.client_kill_filter(_type="normal", skipme=True)
            invalidate(redis, ["user:1"])
        await until(known, kept)
        assert known.allow(other, other.made_at)


@pytest.mark.anyio
async def test_a_log_that_is_lost_makes_all_that_was_kept_of_unknown_age(redis_server: EmbeddedRedis) -> None:
    async with following(redis_server.url) as known:
        kept = entry(known, "user:1")
        with Redis.from_url(redis_server.url) as redis:
            redis.delete(LOG)
        await until(known, kept)
        assert known.allow(entry(known, "user:1"), 0)


def test_many_tags_are_sent_in_several_messages(redis_server: EmbeddedRedis) -> None:
    with Redis.from_url(redis_server.url) as redis:
        invalidate(redis, [f"book:{n}" for n in range(MAX_TAGS + 1)])
        assert redis.xlen(LOG) == 2


@pytest.mark.anyio
async def test_an_answer_counts_as_newer_than_a_change_only_when_the_change_is_at_hand(
    redis_server: EmbeddedRedis,
) -> None:
    known_while_catching_up = []

    async def catch_up(messages: Sequence[Message]) -> None:
        if any(tags for _, tags in messages):
            known_while_catching_up.append(known.position)
            if len(known_while_catching_up) < 3:
                raise RedisError("the change cannot be read yet")

    async with following(redis_server.url, catch_up) as known:
        before, kept = known.position, entry(known, "book:7")
        with Redis.from_url(redis_server.url) as redis:
            invalidate(redis, ["book:7"])
        await until(known, kept)
    assert known_while_catching_up == [before] * 3
