"""The strict runner: what is wrong is said before a kernel starts, and a failing cell is named."""

import sys
from pathlib import Path

import nbformat
import pytest
from project_copy import Workspace

from pipelines.notebook_parameters import check_parameters, declared_parameters
from recs_core.data.sources.registry import NOTICE
from recs_core.errors import ParameterError

RUNNER = (sys.executable, "-m", "pipelines.run_notebook")


def notebook(parameters: str | None, *cells: str) -> nbformat.NotebookNode:
    made = nbformat.v4.new_notebook(
        metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    )
    if parameters is not None:
        made.cells.append(nbformat.v4.new_code_cell(parameters, metadata={"tags": ["parameters"]}))
    made.cells += [nbformat.v4.new_code_cell(source) for source in cells]
    return made


DECLARED = (
    "name: str = 'x'\ncount: int = 1\nshare: float = 0.5\ncuts: list[int] = [1]\nkey: str | None = None\n"
)
GOOD = {"name": "als", "count": 2, "share": 1, "cuts": [10, 20], "key": None}


def check(given: dict[str, object]) -> None:
    check_parameters(declared_parameters(notebook(DECLARED), name="nb"), given, name="nb")


def test_good_parameters_pass() -> None:
    check(GOOD)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"nmae": "als"}, "nmae: the notebook has no such parameter"),
        ({"count": "2"}, r"count: Input should be a valid integer \(got '2'\)"),
        ({"count": True}, "count: Input should be a valid integer"),
        ({"count": 2.0}, "count: Input should be a valid integer"),
        ({"name": 3}, "name: Input should be a valid string"),
        ({"name": None}, "name: Input should be a valid string"),
        ({"key": 3}, "key: Input should be a valid string"),
        ({"cuts": [10, "20"]}, r"cuts\.1: Input should be a valid integer \(got '20'\)"),
    ],
)
def test_wrong_parameters_are_named(change: dict[str, object], message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        check(GOOD | change)


@pytest.mark.parametrize("absent", GOOD)
def test_a_default_does_not_stand_in_for_a_missing_parameter(absent: str) -> None:
    with pytest.raises(ParameterError, match=f"{absent}: missing"):
        check({key: value for key, value in GOOD.items() if key != absent})


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        (None, 'one cell must be tagged "parameters"; 0 are'),
        ("count = 1", "must hold only `name: type = default`, not `count = 1`"),
        ("import os", "not `import os`"),
        ("count: int", "not `count: int`"),
        ("path: Path = 1", "the type `Path` is not built of"),
        ("x: __import__('os') = 1", "is not built of"),
        ("x: int | 1 = 1", "is not built of"),
        ("x: int + None = 1", "is not built of"),
    ],
)
def test_a_parameters_cell_that_says_something_else_is_refused(cell: str | None, message: str) -> None:
    with pytest.raises(ParameterError, match=message):
        declared_parameters(notebook(cell), name="nb")


def write(workspace: Workspace, made: nbformat.NotebookNode) -> str:
    nbformat.write(made, workspace.root / "trial.ipynb")
    return "trial.ipynb"


@pytest.fixture
def trial(empty_workspace: Workspace) -> Workspace:
    for path in (empty_workspace.root / "reports").rglob("trial.ipynb"):
        path.unlink()
    return empty_workspace


def test_values_come_from_params_yaml_and_the_kernel_works_in_the_root(trial: Workspace) -> None:
    cells = (
        "from pathlib import Path",
        "assert seed == 20040801 and model == '7' and Path('dvc.yaml').exists()",
    )
    name = write(trial, notebook("seed: int = 0\nmodel: str = ''", *cells))
    trial.run(*RUNNER, name, "--run", "trial", "-P", "seed=seed", "-p", "model=7")
    executed = nbformat.read(trial.root / "reports/runs/trial.ipynb", as_version=4)
    assert [cell.execution_count for cell in executed.cells] == [1, 2, 3, 4]


