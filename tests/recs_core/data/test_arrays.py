import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from recs_core.data.arrays import (
    MANIFEST,
    canonical_json,
    file_digest,
    read_arrays,
    replacing_file,
    replacing_folder,
    write_arrays,
    write_manifest,
)
from recs_core.errors import ArtifactError

ARRAYS = {
    "numbers": np.arange(12, dtype=np.float32).reshape(3, 4),
    "rows": np.array([3, 1, 2], dtype=np.int32),
    "ids": np.array(["a", "žluťoučký", "村上"]),
    "none": np.empty(0, dtype=np.int64),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_arrays(tmp_path / "folder", ARRAYS, {"kind": "test"})
    return tmp_path / "folder"


@given(
    hnp.arrays(
        dtype=hnp.integer_dtypes() | hnp.floating_dtypes() | hnp.boolean_dtypes(),
        shape=hnp.array_shapes(max_dims=3, min_side=0, max_side=4),
    ),
    st.booleans(),
)
def test_what_was_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, array: np.ndarray, transpose: bool
) -> None:
    path = tmp_path_factory.mktemp("arrays") / "folder"
    array = array.T if transpose else array
    write_arrays(path, {"x": array}, {"answer": 42})
    arrays, meta = read_arrays(path)
    assert meta == {"answer": 42}
    assert arrays["x"].dtype == array.dtype
    np.testing.assert_array_equal(arrays["x"], array)


def test_arrays_are_mapped_read_only(folder: Path) -> None:
    arrays, _ = read_arrays(folder)
    assert {name: isinstance(array, np.memmap) for name, array in arrays.items()} == dict.fromkeys(
        ARRAYS, True
    )
    with pytest.raises(ValueError, match="read-only"):
        arrays["rows"][0] = 1


def test_the_manifest_describes_every_file(folder: Path) -> None:
    files = json.loads((folder / MANIFEST).read_bytes())["files"]
    assert files.keys() == {f"{name}.npy" for name in ARRAYS}
    for name, array in ARRAYS.items():
        path = folder / f"{name}.npy"
        assert files[path.name] == {
            "bytes": path.stat().st_size,
            "sha256": file_digest(path),
            "dtype": array.dtype.str,
            "shape": list(array.shape),
        }


def test_the_same_arrays_make_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    write_arrays(tmp_path / "again", dict(reversed(ARRAYS.items())), {"kind": "test"})
    for file in folder.iterdir():
        assert file.read_bytes() == (tmp_path / "again" / file.name).read_bytes()


def test_canonical_json_depends_on_the_value_alone() -> None:
    assert canonical_json({"b": 1, "a": "é"}) == canonical_json({"a": "é", "b": 1})
    assert canonical_json({"b": [1], "a": "é"}) == b'{\n  "a": "\xc3\xa9",\n  "b": [\n    1\n  ]\n}\n'
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical_json({"a": float("nan")})


def test_an_object_array_is_refused_and_nothing_is_left(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match=r"thing\.npy: object arrays are never stored"):
        write_arrays(tmp_path / "folder", {"thing": np.array([{}], dtype=object)}, {})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", [f"{name}.npy" for name in ARRAYS])
@pytest.mark.parametrize("place", [0, -1])
def test_one_flipped_bit_is_found_and_its_file_named(folder: Path, name: str, place: int) -> None:
    data = bytearray((folder / name).read_bytes())
    data[place] ^= 1
    (folder / name).write_bytes(data)
    with pytest.raises(ArtifactError, match=rf"{name} is damaged: sha256 [0-9a-f]{{64}} where"):
        read_arrays(folder)


def test_a_truncated_file_is_named_with_both_sizes(folder: Path) -> None:
    path = folder / "numbers.npy"
    whole = path.read_bytes()
    path.write_bytes(whole[:-1])
    with pytest.raises(
        ArtifactError, match=rf"numbers\.npy is damaged: {len(whole) - 1} bytes .* {len(whole)}$"
    ):
        read_arrays(folder)


def test_a_missing_file_is_named(folder: Path) -> None:
    (folder / "rows.npy").unlink()
    with pytest.raises(ArtifactError, match=r"rows\.npy is missing"):
        read_arrays(folder)


def test_a_folder_without_manifest_is_no_artifact(folder: Path) -> None:
    (folder / MANIFEST).unlink()
    with pytest.raises(ArtifactError, match=r"manifest\.json is missing: .* was not written whole"):
        read_arrays(folder)


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[]",
        b'{"files": {}}',
        b'{"meta": {}}',
        b'{"meta": [], "files": {}}',
        b'{"meta": {}, "files": ["numbers.npy"]}',
        b'{"meta": {}, "files": {"numbers.npy": {"bytes": 1}}}',
        b'{"meta": {}, "files": {"numbers.npy": null}}',
    ],
)
def test_a_damaged_manifest_is_named(folder: Path, damaged: bytes) -> None:
    (folder / MANIFEST).write_bytes(damaged)
    with pytest.raises(ArtifactError, match=r"manifest\.json is damaged"):
        read_arrays(folder)


