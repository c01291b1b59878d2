"""The libraries side by side: real processes, real lists."""

import sys
from pathlib import Path

import pytest
from scipy.sparse import csr_array, csr_matrix, save_npz

from benchmarks import models
from benchmarks.library_worker import PARAMETERS, K
from recs_core.testing.tiny import tiny_interactions


@pytest.fixture
def history(tmp_path: Path) -> Path:
    save_npz(tmp_path / "history.npz", csr_matrix(tiny_interactions().matrix))
    return tmp_path / "history.npz"


def test_ours_and_implicit_rank_alike_where_they_fit_alike(history: Path) -> None:
    workers = {name: models.Worker(name, sys.executable, history) for name in ("ours", "implicit")}
    try:
        truth = csr_array(tiny_interactions(seed=8).matrix)
        found = models.measure(["item_knn"], workers, truth, rounds=2)
    finally:
        for worker in workers.values():
            worker.close()
    ours, implicit = found
    assert (ours.library, implicit.library) == ("ours", "implicit")
    assert ours.recall == pytest.approx(implicit.recall, abs=0.02)
    table = models.table(found)
    assert table.loc[("item_knn", "ours"), "fit ratio"] == 1
    assert min(table["fit"].min(), table["rank"].min()) >= 0


def test_a_library_that_is_not_installed_ends_with_its_name(history: Path) -> None:
    with pytest.raises(models.WorkerError, match=r"lenskit ended with status 1"):
        models.Worker("lenskit", sys.executable, history)


def test_every_model_that_is_compared_has_parameters_and_a_rival() -> None:
    assert set(models.RIVALS) == set(PARAMETERS)
    assert all("implicit" in libraries for libraries in models.RIVALS.values())
    assert K == 20
