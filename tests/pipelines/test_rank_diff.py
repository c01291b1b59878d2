"""What changed between two states, on lists made by hand and on those of a real pipeline."""

import json
import subprocess
import sys

import nbformat
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from project_copy import Workspace

from pipelines.list_changes import PERSISTENCE, Lists, compare_lists, rank_biased_overlap, shared_at
from recs_core.data.idmap import PAD, IdMap
from recs_core.data.topk import TopK
from recs_core.errors import DataError

K = 6
one_list = st.lists(st.integers(0, 9), max_size=K, unique=True)


def padded(*lists: list[int]) -> np.ndarray:
    return np.array([[*books, *[PAD] * (K - len(books))] for books in lists], dtype=np.int32)


def rbo(first: list[int], second: list[int]) -> float:
    """The published sum, term by term, for lists of one length."""
    k, p = len(first), PERSISTENCE
    agreement = [len(set(first[:d]) & set(second[:d])) / d for d in range(1, k + 1)]
    return agreement[-1] * p**k + (1 - p) / p * sum(a * p**d for d, a in enumerate(agreement, 1))


@given(one_list, one_list)
def test_shared_books_are_counted_at_each_depth(first: list[int], second: list[int]) -> None:
    found = shared_at(padded(first), padded(second))[0]
    assert found.tolist() == [len(set(first[:d]) & set(second[:d])) for d in range(1, K + 1)]


@given(st.permutations(range(10)), st.permutations(range(10)), st.integers(1, K))
def test_overlap_is_the_published_one(first: list[int], second: list[int], length: int) -> None:
    a, b = first[:length], second[:length]
    found = rank_biased_overlap(padded(a), padded(b))[0]
    assert found == pytest.approx(rbo(a, b))
    assert 0 <= found <= 1
    assert rank_biased_overlap(padded(a), padded(a))[0] == pytest.approx(1)


def test_what_differs_at_the_top_weighs_more() -> None:
    whole = [0, 1, 2, 3, 4, 5]
    top, bottom = [9, 1, 2, 3, 4, 5], [0, 1, 2, 3, 4, 9]
    first, last = rank_biased_overlap(padded(whole, whole), padded(top, bottom))
    assert first < last < 1
    assert rank_biased_overlap(padded([]), padded([]))[0] == 1
    assert rank_biased_overlap(padded([1]), padded([2]))[0] == 0


def state(users: str, books: str, *lists: str) -> Lists:
    rows = np.array([[books.index(b) for b in one] for one in lists], dtype=np.int32)
    recs = TopK(rows, np.zeros(rows.shape, dtype=np.float32))
    maps = IdMap(np.array(list(users)), space="user"), IdMap(np.array(list(books)), space="book")
    return Lists(*maps, recs, np.arange(1, len(users) + 1))


def test_states_are_compared_by_ids_whatever_their_rows_are() -> None:
    before, after = state("abc", "pqr", "pq", "qr", "rp"), state("bcd", "oqr", "qr", "oq", "qo")
    found = compare_lists(before, after, k=2)
    assert (found.gone, found.new) == (1, 1)
    assert found.readers["overlap"].to_dict() == {"b": 1.0, "c": 0.0}
    assert found.readers["history"].to_dict() == {"b": 1, "c": 2}
    assert found.books.loc["r"].tolist() == [2, 1]
    assert found.books.loc["o"].tolist() == [0, 1]


def test_what_cannot_be_compared_is_said() -> None:
    one = state("ab", "pq", "pq", "qp")
    with pytest.raises(DataError, match="cannot be compared at 3"):
        compare_lists(one, one, k=3)
    with pytest.raises(DataError, match="no reader is in both"):
        compare_lists(one, state("xy", "pq", "pq", "qp"), k=1)


def rank_diff(
    workspace: Workspace, *arguments: str, check: bool = True
) -> "subprocess.CompletedProcess[str]":
    return workspace.run(sys.executable, "-m", "pipelines.rank_diff", *arguments, check=check)


