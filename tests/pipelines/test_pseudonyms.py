"""The pipeline with a pseudonym key: from the first file that it writes on, nobody is called by the store's id."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import numpy as np
import pyarrow.ipc as ipc
import pyarrow.parquet as pq
import pytest
from project_copy import Workspace, make_workspace

from recs_core.artifacts.bundle import open_bundle
from recs_core.data.pseudonyms import ENVIRONMENT_VARIABLE, Pseudonyms
from recs_core.data.sources.book_crossing import BOOKS, FOLDER, RATINGS, USERS
from recs_core.testing.wheel import FILENAME, USER_COLUMNS, csv_line, write_wheel

KEY = bytes(range(32))
BY = Pseudonyms(KEY)
MARK, TOWN = "738200", "markedville"
"""What the ids of readers begin with, and where all of them live."""


def with_key(workspace: Workspace) -> None:
    """Give the project readers that are easy to find, who are to get pseudonyms."""
    wheel = workspace.root / "data/raw" / FILENAME
    with ZipFile(wheel) as archive:
        files = {
            name: archive.read(f"{FOLDER}/{name}").splitlines(keepends=True) for name in (BOOKS, RATINGS)
        }
    ratings = [re.sub(rb'^"(1\d{3})"', rf'"{MARK}\1"'.encode(), line) for line in files[RATINGS]]
    readers = [csv_line([f"{MARK}{1000 + n}", f"{TOWN}, {TOWN}, france", "37"]) for n in range(120)]
    digest = write_wheel(
        wheel,
        books=files[BOOKS],
        ratings=[*ratings, csv_line([f"{MARK}1000", "0000000001", "5"])],
        users=[csv_line(USER_COLUMNS), *readers, readers[0], readers[1].replace(b";", b"", 1)],
    )

    def change(params: dict[str, Any]) -> None:
        params["data"]["pseudonym_key_id"] = BY.key_id
        params["data"]["sources"]["book-crossing"]["sha256"] = digest
        # one model is enough to have a bundle
        params["models"] = {"rp3beta": params["models"]["rp3beta"]}
        params["bundle"]["model"] = "rp3beta"
        params["tuning"] = {}

    workspace.change_params(change)


def texts(path: Path) -> Iterator[str]:
    """What a file says, whatever its form."""
    if path.suffix == ".parquet":
        yield str(pq.read_table(path).to_pydict())
    elif path.suffix == ".arrow":
        yield str(ipc.open_file(path).read_all().to_pydict())
    elif path.suffix == ".npy":
        array = np.load(path, allow_pickle=False)
        if array.dtype.kind == "U":
            yield str(array.tolist())
    yield path.read_bytes().decode("latin-1")


def written(root: Path) -> list[Path]:
    places = [root / name for name in ("data", "reports", ".dvc/cache", "dvc.lock")]
    found = [path for place in places for path in (place.rglob("*") if place.is_dir() else [place])]
    return [path for path in found if path.is_file() and root / "data/raw" not in path.parents]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    workspace = make_workspace(tmp_path_factory.mktemp("pseudonyms") / "project")
    with_key(workspace)
    return workspace


def test_without_the_key_the_pipeline_does_not_begin(
    project: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    for value, said in ((None, "is not set"), (bytes(32).hex(), f"asks for {BY.key_id}")):
        if value is None:
            monkeypatch.delenv(ENVIRONMENT_VARIABLE, raising=False)
        else:
            monkeypatch.setenv(ENVIRONMENT_VARIABLE, value)
        failed = project.dvc("repro", "ingest", check=False)
        assert failed.returncode != 0
        assert ENVIRONMENT_VARIABLE in failed.stderr
        assert said in failed.stderr
        assert not (project.root / "data/interim/interactions.parquet").exists()


def test_no_file_that_the_pipeline_writes_says_who_a_reader_is_or_where_they_live(
    project: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, KEY.hex())
    project.dvc("repro", "bundle")
    files = {path: "".join(texts(path)).casefold() for path in written(project.root)}
    assert len(files) > 50
    for secret in (MARK, TOWN, KEY.hex()):
        assert [path for path, text in files.items() if secret in text] == []
    bundle = open_bundle(project.root / "data/bundle")
    assert bundle.meta.pseudonym_key_id == BY.key_id
    everybody = {BY.of(f"{MARK}{1000 + n}") for n in range(120)}
    assert set(bundle.users.array.tolist()) <= everybody
    # of place and age, country and band go as far as the cohorts, and into no bundle
    of_readers = pq.read_table(project.root / "data/interim/users.parquet").to_pylist()
    assert {(row["country"], row["age_band"]) for row in of_readers} == {("france", "35-49")}
    assert {row["user_id"] for row in of_readers} == everybody
    in_bundle = [text for path, text in files.items() if project.root / "data/bundle" in path.parents]
    assert len(in_bundle) > 10
    assert not [text for text in in_bundle if "france" in text or "35-49" in text]
    aside = pq.read_table(project.root / "data/interim/quarantine.parquet").to_pylist()
    assert {row["file"] for row in aside} >= {USERS, RATINGS}
    assert not [row for row in aside if row["file"] != BOOKS and (row["text"] or row["value"])]


def test_a_second_run_elsewhere_gives_the_same_people(
    project: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ENVIRONMENT_VARIABLE, KEY.hex())
    project.dvc("repro", "ingest")
    other = make_workspace(tmp_path / "other")
    with_key(other)
    other.dvc("repro", "ingest")
    one, again = (
        json.loads((each.root / "reports/data/interactions.schema.json").read_text())
        for each in (project, other)
    )
    assert one == again
