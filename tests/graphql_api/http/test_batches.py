"""Several operations in one request."""

from __future__ import annotations

import logging

import pytest
from small_server import SmallServer, happened, small_server

from graphql_api.executor import Executor
from recs_core.artifacts.bundle import Bundle

HELLO = {"query": "{ hello }"}


@pytest.fixture
def small(bundle: Bundle):
    with small_server(bundle, batch_limit=3) as running:
        yield running


def test_batches_are_off_by_default(bundle: Bundle) -> None:
    with small_server(bundle) as small:
        response = small.post([HELLO])
    assert response.status_code == 400
    assert "batches are not served here" in response.json()["errors"][0]["message"]


def test_each_operation_has_its_own_outcome_in_its_own_place(small: SmallServer) -> None:
    answers = small.post(
        [{"query": "{ something }"}, HELLO, {"query": "subscription { count(to: 1) }"}]
    ).json()
    assert [sorted(answer) for answer in answers] == [["data", "errors"], ["data"], ["errors"]]
    assert answers[1] == {"data": {"hello": "hello world"}}
    assert answers[2]["errors"][0]["message"].startswith("only queries are served")


def test_they_run_side_by_side(small: SmallServer) -> None:
    # each of them ends when all three are under way
    batch = [{"query": f"{{ together(of: 3) }} # {place}"} for place in range(3)]
    assert small.post(batch).json() == [{"data": {"together": 3}}] * 3


def test_equal_operations_are_executed_once(small: SmallServer) -> None:
    assert small.post([HELLO] * 3).json() == [{"data": {"hello": "hello world"}}] * 3
    assert happened["hello"] == 1


@pytest.mark.parametrize(
    ("batch", "message"),
    [
        ([], "a batch has 1 to 3 operations (got 0)"),
        ([HELLO] * 4, "a batch has 1 to 3 operations (got 4)"),
        ([HELLO, {"query": 1}], 'operation 2 of the batch: "query" must be a string'),
        ([HELLO, [HELLO]], "operation 2 of the batch: the body must be a JSON object (got an array)"),
    ],
)
def test_a_batch_that_is_none_is_refused_whole(small: SmallServer, batch: list[object], message: str) -> None:
    response = small.post(batch)
    assert response.status_code == 400
    assert response.json()["errors"][0]["message"].startswith(message)
    assert not happened["hello"]


def test_a_batch_is_no_stream(small: SmallServer) -> None:
    response = small.post([HELLO], Accept="text/event-stream")
    assert response.status_code == 400
    assert "event stream" in response.json()["errors"][0]["message"]


def test_a_fault_of_ours_is_masked_in_its_place(
    small: SmallServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    run = Executor.run

    async def broken(self: Executor, operation, *surroundings, **options):
        if "else" in operation.document:
            raise RuntimeError("a secret of the executor")
        return await run(self, operation, *surroundings, **options)

    monkeypatch.setattr(Executor, "run", broken)
    with caplog.at_level(logging.ERROR):
        response = small.post([HELLO, {"query": "{ hello } # else"}], X_Request_ID="batch-1")
    assert response.json()[0] == {"data": {"hello": "hello world"}}
    assert response.json()[1]["errors"][0]["extensions"] == {
        "code": "INTERNAL_SERVER_ERROR",
        "requestId": "batch-1",
    }
    assert "secret" not in response.text
    assert "batch-1" in caplog.text