@pytest.fixture
def committed(workspace: Workspace) -> Workspace:
    """The project in a git repository of its own, as its pipeline left it."""
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org"]
    if not (workspace.root / ".git").exists():
        workspace.run("git", "init", "-q")
    workspace.run("git", "add", "-A")
    workspace.run(*git, "commit", "-qm", "as it was", "--allow-empty")
    return workspace


def test_a_changed_parameter_is_found_to_be_the_cause(committed: Workspace) -> None:
    before = (committed.root / "params.yaml").read_text()
    lock = (committed.root / "dvc.lock").read_text()
    committed.change_params(lambda params: params["models"]["rp3beta"]["config"].update(beta=0.0))
    try:
        committed.dvc("repro", "recommend@rp3beta")
        shown = rank_diff(committed, "HEAD", "--model", "rp3beta", "--k", "5", "--json")
        found = json.loads(shown.stdout)
        said = rank_diff(committed, "HEAD", "--model", "rp3beta", "--k", "5").stdout
    finally:
        (committed.root / "params.yaml").write_text(before)
        (committed.root / "dvc.lock").write_text(lock)
        committed.dvc("checkout", "--force")
    (cause,) = found["causes"]
    assert (cause["stage"], cause["kind"]) == ("train@rp3beta", "parameter")
    assert (cause["what"], cause["after"], cause["effect"]) == ("models.rp3beta.config.beta", 0.0, True)
    assert found["cohorts"]["all"]["overlap"] < 1
    assert (found["gone"], found["new"]) == (0, 0)
    assert all(book["title"] for book in found["books"].values())
    assert "readers whose lists changed most" in said
    assert "because of" in said


def test_the_notebook_names_a_changed_file_and_sees_that_it_made_no_difference(committed: Workspace) -> None:
    code = committed.root / "recs_core/models/rp3beta.py"
    before, lock = code.read_text(), (committed.root / "dvc.lock").read_text()
    executed = committed.root / "reports/runs/rank_diff.ipynb"
    code.write_text(before + "\n# a comment makes no list another\n")
    parameters = ["-p", "before=HEAD", "-p", "after=workspace", "-p", "model=rp3beta"]
    runner = (sys.executable, "-m", "pipelines.run_notebook", "notebooks/12_rank_diff.ipynb", "--run")
    try:
        committed.dvc("repro", "recommend@rp3beta")
        committed.run(*runner, "rank_diff", *parameters, "-P", "cutoffs=evaluation.cutoffs")
        shown = nbformat.read(executed, as_version=4)
    finally:
        code.write_text(before)
        (committed.root / "dvc.lock").write_text(lock)
        committed.dvc("checkout", "--force")
        executed.unlink(missing_ok=True)
    results = [o for c in shown.cells if c.cell_type == "code" for o in c.outputs]
    assert any("image/png" in output.get("data", {}) for output in results)
    (table,) = [output.data["text/html"] for output in results if "effect" in str(output.get("data", {}))]
    for told in ("recs_core/models", "recs_core/models/rp3beta.py", "none"):
        assert table.count(f"<td>{told}</td>") == 2, table
    assert "<th>train@rp3beta</th>" in table
    assert "<th>recommend@rp3beta</th>" in table


def test_equal_states_differ_in_nothing(committed: Workspace) -> None:
    said = rank_diff(committed, "HEAD").stdout
    assert "no list is another" in said
    assert "nothing: what the lists are made of is the same" in said
    bundle = str(committed.root / "data/bundle")
    assert "no list is another" in rank_diff(committed, bundle, bundle).stdout


def test_what_is_no_state_is_said(committed: Workspace) -> None:
    done = rank_diff(committed, "no-such-revision", check=False)
    assert done.returncode == 1
    assert "is neither 'workspace', nor the folder of a bundle, nor a git revision" in done.stdout
    done = rank_diff(committed, "HEAD", "--model", "alz", check=False)
    assert done.returncode == 1
    assert "HEAD has no data/recs/alz" in done.stdout
