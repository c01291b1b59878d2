"""From a request's `Authorization` headers to who it comes from."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable, Sequence

import jwt

from graphql_api.auth.bearer import bearer_token
from graphql_api.auth.cached_keys import CachedKeys, KeysUnavailableError
from graphql_api.auth.claims import ClaimRules
from graphql_api.auth.header import TokenHeader, read_header
from graphql_api.auth.identity import ANONYMOUS, Identity
from graphql_api.auth.key_set import DEVELOPMENT
from graphql_api.auth.refusals import KeysAway, Refusal, TokenRefused
from graphql_api.auth.strict_json import json_object
from graphql_api.auth.verified_tokens import VerifiedTokens
from recs_core.data.pseudonyms import Pseudonyms

log = logging.getLogger(__name__)

RECHECK_S = 300.0
"""A token is verified again after so long, in seconds, however long it lives: its key may have been withdrawn."""

MAX_VERIFIED = 50_000
"""Verified tokens that are kept, about half a kilobyte each."""

_JWS = jwt.PyJWS(algorithms=sorted(DEVELOPMENT))


class Authenticator:
    """Verifies tokens, and remembers those that it verified.

    Args:
        keys: the issuer's keys; their algorithms are the ones that tokens may be signed with.
        rules: what tokens must claim.
        anonymous: who a request without a token comes from.
        pseudonyms: by which bearers are known; None where they are by their ids.
        clock: seconds since 1970.
    """

    def __init__(
        self,
        keys: CachedKeys,
        rules: ClaimRules,
        *,
        anonymous: Identity = ANONYMOUS,
        pseudonyms: Pseudonyms | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._keys = keys
        self._rules = rules
        self._anonymous = anonymous
        self._pseudonyms = pseudonyms
        self._clock = clock
        self._verified = VerifiedTokens(max_entries=MAX_VERIFIED)

    def recall(self, authorization: Sequence[str]) -> Identity | None:
        """Who a request comes from, where that was found out a moment ago; as `identify`, without waiting."""
        if not authorization:
            return self._anonymous
        if len(authorization) > 1:
            return None
        return self._verified.get(_digest(authorization[0]), self._clock())

    async def identify(self, authorization: Sequence[str]) -> Identity:
        """Who a request comes from.

        Args:
            authorization: the values of all its `Authorization` headers.

        Raises:
            TokenRefused: there is a token and it is not accepted; the reason is in the log.
        """
        known = self.recall(authorization)
        if known is not None:
            return known
        try:
            token = bearer_token(authorization)
            if token is None:
                return self._anonymous
            identity, until = await self._verify(token)
        except TokenRefused as refused:
            log.info("token refused: %s", refused.explanation)
            raise
        self._verified.put(_digest(authorization[0]), identity, until)
        return identity

    async def _verify(self, token: str) -> tuple[Identity, float]:
        """Whose a token is, and until when that need not be looked at again."""
        key = await self._key(read_header(token))
        payload = _verified_payload(token, key)
        now = self._clock()
        claims = self._rules.check(payload, now)
        # never settled: somebody may have chosen to be called like another's pseudonym
        user_id = claims.user_id if self._pseudonyms is None else self._pseudonyms.of(claims.user_id)
        identity = Identity(user_id, claims.scopes, _digest(token).hex(), claims.expires)
        return identity, min(claims.expires + self._rules.leeway_s, now + RECHECK_S)

    async def _key(self, header: TokenHeader) -> jwt.PyJWK:
        if header.algorithm not in self._keys.algorithms:
            raise TokenRefused(Refusal.ALGORITHM_NOT_ALLOWED)
        try:
            key = await self._keys.key(header.key_id)
        except KeysUnavailableError as error:
            raise KeysAway from error
        if key is None:
            raise TokenRefused(Refusal.UNKNOWN_KEY)
        if header.algorithm != key.algorithm_name:
            raise TokenRefused(Refusal.ALGORITHM_OF_ANOTHER_KEY)
        return key


def _digest(text: str) -> bytes:
    # an Authorization header is Latin-1; what of it is not ASCII makes no token, and is refused as one
    return hashlib.sha256(text.encode()).digest()


def _verified_payload(token: str, key: jwt.PyJWK) -> dict[str, object]:
    try:
        payload = _JWS.decode(token, key=key, algorithms=[key.algorithm_name])
    except jwt.InvalidSignatureError as error:
        raise TokenRefused(Refusal.BAD_SIGNATURE) from error
    except jwt.PyJWTError as error:
        raise TokenRefused(Refusal.NOT_COMPACT) from error
    try:
        return json_object(payload)
    except ValueError as error:
        raise TokenRefused(Refusal.BAD_PAYLOAD) from error
