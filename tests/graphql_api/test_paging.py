"""Pages hold still: no duplicates, no gaps, whatever is published in between."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from api_server import ApiServer, eventually, publish_another

from recs_core.artifacts.bundle import Bundle
from recs_core.serving.recommender import ServingRecommender
from recs_core.testing.tiny import tiny_bundle

PAGE = """query($after: String, $first: Int!) {
  bundle { version }
  list: recommendations(userId: "u003", first: $first, after: $after) {
    edges { cursor node { rank artifact { version } book { bookId } } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    totalCount
  }
}"""


def turned(server: ApiServer, first: int, after: str | None = None) -> Iterator[dict[str, Any]]:
    """Page after page."""
    more = True
    while more:
        page = server.data(PAGE, first=first, after=after)["list"]
        yield page
        more, after = page["pageInfo"]["hasNextPage"], page["pageInfo"]["endCursor"]


def book_ids(pages: list[dict[str, Any]]) -> list[str]:
    return [edge["node"]["book"]["bookId"] for page in pages for edge in page["edges"]]


@pytest.mark.parametrize("first", [1, 3, 7, 100])
def test_pages_make_the_whole_list(server: ApiServer, bundle: Bundle, first: int) -> None:
    whole = ServingRecommender(bundle).recommend("u003", k=100)
    expected = bundle.books.ids(whole.book_rows).tolist()
    pages = list(turned(server, first))
    assert book_ids(pages) == expected
    assert [edge["node"]["rank"] for page in pages for edge in page["edges"]] == list(
        range(1, len(expected) + 1)
    )
    assert {page["totalCount"] for page in pages} == {len(expected)}
    assert [page["pageInfo"]["hasPreviousPage"] for page in pages] == [False] + [True] * (len(pages) - 1)


def test_a_page_of_nothing_says_whether_there_is_more(server: ApiServer) -> None:
    page = server.data(PAGE, first=0)["list"]
    assert page["edges"] == []
    assert page["pageInfo"] == {
        "hasNextPage": True,
        "hasPreviousPage": False,
        "startCursor": None,
        "endCursor": None,
    }


def test_after_the_last_item_comes_an_empty_page(server: ApiServer) -> None:
    last = list(turned(server, 100))[-1]["pageInfo"]["endCursor"]
    page = server.data(PAGE, first=10, after=last)["list"]
    assert page["edges"] == []
    assert page["pageInfo"]["hasNextPage"] is False
    assert page["pageInfo"]["hasPreviousPage"] is True


def test_the_cursors_of_a_page_are_those_of_its_items(server: ApiServer) -> None:
    page = server.data(PAGE, first=3)["list"]
    assert page["pageInfo"]["startCursor"] == page["edges"][0]["cursor"]
    assert page["pageInfo"]["endCursor"] == page["edges"][-1]["cursor"]
    middle = server.data(PAGE, first=1, after=page["edges"][0]["cursor"])["list"]
    assert middle["edges"] == page["edges"][1:2]


def test_a_cursor_of_another_list_is_an_error(server: ApiServer) -> None:
    cursor = server.data(PAGE, first=1)["list"]["pageInfo"]["endCursor"]
    error = server.error(
        '{ recommendations(userId: "u004", after: "%s") { nodes { rank } } }' % cursor  # noqa: UP031
    )
    assert error["extensions"] == {"code": "BAD_CURSOR"}


def test_a_sequence_goes_on_with_its_bundle_when_another_is_published(
    publishing: ApiServer, published: Path, bundle: Bundle
) -> None:
    pages = [next(turned(publishing, 5))]
    new = publish_another(published, publishing, seed=8)
    pages += turned(publishing, 5, pages[0]["pageInfo"]["endCursor"])
    whole = ServingRecommender(bundle).recommend("u003", k=100)
    assert book_ids(pages) == bundle.books.ids(whole.book_rows).tolist()
    versions = {edge["node"]["artifact"]["version"] for page in pages for edge in page["edges"]}
    assert versions == {bundle.version}
    assert publishing.data("{ bundle { version } }")["bundle"]["version"] == new != bundle.version


def test_a_sequence_whose_bundle_is_gone_is_told_so(publishing: ApiServer, published: Path) -> None:
    after = publishing.data(PAGE, first=5)["list"]["pageInfo"]["endCursor"]
    publish_another(published, publishing, seed=8)
    newest = publish_another(published, publishing, seed=9)
    error = publishing.error(PAGE, first=5, after=after)
    assert error["extensions"] == {"code": "SNAPSHOT_EXPIRED", "currentVersion": newest}
    assert "begin again without after" in error["message"]


def test_a_damaged_publication_is_refused_and_the_old_one_goes_on(
    publishing: ApiServer, published: Path, bundle: Bundle, tmp_path: Path
) -> None:
    other = tiny_bundle(tmp_path / "other", seed=8)
    folder = published / other.version
    shutil.copytree(other.path, folder)
    victim = next(folder.glob("history.*.npy"))
    victim.write_bytes(victim.read_bytes()[:-1] + b"!")
    (published / "next").write_text(other.version + "\n")
    (published / "next").replace(published / "CURRENT")
    eventually(lambda: "the published bundle is refused" in publishing.log())
    assert victim.name in publishing.log()
    assert publishing.data("{ bundle { version } }")["bundle"]["version"] == bundle.version
    # once it is whole, publishing it anew is enough
    assert publish_another(published, publishing, seed=8) == other.version


def test_what_was_published_says_where_it_came_from(publishing: ApiServer) -> None:
    query = "{ bundle { gitRevision dvcLockHash publishedAt uncommittedChanges newestInteraction } }"
    found = publishing.data(query)["bundle"]
    assert found["publishedAt"].endswith("+00:00")
    assert len(found["dvcLockHash"]) == 64
