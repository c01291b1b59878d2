"""One library in a process of its own, which fits and ranks on command: what `benchmarks.models` times.

    python benchmarks/library_worker.py rectools history.npz

Commands come as lines of JSON on stdin, answers go as lines of JSON to stdout. This file imports nothing of the
project but in `Ours`, so that any interpreter which has the library can run it.
"""

# mypy: disable-error-code="import-not-found"
import json
import os
import sys
import time
import warnings
from importlib.metadata import version
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, load_npz

THREADS = 2
SEED = 20040801
K = 20
PARAMETERS: dict[str, dict[str, Any]] = {
    "als": {"factors": 128, "regularization": 50.0, "alpha": 10.0, "iterations": 15},
    "bpr": {"factors": 64, "learning_rate": 0.05, "regularization": 0.01, "iterations": 40},
    "item_knn": {"neighbours": 100},
}
"""Of every library's models, as far as it has them."""


class Library(Protocol):
    """A library as it is compared: its own data structure is made at first, which is not timed."""

    package: ClassVar[str]
    """Its name as a package."""

    def __init__(self, history: csr_matrix) -> None: ...

    def fit(self, model: str) -> None:
        """Fit a model of `PARAMETERS`; a KeyError where the library has none."""

    def rank(self) -> NDArray[np.int32]:
        """The `K` best unread books of every user, `int32[n_users, K]`, -1 where there is none."""


class Ours:
    """This project."""

    package: ClassVar[str] = "bookverse-recs"

    def __init__(self, history: csr_matrix) -> None:
        from scipy.sparse import csr_array

        from recs_core.data.idmap import IdMap
        from recs_core.data.interactions import InteractionSet

        users, books = (
            IdMap.from_ids([f"{row:08d}" for row in range(size)], space=space)
            for size, space in zip(history.shape, ("user", "book"), strict=True)
        )
        self.history = InteractionSet(users, books, csr_array(history))

    def fit(self, model: str) -> None:
        """See `Library.fit`."""
        import recs_core.models  # noqa: F401 - registers the models
        from recs_core.models.registry import ModelSpec, build_model

        config = PARAMETERS[model]
        if model == "item_knn":
            # what implicit's TFIDFRecommender does
            config = config | {"weighting": "tfidf", "shrinkage": 0.0}
        built = build_model(ModelSpec(kind=model, config=config), where=model)
        self.model = built.fit(self.history, None, rng=np.random.default_rng(SEED))

    def rank(self) -> NDArray[np.int32]:
        """See `Library.rank`."""
        from recs_core.models.base import recommend_all

        return recommend_all(self.model, self.history.matrix, k=K, threads=THREADS).books


class Implicit:
    """The library that ALS, BPR and item-kNN are fitted by."""

    package: ClassVar[str] = "implicit"

    def __init__(self, history: csr_matrix) -> None:
        self.history = history

    def fit(self, model: str) -> None:
        """See `Library.fit`."""
        self.model = implicit_model(model)
        self.model.fit(self.history, show_progress=False)

    def rank(self) -> NDArray[np.int32]:
        """See `Library.rank`; users are those of the training, by their stored factors."""
        users = np.arange(self.history.shape[0])
        books, _ = self.model.recommend(users, self.history, N=K, filter_already_liked_items=True)
        return np.asarray(books, dtype=np.int32)


class ImplicitFoldIn(Implicit):
    """implicit, with the factors of every user computed anew from the history."""

    def rank(self) -> NDArray[np.int32]:
        """See `Library.rank`."""
        users = np.arange(self.history.shape[0])
        books, _ = self.model.recommend(
            users, self.history, N=K, filter_already_liked_items=True, recalculate_user=True
        )
        return np.asarray(books, dtype=np.int32)


