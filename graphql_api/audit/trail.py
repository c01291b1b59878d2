"""The audit log as a server writes it: beside the event loop, and before anything leaves the server."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import anyio.to_thread
from anyio import CapacityLimiter

from graphql_api.audit.accesses import Access
from graphql_api.audit.entry import AuditEntry, Outcome
from graphql_api.audit.log import AuditLog
from graphql_api.auth.identity import Identity
from graphql_api.errors import RefusedError
from recs_core.data.pseudonyms import Pseudonyms

log = logging.getLogger(__name__)

NOBODY = "-"

BEGUN = ".begun"
"""After the name of an action, that it was let through and is about to be done."""


class NotOnRecordError(RefusedError):
    """What was asked for must be on record, and cannot be put there; so it is not answered."""

    code = "UNAVAILABLE"
    status = 503


class AuditTrail:
    """Puts what is asked for on record.

    Args:
        folder: where the processes of a server keep their chains.
        key: of the log.
        pseudonyms: what readers are called there.
    """

    def __init__(self, folder: Path, key: bytes, pseudonyms: Pseudonyms) -> None:
        self._folder = folder
        self._key = key
        self._pseudonyms = pseudonyms
        self._log: AuditLog | None = None
        # entries are written one after the other whoever waits for them
        self._writer = CapacityLimiter(1)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Keep a chain of this process while this context is open: enter it after a fork.

        Raises:
            OSError: the folder cannot be written to.
        """
        self._log = await anyio.to_thread.run_sync(AuditLog, self._folder, self._key)
        try:
            yield
        finally:
            self._log.close()
            self._log = None

    async def note(
        self,
        accesses: Sequence[Access],
        identity: Identity,
        request_id: str,
        outcome: Outcome,
        *,
        suffix: str = "",
    ) -> None:
        """Put on record what came of something; it is on disk when this returns.

        Args:
            accesses: what was asked for.
            identity: who asked.
            request_id: of the request.
            outcome: what came of it.
            suffix: what of an action it is, such as `BEGUN`.

        Raises:
            NotOnRecordError: it cannot be put on record.
        """
        who = self._name(identity.user_id)
        entries = [
            AuditEntry(who, each.what + suffix, self._name(each.about), request_id, outcome)
            for each in accesses
        ]
        try:
            await anyio.to_thread.run_sync(self._append, entries, limiter=self._writer)
        except (OSError, ValueError) as error:
            log.error(
                "the audit log cannot be written to, so request %s is not answered: %s", request_id, error
            )
            raise NotOnRecordError(
                "this must be put on record, and the record cannot be written to at present; try again"
            ) from error

    def _append(self, entries: Sequence[AuditEntry]) -> None:
        if self._log is None:
            raise ValueError("the server is not running")
        for entry in entries:
            self._log.append(entry)

    def _name(self, user_id: str | None) -> str:
        return NOBODY if user_id is None else self._pseudonyms.settle(user_id)
