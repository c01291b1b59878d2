"""Books, readers, metrics and the bundle."""

from __future__ import annotations

import numpy as np
import pytest
from api_server import ApiServer

from recs_core.artifacts.bundle import Bundle
from recs_core.serving.recommender import ServingRecommender

METRICS = """query($model: String, $metric: String, $k: Int) {
  metrics(model: $model, metric: $metric, k: $k) { model metric k mean low high users }
}"""


def test_a_book_is_its_catalogue_record(server: ApiServer, bundle: Bundle) -> None:
    query = """query($id: ID!) { book(id: $id) {
      bookId title authors year publisher language genres description coverUrl price inStock
    } }"""
    records = bundle.catalogue.records(np.arange(len(bundle.books), dtype=np.int32))
    for record in records:
        assert server.data(query, id=record.book_id)["book"] == {
            "bookId": record.book_id,
            "title": record.title,
            "authors": list(record.authors),
            "year": record.year,
            "publisher": record.publisher,
            "language": record.language,
            "genres": list(record.genres),
            "description": record.description,
            "price": record.price,
            "inStock": record.available,
            "coverUrl": record.cover_url,
        }
    assert any(record.year is None for record in records)
    assert any(record.cover_url is None for record in records)


def test_a_reader_has_the_history_of_the_bundle(server: ApiServer, bundle: Bundle) -> None:
    rows = ServingRecommender(bundle).history_rows("u005")
    ids = bundle.books.ids(rows).tolist()
    data = server.data(
        """{ user(id: "u005") {
          known historySize history { nodes { bookId } } few: history(first: 2) { nodes { bookId } }
        } }"""
    )
    assert data["user"] == {
        "known": True,
        "historySize": len(ids),
        "history": {"nodes": [{"bookId": book_id} for book_id in ids]},
        "few": {"nodes": [{"bookId": book_id} for book_id in ids[:2]]},
    }


def test_readers_are_known_and_always_the_same(server: ApiServer, bundle: Bundle) -> None:
    readers = server.data("{ readers }")["readers"]
    assert len(readers) == len(set(readers)) == 5
    lengths = np.diff(bundle.history.matrix.indptr)
    own = lengths[bundle.users.rows(readers)]
    assert np.all(np.abs(own - np.median(lengths)) <= 1)
    assert server.data("{ readers(first: 100) }")["readers"][:5] == readers


def of_everybody(bundle: Bundle) -> list[dict[str, object]]:
    everybody = [estimate for estimate in bundle.meta.metrics if estimate.cohort == "all"]
    assert len(everybody) < len(bundle.meta.metrics)
    return [estimate.model_dump(exclude={"cohort"}) for estimate in everybody]


def test_metrics_are_those_of_the_manifest(server: ApiServer, bundle: Bundle) -> None:
    expected = of_everybody(bundle)
    assert server.data(METRICS)["metrics"] == expected
    assert {entry["metric"] for entry in expected} >= {"ndcg", "recall", "coverage"}


@pytest.mark.parametrize(
    "wanted",
    [{"metric": "ndcg"}, {"k": 5}, {"metric": "recall", "k": 10}, {"model": "hybrid"}, {"model": "x"}],
)
def test_metrics_can_be_named(server: ApiServer, bundle: Bundle, wanted: dict[str, object]) -> None:
    expected = [
        entry for entry in of_everybody(bundle) if all(entry[key] == value for key, value in wanted.items())
    ]
    assert server.data(METRICS, **wanted)["metrics"] == expected


def test_the_bundle_says_what_is_served(server: ApiServer, bundle: Bundle) -> None:
    query = "{ bundle { version model modelKind source seed users books interactions dataDigest } }"
    assert server.data(query)["bundle"] == {
        "version": bundle.version,
        "model": "hybrid",
        "modelKind": "hybrid",
        "source": "tiny",
        "seed": 7,
        "users": 60,
        "books": 50,
        "interactions": len(bundle.history),
        "dataDigest": bundle.meta.data_digest,
    }