class RecTools:
    """implicit's models and its ranker, behind data frames."""

    package: ClassVar[str] = "rectools"

    def __init__(self, history: csr_matrix) -> None:
        import pandas as pd
        from rectools import Columns
        from rectools.dataset import Dataset

        pairs = history.tocoo()
        frame = pd.DataFrame({Columns.User: pairs.row, Columns.Item: pairs.col, Columns.Weight: pairs.data})
        frame[Columns.Datetime] = pd.Timestamp("2004-08-01")
        self.dataset, self.users, self.n_users = (
            Dataset.construct(frame),
            np.unique(pairs.row),
            history.shape[0],
        )

    def fit(self, model: str) -> None:
        """See `Library.fit`."""
        from rectools.models import (
            ImplicitALSWrapperModel,
            ImplicitBPRWrapperModel,
            ImplicitItemKNNWrapperModel,
        )

        inner = implicit_model(model)
        if model == "item_knn":
            self.model = ImplicitItemKNNWrapperModel(inner)
        else:
            wrapper = ImplicitALSWrapperModel if model == "als" else ImplicitBPRWrapperModel
            self.model = wrapper(inner, recommend_n_threads=THREADS, recommend_use_gpu_ranking=False)
        self.model.fit(self.dataset)

    def rank(self) -> NDArray[np.int32]:
        """See `Library.rank`."""
        found = self.model.recommend(self.users, self.dataset, k=K, filter_viewed=True)
        books = np.full((self.n_users, K), -1, dtype=np.int32)
        books[found["user_id"].to_numpy(), found["rank"].to_numpy() - 1] = found["item_id"].to_numpy()
        return books


class LensKit:
    """LensKit's own ALS and item-kNN; it has no BPR of this kind."""

    package: ClassVar[str] = "lenskit"

    def __init__(self, history: csr_matrix) -> None:
        import pandas as pd
        from lenskit.data import from_interactions_df

        pairs = history.tocoo()
        frame = pd.DataFrame({"user_id": pairs.row, "item_id": pairs.col})
        self.dataset, self.users, self.n_users = (
            from_interactions_df(frame),
            np.unique(pairs.row),
            history.shape[0],
        )

    def fit(self, model: str) -> None:
        """See `Library.fit`."""
        from lenskit.als import ImplicitMFScorer
        from lenskit.knn import ItemKNNScorer
        from lenskit.pipeline import topn_pipeline

        p = PARAMETERS[model]
        scorer = {
            "als": lambda: ImplicitMFScorer(
                embedding_size=p["factors"],
                epochs=p["iterations"],
                regularization=p["regularization"],
                weight=p["alpha"],
            ),
            "item_knn": lambda: ItemKNNScorer(
                max_nbrs=p["neighbours"], save_nbrs=p["neighbours"], feedback="implicit"
            ),
        }[model]()
        self.pipeline = topn_pipeline(scorer, n=K)
        self.pipeline.train(self.dataset)

    def rank(self) -> NDArray[np.int32]:
        """See `Library.rank`."""
        from lenskit.batch import recommend

        books = np.full((self.n_users, K), -1, dtype=np.int32)
        for key, items in recommend(self.pipeline, self.users, n=K, n_jobs=THREADS).items():
            found = items.ids()
            books[key.user_id, : len(found)] = found
        return books


LIBRARIES: dict[str, type[Library]] = {
    "ours": Ours,
    "implicit": Implicit,
    "implicit_fold_in": ImplicitFoldIn,
    "rectools": RecTools,
    "lenskit": LensKit,
}


def implicit_model(model: str) -> Any:
    """implicit's model of `PARAMETERS`; BPR on one thread, as several give other factors at every fit."""
    p = PARAMETERS[model]
    if model == "als":
        from implicit.cpu.als import AlternatingLeastSquares

        return AlternatingLeastSquares(**p, num_threads=THREADS, random_state=SEED)
    if model == "bpr":
        from implicit.cpu.bpr import BayesianPersonalizedRanking

        return BayesianPersonalizedRanking(**p, num_threads=1, random_state=SEED)
    from implicit.nearest_neighbours import TFIDFRecommender

    return TFIDFRecommender(K=p["neighbours"], num_threads=THREADS)


def main() -> None:
    """Answer commands until stdin ends."""
    # what a library prints must not come between the answers
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    warnings.simplefilter("ignore")
    name, path = sys.argv[1:]
    library = LIBRARIES[name]
    instance = library(csr_matrix(load_npz(path), dtype=np.float32))
    print(json.dumps({"version": version(library.package)}), file=answers, flush=True)
    for line in sys.stdin:
        command = json.loads(line)
        wall, cpu = time.perf_counter(), time.process_time()
        if command["do"] == "fit":
            instance.fit(command["model"])
        else:
            books = instance.rank()
        answer = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
        if command["do"] == "rank":
            np.save(command["to"], books)
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
