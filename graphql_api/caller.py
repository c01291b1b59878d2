"""Who asks, from where, and what it still may ask for."""

from __future__ import annotations

from dataclasses import dataclass

from graphql_api.auth.identity import UNRESTRICTED, Identity
from graphql_api.rate.bucket import Quota


@dataclass(slots=True)
class Caller:
    """Who is at the other end of a request or a connection.

    Args:
        identity: what a token says.
        address: where it comes from.
        may_write: whether the request came in a way that a page of another site cannot make one come.
        quota: what is left, once something was charged; None where nothing is.
    """

    identity: Identity = UNRESTRICTED
    address: str = ""
    may_write: bool = True
    quota: Quota | None = None

    @property
    def account(self) -> str:
        """Whose units are used: the bearer's, wherever they are; of who says nothing the address's."""
        user_id = self.identity.user_id
        return f"address:{self.address}" if user_id is None else f"user:{user_id}"
