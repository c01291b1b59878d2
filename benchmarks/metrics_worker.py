"""One library in a process of its own, which computes metrics on command: what `benchmarks.metrics` times.

    python benchmarks/metrics_worker.py rectools lists.npz

Each computes those of `NAMES` that it has, at 10 and 20, as means over the users. Its own data structure is made
before the clock starts. This file imports nothing of the project but in `ours`, so that any
interpreter which has the library can run it.
"""

# mypy: ignore-errors
import json
import sys
import time
from importlib.metadata import version

import numpy as np

CUTOFFS = (10, 20)
ACCURACY = ("precision", "recall", "f1", "hit_rate", "mrr", "map", "ndcg")
NAMES = (*ACCURACY, "user_coverage", "novelty", "serendipity", "average_popularity", "coverage")


def ours(data):
    """This project."""
    from scipy.sparse import csr_array

    from recs_core.data.topk import TopK
    from recs_core.evaluation.metrics import METRICS, EvaluationData, Judged

    books = data["books"]
    shape = (len(books), int(data["n_books"]))
    truth, train = (
        csr_array(
            (np.ones(len(data[f"{name}_items"]), np.float32), (data[f"{name}_users"], data[f"{name}_items"])),
            shape,
        )
        for name in ("truth", "train")
    )
    recs = TopK(books, np.zeros(books.shape, dtype=np.float32))

    def compute(names):
        judged = Judged(recs, EvaluationData(truth, train))
        return {
            f"{name}@{k}": float(np.nanmean(METRICS[name].values(judged, k=k)))
            for k in CUTOFFS
            for name in names
        }

    return compute, NAMES


def rectools(data):
    """RecTools, on data frames."""
    import pandas as pd
    from rectools import metrics as m

    made = {
        "precision": lambda k: m.Precision(k),
        "recall": lambda k: m.Recall(k),
        "f1": lambda k: m.F1Beta(k),
        "hit_rate": lambda k: m.HitRate(k),
        "mrr": lambda k: m.MRR(k),
        "map": lambda k: m.MAP(k),
        "ndcg": lambda k: m.NDCG(k, divide_by_achievable=True),
        "user_coverage": lambda k: m.CoveredUsers(k),
        "novelty": lambda k: m.MeanInvUserFreq(k),
        "serendipity": lambda k: m.Serendipity(k),
        "average_popularity": lambda k: m.AvgRecPopularity(k),
        "coverage": lambda k: m.CatalogCoverage(k, normalize=True),
    }
    reco, truth, train = _frames(data, pd)
    catalog = np.arange(int(data["n_books"]))

    def compute(names):
        wanted = {f"{name}@{k}": made[name](k) for k in CUTOFFS for name in names}
        return m.calc_metrics(wanted, reco, truth, train, catalog)

    return compute, NAMES


def ranx(data):
    """ranx, on its Qrels and Run."""
    from ranx import Qrels, Run, evaluate

    qrels = {}
    for user, item in zip(data["truth_users"].tolist(), data["truth_items"].tolist(), strict=True):
        qrels.setdefault(str(user), {})[str(item)] = 1
    length = data["books"].shape[1]
    run = {
        str(user): {str(book): float(length - place) for place, book in enumerate(line)}
        for user, line in enumerate(data["books"].tolist())
        if str(user) in qrels
    }
    qrels, run = Qrels(qrels), Run(run)

    def compute(names):
        wanted = [f"{name}@{k}" for k in CUTOFFS for name in names]
        found = evaluate(qrels, run, wanted)
        return {name: found[name] for name in wanted}

    # compiled at the first call
    compute(ACCURACY)
    return compute, ACCURACY


def lenskit(data):
    """LensKit, on its item lists."""
    import pandas as pd
    from lenskit.data import ItemListCollection
    from lenskit.metrics import NDCG, Hit, Precision, RecipRank, RunAnalysis
    from lenskit.metrics.ranking import LogRankWeight

    # its recall divides by k at most, and its average precision by the length of the list at most; its NDCG has the
    # second place undiscounted unless it is told otherwise
    made = {
        "precision": Precision,
        "hit_rate": Hit,
        "mrr": RecipRank,
        "ndcg": lambda n: NDCG(n, weight=LogRankWeight(offset=1)),
    }
    reco, truth, _ = _frames(data, pd)
    lists = ItemListCollection.from_df(reco, ["user_id"])
    held_out = ItemListCollection.from_df(truth, ["user_id"])

    def compute(names):
        analysis = RunAnalysis()
        for k in CUTOFFS:
            for name in names:
                analysis.add_metric(made[name](n=k), f"{name}@{k}")
        return analysis.measure(lists, held_out).list_summary()["mean"].to_dict()

    return compute, tuple(made)


def _frames(data, pd):
    books = data["books"]
    users = np.repeat(np.arange(len(books)), books.shape[1])
    ranks = np.tile(np.arange(1, books.shape[1] + 1), len(books))
    reco = pd.DataFrame({"user_id": users, "item_id": books.ravel(), "rank": ranks})
    names = ("truth", "train")
    parts = (pd.DataFrame({"user_id": data[f"{n}_users"], "item_id": data[f"{n}_items"]}) for n in names)
    return (reco, *parts)


def main():
    """Time one library and say what it found."""
    library, path, rounds = sys.argv[1], sys.argv[2], int(sys.argv[3])
    with np.load(path) as loaded:
        data = dict(loaded)
    compute, names = {"ours": ours, "rectools": rectools, "ranx": ranx, "lenskit": lenskit}[library](data)
    asked = sys.argv[4].split(",") if len(sys.argv) > 4 else list(names)
    seconds = []
    for _ in range(rounds):
        began = time.perf_counter()
        values = compute(asked)
        seconds.append(time.perf_counter() - began)
    package = "bookverse-recs" if library == "ours" else library
    values = {name: float(value) for name, value in values.items() if name.split("@")[0] in asked}
    print(json.dumps({"version": version(package), "names": asked, "seconds": seconds, "values": values}))


if __name__ == "__main__":
    main()
