"""What a profile keeps of an event, as the bytes of a hash field: sealed where there are keys, else plain JSON."""

from __future__ import annotations

import logging
import os
from typing import Any, Final, Self

import orjson

from recs_core.data.secret_key import SecretKeyError
from recs_core.online.sealed import ENVIRONMENT_VARIABLE, SealError, SealingKeys, seal, unseal

log = logging.getLogger(__name__)

_PLAIN: Final = b"["
"""What the JSON of an event begins with, and no sealed one does."""


class ProfileValues:
    """Writes the values of profiles, and reads them.

    Plain ones are read where there are keys, too: they were written before there were.

    Args:
        sealing: the keys; None leaves values as plain JSON.
    """

    def __init__(self, sealing: SealingKeys | None = None) -> None:
        self._sealing = sealing
        self._said: set[str] = set()
        self.unreadable = 0
        """Values that could not be opened, each time that they were read."""

    @classmethod
    def from_environment(cls) -> Self:
        """With the keys of `BOOKVERSE_PROFILE_KEYS`, if it is set.

        Raises:
            SecretKeyError: it is of another form, or not set where `BOOKVERSE_ENVIRONMENT` is production.
        """
        if ENVIRONMENT_VARIABLE in os.environ:
            return cls(SealingKeys.from_environment())
        if os.environ.get("BOOKVERSE_ENVIRONMENT") == "production":
            raise SecretKeyError(f"production seals profiles: set {ENVIRONMENT_VARIABLE}")
        return cls()

    def write(self, value: list[Any], *, name: str) -> bytes:
        """The bytes of a value.

        Args:
            value: JSON.
            name: of the profile, without which it cannot be opened.
        """
        return orjson.dumps(value) if self._sealing is None else seal(value, self._sealing, name=name)

    def read(self, written: bytes, *, name: str) -> list[Any] | None:
        """The value of bytes; None where it cannot be opened, which is counted, and said once for each reason."""
        if written.startswith(_PLAIN):
            plain: list[Any] = orjson.loads(written)
            return plain
        try:
            if self._sealing is None:
                raise SealError(f"it is sealed, and {ENVIRONMENT_VARIABLE} is not set")
            opened: list[Any] = unseal(written, self._sealing, name=name)
        except SealError as error:
            self.unreadable += 1
            if str(error) not in self._said:
                self._said.add(str(error))
                log.warning("events are missing from profiles, one cannot be opened: %s", error)
            return None
        return opened
