"""What differs between two states of the pipeline, and why: read from the digests of two `dvc.lock` files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from recs_core.errors import ArtifactError

Stages = Mapping[str, Mapping[str, Any]]
"""Stage to what dvc.lock says of it."""

ABSENT = "(absent)"
"""The value of a parameter that is not there."""


@dataclass(frozen=True)
class StageChange:
    """How a stage differs; what is equal is not named.

    Args:
        stage: its name, such as "train@als".
        outs: the outputs of which the bytes differ.
        inputs: the dependencies that differ and that another stage makes.
        sources: those that no stage makes: code, notebooks, data from outside.
        params: key to its value before and after.
        command: whether the command differs.
    """

    stage: str
    outs: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    params: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    command: bool = False

    @property
    def any(self) -> bool:
        """Whether anything differs."""
        return bool(self.outs or self.inputs or self.sources or self.params or self.command)

    @property
    def asked_otherwise(self) -> bool:
        """Whether somebody changed the stage: its code, its parameters or its command."""
        return bool(self.sources or self.params or self.command)

    @property
    def unexplained(self) -> bool:
        """Whether the outputs differ although everything that they are made of is the same."""
        return bool(self.outs) and not self.inputs and not self.asked_otherwise


def read_lock(path: Path) -> Stages:
    """The stages of a `dvc.lock`.

    Raises:
        ArtifactError: it is missing or no lock file.
    """
    try:
        return parse_lock(path.read_text(), where=str(path))
    except FileNotFoundError:
        raise ArtifactError(f"{path} is missing: `dvc repro` makes it") from None


def parse_lock(text: str, *, where: str) -> Stages:
    """The stages of the text of a `dvc.lock`.

    Raises:
        ArtifactError: it is no lock file.
    """
    try:
        stages = yaml.safe_load(text)["stages"]
    except (yaml.YAMLError, TypeError, KeyError):
        raise ArtifactError(f"{where} is not a lock file of DVC") from None
    return dict(stages)


def made_by(stages: Stages) -> set[str]:
    """The paths of all outputs."""
    return {out["path"] for stage in stages.values() for out in stage.get("outs", ())}


def is_made(path: str, outs: Iterable[str]) -> bool:
    """Whether a dependency is made of outputs: one of them, a folder of several, or a file within one."""
    return any(path == out or out.startswith(f"{path}/") or path.startswith(f"{out}/") for out in outs)


def upstream(stages: Stages, names: Iterable[str]) -> list[str]:
    """Some stages and all that their inputs are made by, in the order of `stages`.

    Raises:
        ArtifactError: there is no such stage.
    """
    waiting, found = list(names), set[str]()
    while waiting:
        name = waiting.pop()
        if name not in stages:
            raise ArtifactError(f"there is no stage {name!r} in dvc.lock; it has {', '.join(stages)}")
        if name in found:
            continue
        found.add(name)
        inputs = [dep["path"] for dep in stages[name].get("deps", ())]
        waiting += [
            maker
            for maker, facts in stages.items()
            if any(is_made(path, (out["path"] for out in facts.get("outs", ()))) for path in inputs)
        ]
    return [name for name in stages if name in found]


def changes(before: Stages, after: Stages) -> list[StageChange]:
    """What differs, stage by stage, in the order of `after`; stages of `before` that are gone come last."""
    made = made_by(before) | made_by(after)
    found = []
    for name in dict.fromkeys((*after, *before)):
        old, new = before.get(name, {}), after.get(name, {})
        deps = _differing(old, new, "deps")
        change = StageChange(
            name,
            outs=_differing(old, new, "outs"),
            inputs=tuple(path for path in deps if is_made(path, made)),
            sources=tuple(path for path in deps if not is_made(path, made)),
            params=_params(old, new),
            command=old.get("cmd") != new.get("cmd"),
        )
        if change.any:
            found.append(change)
    return found


def _differing(old: Mapping[str, Any], new: Mapping[str, Any], part: str) -> tuple[str, ...]:
    sides = [{entry["path"]: entry.get("md5") for entry in side.get(part, ())} for side in (old, new)]
    return tuple(
        path for path in dict.fromkeys((*sides[1], *sides[0])) if sides[0].get(path) != sides[1].get(path)
    )


def _params(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    sides = []
    for side in (old, new):
        flat: dict[str, Any] = {}
        for values in side.get("params", {}).values():
            for key, value in values.items():
                flat |= _flat(key, value)
        sides.append(flat)
    keys = dict.fromkeys((*sides[0], *sides[1]))
    pairs = {key: (sides[0].get(key, ABSENT), sides[1].get(key, ABSENT)) for key in keys}
    return {key: pair for key, pair in pairs.items() if pair[0] != pair[1]}


def _flat(key: str, value: Any) -> dict[str, Any]:
    """Nested parameters by their dotted keys."""
    if not isinstance(value, dict) or not value:
        return {key: value}
    flat: dict[str, Any] = {}
    for inner, of_inner in value.items():
        flat |= _flat(f"{key}.{inner}", of_inner)
    return flat
