"""Lines that vouch for each other, and the signed note of the last one.

A line is a JSON object whose last member, `mac`, is HMAC-SHA256 over all that stands before it. Each line carries
its number and the `mac` of the line before, so that none can be changed, removed, moved or put in without the key.
What is missing at the end shows by the *head*: a small file, signed the same way, that names the last line.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from graphql_api.audit.entry import AuditEntry
from recs_core.errors import BookverseError

ENVIRONMENT_VARIABLE: Final = "BOOKVERSE_AUDIT_KEY"

FIRST_MAC: Final = "0" * 64
"""What stands for the line before the first."""

_SIGNED = re.compile(rb'(?P<text>\{.*),"mac":"(?P<mac>[0-9a-f]{64})"\}', re.DOTALL)


class NotAuthenticError(BookverseError):
    """A line or a head is not as it was written."""


@dataclass(frozen=True, slots=True)
class Line:
    """What ties a line to its chain.

    Args:
        chain: the chain's name.
        number: 1 for the first line of a chain; goes on through its files.
        previous: the `mac` of the line before.
        mac: its own.
    """

    chain: str
    number: int
    previous: str
    mac: str


def write_line(
    entry: AuditEntry, *, chain: str, number: int, previous: str, when: str, key: bytes
) -> tuple[bytes, str]:
    """Make a line: its bytes, with the line break, and its `mac`."""
    return _sign(
        {
            "chain": chain,
            "n": number,
            "when": when,
            "who": entry.who,
            "what": entry.what,
            "about": entry.about,
            "request": entry.request_id,
            "outcome": entry.outcome.value,
            "previous": previous,
        },
        key,
    )


def read_line(line: bytes, key: bytes) -> Line:
    """Read a line, without its line break.

    Raises:
        NotAuthenticError: it was not written with the key, or changed since.
    """
    fields, mac = _verified(line, key)
    if "previous" not in fields:
        raise NotAuthenticError("this is a head and no line")
    return Line(fields["chain"], fields["n"], fields["previous"], mac)


def write_head(*, chain: str, number: int, mac: str, key: bytes) -> bytes:
    """Make the head of a chain whose last line has this number and `mac`."""
    return _sign({"chain": chain, "last": number, "line": mac}, key)[0]


def read_head(head: bytes, key: bytes) -> tuple[str, int, str]:
    """Read a head: the chain's name, and the last line's number and `mac`.

    Raises:
        NotAuthenticError: it was not written with the key, or changed since.
    """
    fields, _ = _verified(head.removesuffix(b"\n"), key)
    if "last" not in fields:
        raise NotAuthenticError("this is a line and no head")
    return fields["chain"], fields["last"], fields["line"]


def _sign(fields: Mapping[str, Any], key: bytes) -> tuple[bytes, str]:
    text = json.dumps(fields, separators=(",", ":"), ensure_ascii=True).encode().removesuffix(b"}")
    mac = hmac.digest(key, text, hashlib.sha256).hex()
    return text + f',"mac":"{mac}"}}\n'.encode(), mac


def _verified(line: bytes, key: bytes) -> tuple[dict[str, Any], str]:
    parts = _SIGNED.fullmatch(line)
    if parts is None:
        raise NotAuthenticError("this is no signed line")
    mac = parts["mac"].decode()
    if not hmac.compare_digest(hmac.digest(key, parts["text"], hashlib.sha256).hex(), mac):
        raise NotAuthenticError("the line is not as it was written, or the key is another")
    fields: dict[str, Any] = json.loads(parts["text"] + b"}")
    return fields, mac
