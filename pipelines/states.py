"""Where lists come from: the working tree, a git revision by DVC's cache, or a bundle."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.dvc_cache import DvcCache
from pipelines.lineage import Stages, parse_lock, read_lock
from pipelines.list_changes import Lists
from recs_core.artifacts.bundle import open_bundle
from recs_core.data.catalogue import Catalogue
from recs_core.data.splits.split import Split
from recs_core.data.topk import TopK
from recs_core.errors import ArtifactError
from recs_core.models.transductive import recommend_every_user
from recs_core.progress import progress

WORKSPACE = "workspace"


@dataclass(frozen=True)
class State:
    """One side of a comparison.

    Args:
        name: as it was asked for.
        lists: the lists.
        catalogue: the books' metadata.
        lock: the stages of its dvc.lock; None for a bundle.
        facts: of a bundle: what its manifest says of how it was made.
    """

    name: str
    lists: Lists
    catalogue: Catalogue
    lock: Stages | None
    facts: Mapping[str, Any] | None


def load_state(name: str, model: str, *, k: int, scratch: Path) -> State:
    """Open a state.

    Args:
        name: "workspace", the directory of a bundle, or a git revision.
        model: whose lists; a bundle has one model, its own.
        k: length of the lists that a bundle is asked for.
        scratch: a folder for what comes out of the cache.

    Raises:
        ArtifactError: there is no such state, or its lists are not in the cache.
    """
    if name == WORKSPACE:
        return _of_folders(name, Path("data/recs") / model, Path("data/split"), read_lock(Path("dvc.lock")))
    if Path(name).is_dir():
        return _of_bundle(name, k=k)
    lock = parse_lock(_git_show(name), where=f"{name}:dvc.lock")
    recs, split = scratch / name.replace("/", "_") / "recs", scratch / name.replace("/", "_") / "split"
    cache = DvcCache(Path())
    _check_out(lock, f"recommend@{model}", f"data/recs/{model}", recs, cache, revision=name)
    _check_out(lock, "split", "data/split", split, cache, revision=name)
    return _of_folders(name, recs, split, lock)


def _of_folders(name: str, recs: Path, split: Path, lock: Stages) -> State:
    loaded = Split.load(split)
    known = loaded.known_before_test
    lists = Lists(known.users, known.books, TopK.load(recs), known.user_counts)
    return State(name, lists, Catalogue.load(split / "catalogue.arrow"), lock, None)


def _of_bundle(name: str, *, k: int) -> State:
    bundle = open_bundle(Path(name))
    recs = recommend_every_user(bundle.model, bundle.history, k=k)
    lists = Lists(bundle.users, bundle.books, recs, bundle.history.user_counts)
    facts = bundle.meta.model_dump(mode="json", exclude={"metrics"})
    return State(name, lists, bundle.catalogue, None, facts)


def _git_show(revision: str) -> str:
    shown = subprocess.run(  # noqa: S603 - git, with a revision behind --
        ["git", "show", "--end-of-options", f"{revision}:dvc.lock"],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
    )
    if shown.returncode != 0:
        raise ArtifactError(
            f"{revision!r} is neither {WORKSPACE!r}, nor the folder of a bundle, nor a git revision with a dvc.lock"
        )
    return shown.stdout


def _check_out(lock: Stages, stage: str, out: str, to: Path, cache: DvcCache, *, revision: str) -> None:
    """Put an output of a lock together from the cache."""
    made = {entry["path"]: entry["md5"] for entry in lock.get(stage, {}).get("outs", ())}
    if out not in made:
        raise ArtifactError(f"{revision} has no {out}: its dvc.lock has the stages {', '.join(lock)}")
    listing = cache.listing(made[out])
    files = {name: cache.file(md5) for name, md5 in (listing or {}).items()}
    if listing is None or None in files.values():
        raise ArtifactError(
            f"{out} of {revision} is not in DVC's cache: `dvc pull` it, or check {revision} out and run "
            f"`dvc repro` there"
        )
    for name, file in progress(files.items(), f"take {out} of {revision} out of the cache", total=len(files)):
        assert file is not None  # noqa: S101 - looked at above
        (to / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, to / name)
