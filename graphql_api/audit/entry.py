"""What the audit log keeps of one action. No personal data: users are there by pseudonym alone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

_NAME = re.compile(r"[A-Za-z0-9._:~-]{1,128}")


class Outcome(StrEnum):
    """What came of an action."""

    DONE = "done"
    DENIED = "denied"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One action.

    Args:
        who: the pseudonym of who acted; a dash for somebody without a token.
        what: the action, as a field or a command is named.
        about: the pseudonym of whose data it was; a dash where it was nobody's.
        request_id: of the request that it was part of; a dash outside any.
        outcome: what came of it.

    Raises:
        ValueError: a value is anything but a short name, by which free text, and with it personal data, would get in.
    """

    who: str
    what: str
    about: str
    request_id: str
    outcome: Outcome

    def __post_init__(self) -> None:
        for field in ("who", "what", "about", "request_id"):
            if not _NAME.fullmatch(getattr(self, field)):
                raise ValueError(f"{field} of an audit entry must be up to 128 of A-Z a-z 0-9 . _ : ~ -")