def test_stderr_is_shown_while_it_runs_but_not_kept(trial: Workspace) -> None:
    name = write(
        trial, notebook("seed: int = 0", "import sys; print('working', file=sys.stderr); print('kept')")
    )
    done = trial.run(*RUNNER, name, "--run", "trial", "-P", "seed=seed")
    kept = (trial.root / "reports/runs/trial.ipynb").read_text()
    assert "working" in done.stderr
    assert '"kept\\n"' in kept
    assert '"working\\n"' not in kept


def test_what_comes_of_made_up_data_says_so_first(trial: Workspace) -> None:
    name = write(trial, notebook("seed: int = 0", "seed"))
    before = (trial.root / "params.yaml").read_text()
    first = {}
    for source in ("book-crossing", "generated"):
        try:
            trial.change_params(lambda params, source=source: params["data"].update(source=source))
            trial.run(*RUNNER, name, "--run", "trial", "-P", "seed=seed")
        finally:
            (trial.root / "params.yaml").write_text(before)
        executed = nbformat.read(trial.root / "reports/runs/trial.ipynb", as_version=4)
        first[source] = executed.cells[0]
    assert first["book-crossing"].cell_type == "code"
    assert (first["generated"].cell_type, first["generated"].source) == ("markdown", f"> **{NOTICE}**")


def test_a_failing_cell_is_named_and_the_notebook_is_kept_aside(trial: Workspace) -> None:
    name = write(trial, notebook("seed: int = 0", "x = 1", "raise ValueError('no such luck')"))
    done = trial.run(*RUNNER, name, "--run", "trial", "-P", "seed=seed", check=False)
    assert done.returncode == 1
    assert "trial failed: trial.ipynb, cell 3: ValueError: no such luck" in done.stderr
    assert "reports/runs/failed/trial.ipynb" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (trial.root / "reports/runs/trial.ipynb").exists()
    assert (trial.root / "reports/runs/failed/trial.ipynb").exists()


def test_a_cell_that_shows_more_than_a_megabyte_fails_its_stage_and_is_named(trial: Workspace) -> None:
    much = "x = 1\nfor _ in range(11): print('y' * 100_000)"
    name = write(trial, notebook("seed: int = 0", "print('z' * 900_000)", much))
    done = trial.run(*RUNNER, name, "--run", "trial", "-P", "seed=seed", check=False)
    assert done.returncode == 1
    assert "trial failed: trial.ipynb, cell 3: its output takes 1.1 MB, and 1 MB may be shown" in done.stderr
    assert "The cell begins with: x = 1" in done.stderr
    assert not (trial.root / "reports/runs/trial.ipynb").exists()
    assert (trial.root / "reports/runs/failed/trial.ipynb").exists()


def test_what_goes_to_stderr_does_not_count_as_shown(trial: Workspace) -> None:
    much = "import sys\nfor _ in range(11): print('y' * 100_000, file=sys.stderr)"
    name = write(trial, notebook("seed: int = 0", much))
    trial.run(*RUNNER, name, "--run", "trial", "-P", "seed=seed")
    assert (trial.root / "reports/runs/trial.ipynb").stat().st_size < 10_000


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("-P", "seed=sede"), "params.yaml has no 'sede'"),
        (("-p", "seed=1"), r"seed: Input should be a valid integer (got '1')"),
        ((), "seed: missing"),
    ],
)
def test_a_wrong_parameter_ends_the_run_before_a_kernel_starts(
    trial: Workspace, arguments: tuple[str, ...], message: str
) -> None:
    proof = trial.root / "kernel-was-here"
    name = write(trial, notebook("seed: int = 0", f"open({str(proof)!r}, 'w')"))
    done = trial.run(*RUNNER, name, "--run", "trial", *arguments, check=False)
    assert done.returncode == 1
    assert message in done.stderr
    assert not proof.exists()


def test_the_installed_kernel_is_the_one_of_this_environment(trial: Workspace) -> None:
    name = write(trial, notebook("seed: int = 0", f"import sys; assert sys.executable == {sys.executable!r}"))
    trial.run(*RUNNER, name, "--run", "trial", "-P", "seed=seed")
    assert Path(sys.executable).exists()
