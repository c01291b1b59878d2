"""Why lists differ between two states: what was changed that they are made of, and whether it made a difference."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

import pandas as pd

from pipelines.lineage import ABSENT, StageChange, Stages, changes, is_made, upstream
from pipelines.states import WORKSPACE, State


@dataclass(frozen=True)
class Cause:
    """One thing that was changed.

    Args:
        stage: whose; empty for a bundle, which says nothing of stages.
        kind: what sort of thing; "manifest" is a line of a bundle's; "chance" where nothing was changed and the stage
            made something else all the same.
        what: a key of parameters or manifest, or the dependency that dvc.lock names.
        before, after: the key's values.
        files: of code, the files that differ, where git knows both states.
        effect: whether it changed what the stage makes for others, executed notebook and reports aside: False where
            that is the same, True where it differs for this alone, None where something else may be the reason.
    """

    stage: str
    kind: Literal["parameter", "code", "data", "command", "manifest", "chance"]
    what: str = ""
    before: Any = None
    after: Any = None
    files: tuple[str, ...] = ()
    effect: bool | None = None

    def __str__(self) -> str:
        told = f"{self.stage}: " if self.stage else ""
        if self.kind == "chance":
            return f"{told}nothing that DVC knows of; it does not repeat"
        told += " ".join(part for part in (self.kind, self.what) if part)
        if self.kind in ("parameter", "manifest"):
            told += f" {self.before} -> {self.after}"
        if self.files and self.files != (self.what,):
            told += f": {', '.join(self.files)}"
        return told + (" (without effect: it makes the same)" if self.effect is False else "")


def causes(before: State, after: State, model: str) -> list[Cause]:
    """What was changed between two states that the lists of a model depend on.

    Two revisions are compared by the digests of dvc.lock, bundles by what their manifests say; a bundle and a
    revision have no common record, so there is nothing to say.
    """
    if before.lock is not None and after.lock is not None:
        return causes_in_locks((before.name, after.name), (before.lock, after.lock), model)
    if before.facts is not None and after.facts is not None:
        pairs = _differing(before.facts, after.facts, "")
        return [Cause("", "manifest", key, *pair) for key, pair in pairs.items()]
    return []


def causes_in_locks(names: tuple[str, str], locks: tuple[Stages, Stages], model: str) -> list[Cause]:
    """What was changed between two dvc.lock files that the lists of a model depend on.

    Args:
        names: of the states, as git knows them: revisions, or the workspace.
        locks: the stages of each.
        model: of params.yaml.

    Raises:
        ArtifactError: a lock does not have the model.
    """
    lists = f"recommend@{model}"
    behind = {name for lock in locks for name in upstream(lock, [lists])}
    read = {f"data/recs/{model}"}
    for lock in locks:
        read |= {dep["path"] for name in behind & lock.keys() for dep in lock[name].get("deps", ())}
    return [
        cause
        for change in changes(*locks)
        if change.stage in behind
        for cause in _of_stage(change, names, read)
    ]


def cause_table(found: list[Cause]) -> pd.DataFrame:
    """A row a cause: stage, kind, what, values, files, effect."""
    frame = pd.DataFrame([asdict(cause) for cause in found], columns=list(Cause.__dataclass_fields__))
    frame["files"] = [", ".join(cause.files) for cause in found]
    frame["effect"] = [{True: "yes", False: "none", None: "possible"}[cause.effect] for cause in found]
    return frame.set_index("stage").fillna("")


def _of_stage(change: StageChange, names: tuple[str, str], read: set[str]) -> list[Cause]:
    differs = any(is_made(out, read) for out in change.outs)
    alone = len(change.params) + len(change.sources) + len(change.inputs) + change.command == 1
    effect = (True if alone else None) if differs else False
    found = [
        Cause(change.stage, "parameter", key, *pair, effect=effect) for key, pair in change.params.items()
    ]
    for path in change.sources:
        files = changed_files(*names, path)
        kind: Literal["code", "data"] = "code" if files or _git("ls-files", "-z", "--", path) else "data"
        found.append(Cause(change.stage, kind, path, files=files, effect=effect))
    if change.command:
        found.append(Cause(change.stage, "command", effect=effect))
    if change.unexplained and differs:
        found.append(Cause(change.stage, "chance", effect=True))
    return found


def changed_files(before: str, after: str, path: str) -> tuple[str, ...]:
    """The files at or below a path that differ between two states, as git knows them.

    Args:
        before, after: revisions, or the workspace with what is not committed.
        path: from the root.
    """
    revisions = [state for state in (before, after) if state != WORKSPACE]
    names = _git("diff", "--name-only", "--no-renames", "-z", "--end-of-options", *revisions, "--", path)
    if WORKSPACE in (before, after):
        names += _git("ls-files", "--others", "--exclude-standard", "-z", "--", path)
    return tuple(sorted(set(names)))


def _git(*arguments: str) -> list[str]:
    done = subprocess.run(  # noqa: S603 - revisions behind --end-of-options, paths behind --
        ["git", *arguments],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
    )
    return [name for name in done.stdout.split("\0") if name] if done.returncode == 0 else []


def _differing(old: Mapping[str, Any], new: Mapping[str, Any], prefix: str) -> dict[str, tuple[Any, Any]]:
    found: dict[str, tuple[Any, Any]] = {}
    for key in dict.fromkeys((*old, *new)):
        pair = old.get(key, ABSENT), new.get(key, ABSENT)
        if isinstance(pair[0], dict) and isinstance(pair[1], dict):
            found |= _differing(pair[0], pair[1], f"{prefix}{key}.")
        elif pair[0] != pair[1]:
            found[f"{prefix}{key}"] = pair
    return found
