"""RecBole's evaluation and ours of the same model on the same split of ml-100k give the same numbers.

RecBole's side is its own from the files on: it reads the split, numbers users and items itself, makes its data set,
loaders and samplers, and evaluates. Only the vectors that it scores with are those that our adapter trained. Ours is
the pipeline's: lists by `recommend_every_user`, metrics by `mean_accuracy`.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recs_core.data.cleaning.preparation import Preparation
from recs_core.data.idmap import IdMap
from recs_core.data.interactions import InteractionRows, InteractionSet
from recs_core.data.sources.recbole import MovieLens100K
from recs_core.data.splits.registry import split_interactions
from recs_core.data.splits.split import Split
from recs_core.evaluation.judge import mean_accuracy
from recs_core.models.recbole import RecBoleConfig, RecBoleVectors
from recs_core.models.recbole_shims import recbole_session
from recs_core.models.transductive import recommend_every_user

K = 10
UNTESTED = 20
"""Users of whom nothing is held out for the test: neither side counts them."""
NAMES = {"recall": "recall", "ndcg": "ndcg", "mrr": "mrr", "hit_rate": "hit", "precision": "precision"}
"""Our name of a metric to RecBole's."""


@pytest.fixture(scope="module")
def split() -> Split:
    """ml-100k, a random tenth of each user's films held out for validation, a fifth for test."""
    table = MovieLens100K().load(Path(), Preparation(), say=lambda _: None).interactions
    users = IdMap.from_ids(table["user_id"].to_pylist(), space="user")
    books = IdMap.from_ids(table["book_id"].to_pylist(), space="book")
    pairs = InteractionSet.from_rows(
        users, books, users.rows(table["user_id"].to_pylist()), books.rows(table["book_id"].to_pylist())
    )
    options = {"random": {"validation_share": 0.1, "test_share": 0.2}}
    rng = np.random.default_rng(5)
    parts = split_interactions(InteractionRows.of(pairs), "random", options, source="ml-100k", rng=rng).split
    tested = InteractionRows.of(parts.test)
    return replace(parts, test=tested.to_set(tested.user_rows >= UNTESTED))


def write_atomic_files(split: Split, folder: Path) -> None:
    for name in ("train", "validation", "test"):
        part = InteractionRows.of(getattr(split, name))
        pairs = zip(part.users.ids(part.user_rows), part.books.ids(part.book_rows), strict=True)
        lines = ["user_id:token\titem_id:token", *(f"{user}\t{book}" for user, book in pairs)]
        (folder / f"films.{name}.inter").write_text("\n".join(lines) + "\n")


def recbole_says(model: RecBoleVectors, split: Split, folder: Path) -> dict[str, float]:
    """What RecBole measures of the vectors of a model, from files of its own format."""
    import torch
    from recbole.data import create_dataset, data_preparation
    from recbole.model.general_recommender import BPR
    from recbole.trainer import Trainer

    from recs_core.models.recbole_data import Settings

    class FromFiles(Settings):
        def _get_final_config_dict(self) -> dict[str, Any]:
            return super()._get_final_config_dict() | {
                "benchmark_filename": ["train", "validation", "test"],
                "metric_decimal_place": 12,
                "topk": [K],
            }

    write_atomic_files(split, folder)
    settings = FromFiles("BPR", {}, epochs=1, seed=1)
    settings.final_config_dict |= {"dataset": "films", "data_path": str(folder)}
    dataset = create_dataset(settings)
    loaders = data_preparation(settings, dataset)
    network = BPR(settings, loaders[0].dataset)
    ours = {
        "user_id": (split.train.users, model.user_vectors),
        "item_id": (split.train.books, model.book_vectors),
    }
    for field, table in (("user_id", network.user_embedding), ("item_id", network.item_embedding)):
        ids, vectors = ours[field]
        numbered = dataset.field2id_token[field][1:]
        with torch.no_grad():
            table.weight[1:] = torch.from_numpy(vectors[ids.rows(numbered.tolist())])
    return dict(Trainer(settings, network).evaluate(loaders[2], load_best_model=False))


# RecBole fills missing values in a way that pandas 3 ignores; none is missing here
@pytest.mark.filterwarnings("ignore::pandas.errors.ChainedAssignmentError")
def test_recbole_and_we_measure_the_same(split: Split, tmp_path: Path) -> None:
    config = RecBoleConfig(model="BPR", epochs=3, options={"learning_rate": 0.01})
    model = RecBoleVectors(config).fit(split.train, None, rng=np.random.default_rng(1))
    history = split.known_before_test
    recs = recommend_every_user(model, history, k=K)
    ours = mean_accuracy(recs, split.test.matrix, list(NAMES), k=K)
    folder = tmp_path / "films"
    folder.mkdir()
    with recbole_session(1):
        theirs = recbole_says(model, split, folder)
    assert ours["ndcg"] > 0.1
    for name, of_recbole in NAMES.items():
        assert ours[name] == pytest.approx(theirs[f"{of_recbole}@{K}"], abs=1e-9), name
