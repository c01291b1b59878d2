"""Which faults of Redis pass."""

from __future__ import annotations

import pytest
from redis import Redis
from redis.exceptions import ResponseError

from recs_core.online.scripts import is_transient
from recs_core.online.streams import join_group


def test_a_redis_without_its_replicas_may_have_them_again_later(client: Redis) -> None:
    client.config_set("min-replicas-to-write", 1)
    try:
        with pytest.raises(ResponseError) as direct:
            client.set("a", "b")
        with pytest.raises(ResponseError) as in_a_script:
            join_group(client, "interactions", "profiles")
    finally:
        client.config_set("min-replicas-to-write", 0)
    assert is_transient(direct.value)
    assert is_transient(in_a_script.value)


def test_a_request_that_is_wrong_stays_wrong(client: Redis) -> None:
    client.set("a", "b")
    with pytest.raises(ResponseError) as wrong:
        client.lpush("a", "b")
    assert not is_transient(wrong.value)
