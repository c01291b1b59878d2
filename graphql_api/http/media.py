"""Media types: what a request says it holds, and what its client can read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

JSON = "application/json"
GRAPHQL_RESPONSE = "application/graphql-response+json"
HTML = "text/html"
EVENT_STREAM = "text/event-stream"

LONGEST = 2_048
"""Characters of a header that are read: with unclosed quotes, reading takes the square of its length."""

_UTF_8 = frozenset({"utf-8", "utf8"})

# what lies between the separators, which may stand inside quotes
_ELEMENT = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*")+')
_PARAMETER = re.compile(r'(?:[^;"]|"(?:[^"\\]|\\.)*")+')
_QUALITY = re.compile(r"0(\.\d{0,3})?|1(\.0{0,3})?")


@dataclass(frozen=True)
class MediaType:
    """A media type with its parameters, all in lower case.

    Args:
        name: such as `application/json`; empty where nothing is said.
        parameters: such as `charset`, unquoted.
    """

    name: str
    parameters: dict[str, str]

    @classmethod
    @lru_cache(maxsize=128)
    def parse(cls, text: str) -> Self:
        """Read one value of a `Content-Type` or an element of an `Accept` header."""
        name, *rest = _PARAMETER.findall(text[:LONGEST]) or [""]
        pairs = (parameter.partition("=") for parameter in rest)
        parameters = {key.strip().lower(): value.strip().strip('"').lower() for key, _, value in pairs}
        return cls(name.strip().lower(), parameters)

    @property
    def is_utf_8(self) -> bool:
        """Whether its text is in UTF-8, which is so where no charset is named."""
        return self.parameters.get("charset", "utf-8") in _UTF_8


@dataclass(frozen=True)
class _Range:
    """An element of an `Accept` header."""

    name: str
    quality: float
    place: int

    def specificity(self, media_type: str) -> int:
        """How closely it names a type: 3 by name, 2 by its family, 1 like any other, 0 not at all."""
        if self.name == media_type:
            return 3
        if self.name == f"{media_type.partition('/')[0]}/*":
            return 2
        return int(self.name == "*/*")


@dataclass(frozen=True)
class Accept:
    """An `Accept` header; None of its ranges where there is no header."""

    ranges: tuple[_Range, ...] | None

    @classmethod
    @lru_cache(maxsize=128)
    def parse(cls, header: str) -> Self:
        """Read a header; an element that is not well formed, or wants another charset, counts for nothing."""
        elements = [MediaType.parse(element) for element in _ELEMENT.findall(header[:LONGEST])]
        if not any(element.name for element in elements):
            return cls(None)
        ranges = []
        for place, element in enumerate(elements):
            quality = element.parameters.get("q", "1")
            if _QUALITY.fullmatch(quality) and element.is_utf_8:
                ranges.append(_Range(element.name, float(quality), place))
        return cls(tuple(ranges))

    @lru_cache(maxsize=128)  # noqa: B019 - they are few and small, and clients say the same again and again
    def best(self, offered: tuple[str, ...]) -> str | None:
        """Which of the types we can write suits the client best; None where none does.

        Of types of equal quality the one that is named goes before the one that a wildcard covers, then the one
        that comes first in the header, then the one that comes first in `offered`.
        """
        if self.ranges is None:
            # the standard's media type is what a client gets that does not say
            return GRAPHQL_RESPONSE
        ranked = []
        for order, media_type in enumerate(offered):
            closest = self._closest(media_type)
            if closest is not None and closest.quality > 0:
                named = closest.specificity(media_type)
                ranked.append((-closest.quality, -named, closest.place, order, media_type))
        return min(ranked)[-1] if ranked else None

    def names(self, media_type: str) -> bool:
        """Whether the client says that it reads this type, not just any."""
        closest = self._closest(media_type)
        return closest is not None and closest.quality > 0 and closest.specificity(media_type) > 1

    def _closest(self, media_type: str) -> _Range | None:
        """The range that decides about a type: of those that cover it the most specific."""
        covering = [r for r in self.ranges or () if r.specificity(media_type)]
        return max(covering, key=lambda r: (r.specificity(media_type), -r.place), default=None)
