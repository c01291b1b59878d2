from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from pipelines.lineage import ABSENT, changes, parse_lock, read_lock
from recs_core.errors import ArtifactError

LOCK: dict[str, Any] = {
    "make": {
        "cmd": "python make.py",
        "deps": [{"path": "make.py", "md5": "a"}],
        "params": {"params.yaml": {"seed": 1, "models.als": {"config": {"factors": 8, "alpha": 1.0}}}},
        "outs": [{"path": "data/made", "md5": "b.dir"}],
    },
    "use": {
        "cmd": "python use.py",
        "deps": [{"path": "use.py", "md5": "c"}, {"path": "data/made", "md5": "b.dir"}],
        "outs": [{"path": "used.txt", "md5": "d"}],
    },
}


def changed(**paths: str) -> dict[str, Any]:
    """The lock with other digests of some paths, wherever they stand."""
    lock = deepcopy(LOCK)
    for stage in lock.values():
        for entry in (*stage["deps"], *stage["outs"]):
            entry["md5"] = paths.get(entry["path"].replace("/", "_").replace(".", "_"), entry["md5"])
    return lock


def test_equal_locks_differ_in_nothing() -> None:
    assert changes(LOCK, deepcopy(LOCK)) == []


def test_other_outputs_of_the_same_inputs_are_unexplained_and_those_behind_are_not() -> None:
    make, use = changes(LOCK, changed(data_made="x.dir", used_txt="y"))
    assert (make.stage, make.outs, make.unexplained) == ("make", ("data/made",), True)
    assert (use.stage, use.inputs, use.unexplained, use.asked_otherwise) == (
        "use",
        ("data/made",),
        False,
        False,
    )


def test_other_code_is_a_source() -> None:
    (make,) = changes(LOCK, changed(make_py="x"))
    assert (make.sources, make.inputs, make.asked_otherwise) == (("make.py",), (), True)


def test_parameters_are_named_by_their_dotted_keys_with_both_values() -> None:
    lock = deepcopy(LOCK)
    lock["make"]["params"]["params.yaml"]["models.als"]["config"] = {"factors": 32, "beta": 2}
    (make,) = changes(LOCK, lock)
    assert make.params == {
        "models.als.config.factors": (8, 32),
        "models.als.config.alpha": (1.0, ABSENT),
        "models.als.config.beta": (ABSENT, 2),
    }


def test_a_command_a_new_stage_and_one_that_is_gone_are_changes() -> None:
    lock = deepcopy(LOCK)
    lock["use"]["cmd"] = "python use.py --more"
    assert [change.command for change in changes(LOCK, lock)] == [True]
    lock["new"] = deepcopy(LOCK["use"])
    del lock["make"]
    assert [change.stage for change in changes(LOCK, lock)] == ["use", "new", "make"]


def test_a_folder_of_outputs_and_a_file_within_one_are_made_by_stages() -> None:
    lock = deepcopy(LOCK)
    lock["use"]["deps"] += [{"path": "data", "md5": "e"}, {"path": "data/made/part", "md5": "f"}]
    other = deepcopy(lock)
    for entry in other["use"]["deps"][2:]:
        entry["md5"] = "x"
    (use,) = changes(lock, other)
    assert (use.inputs, use.sources) == (("data", "data/made/part"), ())


@pytest.mark.parametrize("text", ["", "stages", "- 1", "schema: '2.0'", "{"])
def test_what_is_no_lock_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match=r"HEAD:dvc\.lock is not a lock file of DVC"):
        parse_lock(text, where="HEAD:dvc.lock")
    with pytest.raises(ArtifactError, match="`dvc repro` makes it"):
        read_lock(tmp_path / "dvc.lock")
