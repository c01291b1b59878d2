"""A dead letter is sent again once, or not at all."""

from __future__ import annotations

import pytest
from redis import Redis

from recs_core.errors import ParameterError
from recs_core.online import keys
from recs_core.online.dead_letters import requeue


@pytest.mark.parametrize("letter_id", ["5", "-", "+", "", "rubbish", "5-2"])
def test_what_is_no_letter_sends_none_again(client: Redis, letter_id: str) -> None:
    client.xadd(keys.dead_letters("interactions"), {"event": "{}"}, id="5-1")
    with pytest.raises(ParameterError, match="has no dead letter"):
        requeue(client, "interactions", letter_id)
    assert client.xlen(keys.stream("interactions")) == 0
    requeue(client, "interactions", "5-1")
    assert client.xlen(keys.stream("interactions")) == 1
    assert client.xlen(keys.dead_letters("interactions")) == 0
