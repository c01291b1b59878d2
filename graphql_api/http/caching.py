"""What clients and caches between us and them are told of keeping an answer (RFC 9110 and 9111)."""

from __future__ import annotations

from typing import Final

from graphql_api.cache.responses import Served
from graphql_api.http.media import JSON
from graphql_api.http.written import Headers

NOT_KEPT: Final = (b"cache-control", b"no-store")
"""Of what is an error, or different each time."""


def caching_headers(served: Served, media: str, now: float) -> Headers:
    """The headers of a response.

    Args:
        served: the response.
        media: the media type that it is written as; the bytes are the same in each, and the tag is not.
        now: the wall clock's time, in seconds.
    """
    status = (b"cache-status", served.cache_status.encode())
    entry = served.entry
    if entry is None:
        return [status, NOT_KEPT]
    return [
        status,
        (b"cache-control", entry.cache_control.encode()),
        (b"age", str(max(0, int(now - entry.made_at))).encode()),
        (b"etag", f'"{entry.etag}-{"j" if media == JSON else "g"}"'.encode()),
    ]


def is_known(headers: Headers, if_none_match: str) -> bool:
    """Whether the client has these bytes already.

    Args:
        headers: of the response.
        if_none_match: what the client sent under that name; empty where it sent nothing.
    """
    tag = dict(headers).get(b"etag")
    if not if_none_match or tag is None:
        return False
    # compared weakly, as the standard has it: a proxy that compresses may have marked our tag so
    sent = {each.strip().removeprefix("W/") for each in if_none_match.split(",")}
    return tag.decode() in sent or "*" in sent
