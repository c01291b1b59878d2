"""The server's answers beside the pipeline's, through the real server."""

import sys

import numpy as np
import pytest
from project_copy import Workspace

from recs_core.data.topk import TopK


@pytest.mark.parametrize("model", ["hybrid", "als"])
def test_the_server_recommends_what_was_evaluated(workspace: Workspace, model: str) -> None:
    said = workspace.run(sys.executable, "-m", "pipelines.parity", "--model", model).stdout
    assert said.count(", 0 lists differ") == 2
    assert " 0 from the cache" in said
    assert said.strip().endswith("equal")


def test_lists_that_are_not_served_are_found(workspace: Workspace) -> None:
    folder = workspace.root / "data/recs/popularity"
    whole = TopK.load(folder)
    books, scores = np.array(whole.books), np.array(whole.scores)
    turned = TopK(books[:, ::-1], scores[:, ::-1])
    turned.save(folder)
    try:
        done = workspace.run(
            sys.executable, "-m", "pipelines.parity", "--model", "popularity", "--users", "9", check=False
        )
    finally:
        TopK(books, scores).save(folder)
    assert done.returncode == 1
    assert "9 lists differ" in done.stdout
    assert "the server does not recommend what was evaluated" in done.stdout


def test_a_model_that_is_not_there_is_named(workspace: Workspace) -> None:
    done = workspace.run(sys.executable, "-m", "pipelines.parity", "--model", "alz", check=False)
    assert done.returncode == 1
    assert "there is no model 'alz'" in done.stdout
