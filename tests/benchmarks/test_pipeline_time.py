from pathlib import Path

import nbformat
import pytest

from benchmarks.pipeline_time import Seconds, StageTime, as_script, seconds_of, total
from recs_core.errors import BookverseError

ROOT = Path(__file__).parents[2]


def test_a_notebook_becomes_a_script_with_the_parameters_of_the_stage(tmp_path: Path) -> None:
    cells = [
        nbformat.v4.new_markdown_cell("# not code"),
        nbformat.v4.new_code_cell("model: str = 'als'\nk: int = 5", metadata={"tags": ["parameters"]}),
        nbformat.v4.new_code_cell("from pathlib import Path\nPath('said').write_text(f'{model} {k}')"),
    ]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "stage.ipynb")
    (tmp_path / "stage.py").write_text(as_script(tmp_path / "stage.ipynb", {"model": "it's", "k": 10}))
    took = seconds_of(["python", "stage.py"], tmp_path)
    assert (tmp_path / "said").read_text() == "it's 10"
    assert took.clock > 0
    assert took.cpu > 0
    with pytest.raises(BookverseError, match="no such file"):
        seconds_of(["python", "-c", "raise SystemExit('no such file')"], tmp_path)


@pytest.mark.parametrize("path", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda path: path.stem)
def test_every_stage_can_be_run_as_a_script(path: Path) -> None:
    compile(as_script(path, {}), str(path), "exec")


def test_what_is_added_is_the_difference_to_the_way_before() -> None:
    row = StageTime("a", Seconds(1, 0.5), Seconds(3, 2), Seconds(6, 4), rounds=3)
    assert row.markdown() == "| a | 1.0 | 3.0 | 6.0 | 2.0 | 3.0 | 0.5 | 2.0 | 4.0 | 1.5 | 2.0 |"
    both = total([row, row])
    assert (both.script, both.dvc) == (Seconds(2, 1), Seconds(12, 8))
