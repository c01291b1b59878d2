"""Every object with a global id can be asked for again by it."""

from __future__ import annotations

from api_server import ApiServer

from graphql_api.types.node import global_id
from recs_core.artifacts.bundle import Bundle

NODES = """query($ids: [ID!]!) {
  nodes(ids: $ids) { __typename id ... on Book { bookId title } ... on User { userId known cohort } }
}"""


def test_an_object_is_found_by_its_own_id(server: ApiServer, bundle: Bundle) -> None:
    book_id = str(bundle.books.array[4])
    data = server.data(
        'query($b: ID!) { book(id: $b) { id bookId title } user(id: "u004") { id known } }', b=book_id
    )
    book, user = data["book"], data["user"]
    found = server.data(NODES, ids=[book["id"], user["id"], book["id"]])["nodes"]
    assert found[0] == found[2] == {"__typename": "Book", **book}
    assert found[1]["__typename"] == "User"
    assert (found[1]["id"], found[1]["userId"]) == (user["id"], "u004")
    single = server.data("query($id: ID!) { node(id: $id) { id } }", id=book["id"])["node"]
    assert single == {"id": book["id"]}


def test_ids_of_nothing_are_null(server: ApiServer) -> None:
    # "Book:none" and "Bundle:x"
    assert server.data(NODES, ids=["Qm9vazpub25l", "QnVuZGxlOng="])["nodes"] == [None, None]


def test_books_come_in_the_order_asked_for_with_null_for_unknown_ones(
    server: ApiServer, bundle: Bundle
) -> None:
    ids = [str(bundle.books.array[row]) for row in (5, 1, 5)]
    asked = [ids[0], "nowhere", *ids[1:]]
    found = server.data("query($ids: [ID!]!) { books(ids: $ids) { bookId } }", ids=asked)["books"]
    assert found == [{"bookId": ids[0]}, None, {"bookId": ids[1]}, {"bookId": ids[2]}]
    assert server.data("{ books(ids: []) { bookId } }")["books"] == []


def test_a_reader_is_in_the_cohort_of_the_evaluation(server: ApiServer, bundle: Bundle) -> None:
    bounds = bundle.meta.cohorts
    for user_id in ("u001", "u020", "nobody"):
        user = server.data("query($id: ID!) { user(id: $id) { cohort historySize } }", id=user_id)["user"]
        size = user["historySize"]
        expected = "COLD" if size < bounds.cold_below else "HEAVY" if size >= bounds.heavy_from else "MEDIUM"
        assert user["cohort"] == expected


def test_models_are_those_that_were_compared(server: ApiServer, bundle: Bundle) -> None:
    models = server.data("{ models { name kind isServed metrics(k: 10) { model k } } }")["models"]
    assert [(each["name"], each["kind"]) for each in models] == [
        (each.name, each.kind) for each in bundle.meta.models
    ]
    (served,) = [each for each in models if each["isServed"]]
    assert served["name"] == bundle.meta.model_name
    assert {(each["model"], each["k"]) for each in served["metrics"]} == {(served["name"], 10)}


def test_there_are_no_experiments_until_some_are_configured(server: ApiServer) -> None:
    assert server.data("{ experiments { name variants { name strategy share } } }")["experiments"] == []


def test_a_character_that_numpy_does_not_see_makes_no_second_name(server: ApiServer) -> None:
    # "42" and "42\0" are one text to NumPy, and two to tags and the audit log
    for query, given in (("user", "u001\0"), ("node", global_id("User", "u001\0"))):
        error = server.error(f"query($id: ID!) {{ {query}(id: $id) {{ id }} }}", id=given)
        assert error["extensions"]["code"] == "BAD_USER_INPUT"
