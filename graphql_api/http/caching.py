"""What clients and caches between us and them are told of keeping an answer (RFC 9110 and 9111)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from graphql_api.cache.responses import Served
from graphql_api.http.media import JSON

NOT_KEPT: Final[Mapping[str, str]] = {"Cache-Control": "no-store"}
"""Of what is an error, or different each time."""


def caching_headers(served: Served, media: str, now: float) -> dict[str, str]:
    """The headers of a response.

    Args:
        served: the response.
        media: the media type that it is written as; the bytes are the same in each, and the tag is not.
        now: the wall clock's time, in seconds.
    """
    entry = served.entry
    if entry is None:
        return {"Cache-Status": served.cache_status, **NOT_KEPT}
    return {
        "Cache-Status": served.cache_status,
        "Cache-Control": entry.cache_control,
        "Age": str(max(0, int(now - entry.made_at))),
        "ETag": f'"{entry.etag}-{"j" if media == JSON else "g"}"',
    }


def is_known(headers: Mapping[str, str], if_none_match: str | None) -> bool:
    """Whether the client has these bytes already.

    Args:
        headers: of the response.
        if_none_match: what the client sent under that name.
    """
    tag = headers.get("ETag")
    if if_none_match is None or tag is None:
        return False
    # compared weakly, as the standard has it: a proxy that compresses may have marked our tag so
    sent = {each.strip().removeprefix("W/") for each in if_none_match.split(",")}
    return tag in sent or "*" in sent