@pytest.mark.parametrize("escape", ["../outside.npy", "inner/../../outside.npy"])
def test_a_manifest_cannot_name_a_file_outside_its_folder(folder: Path, escape: str) -> None:
    outside = folder.parent / "outside.npy"
    shutil.copy(folder / "rows.npy", outside)
    manifest = json.loads((folder / MANIFEST).read_bytes())
    manifest["files"][escape] = manifest["files"]["rows.npy"]
    (folder / MANIFEST).write_bytes(canonical_json(manifest))
    with pytest.raises(ArtifactError, match="names a file outside its folder"):
        read_arrays(folder)


def test_a_pickle_in_disguise_is_not_opened_though_its_digest_fits(tmp_path: Path) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return (Path.touch, (tmp_path / "exploded",))

    with replacing_folder(tmp_path / "folder") as folder:
        np.save(folder / "x.npy", np.array([Bomb()], dtype=object), allow_pickle=True)
        entry = {"bytes": (folder / "x.npy").stat().st_size, "sha256": file_digest(folder / "x.npy")}
        (folder / MANIFEST).write_bytes(canonical_json({"files": {"x.npy": entry}, "meta": {}}))
    with pytest.raises(ArtifactError, match=r"x\.npy is no array of plain values"):
        read_arrays(tmp_path / "folder")
    assert not (tmp_path / "exploded").exists()


def test_a_failure_while_filling_leaves_the_old_folder_as_it_was(folder: Path) -> None:
    before = {file.name: file.read_bytes() for file in folder.iterdir()}

    def fill_and_fail() -> None:
        with replacing_folder(folder) as temporary:
            (temporary / "half.npy").write_bytes(b"half")
            raise RuntimeError("disk full")

    with pytest.raises(RuntimeError, match="disk full"):
        fill_and_fail()
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before
    assert list(folder.parent.iterdir()) == [folder]


def test_a_failure_of_the_last_rename_puts_the_old_folder_back(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    rename = Path.rename

    def fail_for_the_new(self: Path, target: Path) -> Path:
        if self.name.startswith(".") and not self.name.endswith(".old"):
            raise OSError("the disk is gone")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fail_for_the_new)
    with pytest.raises(OSError, match="the disk is gone"):
        write_arrays(folder, {"new": np.zeros(1)}, {})
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before
    assert list(folder.parent.iterdir()) == [folder]


def test_replacing_leaves_nothing_of_the_old_folder(folder: Path) -> None:
    write_arrays(folder, {"new": np.zeros(1)}, {})
    assert {file.name for file in folder.iterdir()} == {"new.npy", MANIFEST}
    assert list(folder.parent.iterdir()) == [folder]


def test_a_reader_keeps_the_arrays_that_it_mapped_before_a_replacement(folder: Path) -> None:
    old, _ = read_arrays(folder)
    write_arrays(folder, {name: np.zeros_like(array) for name, array in ARRAYS.items()}, {})
    for name, array in ARRAYS.items():
        np.testing.assert_array_equal(old[name], array)


def test_a_failure_while_writing_a_file_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "deeper" / "file.txt"
    with replacing_file(path) as temporary:
        temporary.write_text("old")

    def write_and_fail() -> None:
        with replacing_file(path) as temporary:
            temporary.write_text("half")
            raise RuntimeError("disk full")

    with pytest.raises(RuntimeError, match="disk full"):
        write_and_fail()
    assert path.read_text() == "old"
    assert list(path.parent.iterdir()) == [path]


def test_others_may_read_what_was_written(folder: Path) -> None:
    with replacing_file(folder.parent / "file.txt") as temporary:
        temporary.write_text("x")
    assert (folder.parent / "file.txt").stat().st_mode & 0o777 == 0o644
    assert folder.stat().st_mode & 0o777 == 0o755


def test_the_manifest_covers_files_that_are_no_arrays(tmp_path: Path) -> None:
    with replacing_folder(tmp_path / "folder") as folder:
        (folder / "catalogue.arrow").write_bytes(b"arrow")
        write_manifest(folder, {})
    assert read_arrays(tmp_path / "folder") == ({}, {})
    (tmp_path / "folder" / "catalogue.arrow").write_bytes(b"arroz")
    with pytest.raises(ArtifactError, match=r"catalogue\.arrow is damaged"):
        read_arrays(tmp_path / "folder")
