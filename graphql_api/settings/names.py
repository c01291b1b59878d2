"""The names of settings: paths such as `api.port`, their environment variables, and what a misspelt one may mean."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings


@dataclass(frozen=True)
class Leaf:
    """A setting that holds a value, not further settings.

    Args:
        path: its name, dotted.
        variable: its environment variable.
        field: how pydantic knows it.
    """

    path: str
    variable: str
    field: FieldInfo

    @property
    def secret(self) -> bool:
        """Whether nobody may see its value."""
        return SecretStr in get_args(self.field.annotation)

    @property
    def table(self) -> bool:
        """Whether its value has keys of the operator's choice."""
        return get_origin(self.field.annotation) is dict


def leaves(model: type[BaseSettings]) -> list[Leaf]:
    """All settings of a model, in its order."""
    prefix, delimiter = model.model_config["env_prefix"], model.model_config["env_nested_delimiter"] or ""
    return [
        Leaf(".".join(names), prefix + delimiter.join(names).upper(), field)
        for names, field in _leaves(model, ())
    ]


def _leaves(model: type[BaseModel], above: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], FieldInfo]]:
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _leaves(field.annotation, (*above, name))
        else:
            yield (*above, name), field


def did_you_mean(name: str, known: Sequence[str], *, delimiter: str) -> str:
    """A hint for a misspelt name, or nothing: those that end alike, else those that look alike."""
    last = name.rpartition(delimiter)[2]
    alike = [k for k in known if last and k != name and k.endswith(delimiter + last)]
    alike = alike or get_close_matches(name, known, n=1, cutoff=0.75)
    return f"; did you mean {' or '.join(alike)}?" if alike else ""


def names_in(model: type[BaseModel], location: Sequence[str]) -> list[str]:
    """The paths of the settings that lie directly in the part at `location`."""
    found: Any = model
    for name in location:
        if isinstance(found, type) and issubclass(found, BaseModel) and name in found.model_fields:
            found = _without_none(found.model_fields[name].annotation)
        elif get_origin(found) is dict:
            found = _without_none(get_args(found)[1])
        else:
            return []
    is_model = isinstance(found, type) and issubclass(found, BaseModel)
    return [".".join([*location, name]) for name in found.model_fields] if is_model else []


def _without_none(annotation: Any) -> Any:
    kinds = [kind for kind in get_args(annotation) if kind is not type(None)]
    return kinds[0] if len(kinds) == 1 and get_origin(annotation) is not dict else annotation
