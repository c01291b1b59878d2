"""What was asked of late, and asking it again of a bundle that is not served yet."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable

from graphql_api.errors import RequestError
from graphql_api.operation import Operation

log = logging.getLogger(__name__)

WARM_FOR_S = 0.3
"""How long a new bundle may be warmed: readers wait that much longer for what is new, and for nothing else."""


Recent = tuple[Operation, str]
"""An operation, and whom its answer is kept for."""


class RecentOperations:
    """The distinct operations that were answered last. Of one event loop.

    Args:
        size: how many are kept; each is as large as a request may be, at most.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._operations: OrderedDict[tuple[str, str | None, bytes, str], Recent] = OrderedDict()

    def note(self, operation: Operation, audience: str) -> None:
        """An operation was answered without a fault, to whom the answer is kept for."""
        key = (operation.document, operation.name, operation.canonical_variables, audience)
        if key in self._operations:
            self._operations.move_to_end(key)
        elif self._size:
            self._operations[key] = (operation, audience)
            if len(self._operations) > self._size:
                self._operations.popitem(last=False)

    def forget(self, is_unwanted: Callable[[Operation, str], bool]) -> None:
        """Forget the operations, with their audiences, of which that is said."""
        for key, recent in list(self._operations.items()):
            if is_unwanted(*recent):
                del self._operations[key]

    def newest_first(self) -> list[Recent]:
        """The operations with their audiences, that which was answered last first."""
        return list(reversed(self._operations.values()))


async def warm_up(
    recent: RecentOperations,
    ask: Callable[[Operation, str], Awaitable[object]],
    *,
    within_s: float = WARM_FOR_S,
) -> int:
    """Ask for what was asked of late, one after the other, and return how many were answered in time.

    A failure is an operation's own: whoever asks for it again is told of it then.
    """
    answered = 0
    try:
        async with asyncio.timeout(within_s):
            for operation, audience in recent.newest_first():
                try:
                    await ask(operation, audience)
                    answered += 1
                except RequestError:
                    continue
                except Exception:
                    log.exception("warming up, an operation failed")
    except TimeoutError:
        pass
    return answered
