"""Every error that the library raises on purpose. Each says what was wrong, where, and what to do."""

from pydantic import ValidationError


class BookverseError(Exception):
    """Base of the errors that a caller may want to show to a person."""


class ParameterError(BookverseError, ValueError):
    """A parameter is missing, unknown, of the wrong type or out of its range."""


class DataError(BookverseError):
    """Input data cannot be used as it is."""


class SourceUnavailableError(DataError):
    """A data source's file is neither here nor to be had from where it is published."""


class DigestMismatchError(DataError):
    """A file's bytes are not those that were pinned."""


class ArtifactError(BookverseError):
    """A stored artifact is missing, damaged, or of a schema that this version does not read."""


class UnknownIdError(BookverseError, LookupError):
    """An external id is not in the id map."""

    def __init__(self, space: str, ids: list[str]) -> None:
        self.space = space
        self.ids = ids
        shown = ", ".join(repr(i) for i in ids[:5]) + (", ..." if len(ids) > 5 else "")
        super().__init__(f"unknown {space} id: {shown}")


def describe(error: ValidationError, *, where: str) -> str:
    """A pydantic error as lines of `path: rule (got value)`."""
    lines = []
    for fault in error.errors(include_url=False):
        path = ".".join([where, *map(str, fault["loc"])]).strip(".")
        got = "" if fault["type"].startswith("missing") else f" (got {fault['input']!r})"
        lines.append(f"{path}: {fault['msg']}{got}")
    return "\n".join(lines)
