"""`python -m graphql_api.auth.issue FOLDER --user 276847`: print a token, for development.

The key is the first of the folder that `python -m graphql_api.auth.keys` made. Use it so:

    curl -H "Authorization: Bearer $(python -m graphql_api.auth.issue keys --user 276847)" ...
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import jwt

from graphql_api.auth.key_files import PRIVATE, read_private_keys
from graphql_api.auth.key_pairs import Jwk
from graphql_api.auth.key_set import KeySetError
from graphql_api.auth.scopes import Scope
from recs_core.errors import BookverseError

ENVIRONMENT_VARIABLE = "BOOKVERSE_ENVIRONMENT"

ISSUER = "bookverse-development"
AUDIENCE = "bookverse"
LIFETIME_S = 3_600

READER_SCOPES = (Scope.CATALOGUE_READ, Scope.METRICS_READ, Scope.RECOMMENDATIONS_READ)
"""What a reader of the shop may do."""


def issue_token(
    key: Jwk,
    user_id: str,
    scopes: Iterable[Scope],
    *,
    issuer: str = ISSUER,
    audience: str = AUDIENCE,
    lifetime_s: int = LIFETIME_S,
) -> str:
    """Sign a token.

    Args:
        key: the private key, with `kid` and `alg`.
        user_id: whose token it is.
        scopes: what it grants.
        issuer: its `iss`.
        audience: its `aud`.
        lifetime_s: how long it lives from now, in seconds.
    """
    now = int(time.time())
    claims = {
        "iss": issuer,
        "aud": audience,
        "sub": user_id,
        "iat": now,
        "exp": now + lifetime_s,
        "scope": " ".join(sorted(scopes)),
    }
    return jwt.encode(claims, jwt.PyJWK(key), algorithm=key["alg"], headers={"kid": key["kid"]})


def main(arguments: list[str] | None = None) -> int:
    """Print the token; return the exit status."""
    given = _parser().parse_args(arguments)
    if os.environ.get(ENVIRONMENT_VARIABLE) == "production":
        sys.stderr.write(
            "issue: tokens are made here for development only; in production the issuer makes them\n"
        )
        return 2
    try:
        keys = read_private_keys(given.folder)
        if not keys:
            where = given.folder / PRIVATE
            raise KeySetError(
                f"{where} is missing; make it with: python -m graphql_api.auth.keys {given.folder}"
            )
        token = issue_token(
            keys[0],
            given.user,
            given.scope or READER_SCOPES,
            issuer=given.issuer,
            audience=given.audience,
            lifetime_s=given.lifetime,
        )
    except (BookverseError, jwt.PyJWTError, OSError) as error:
        sys.stderr.write(f"issue: {error}\n")
        return 2
    sys.stdout.write(token + "\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m graphql_api.auth.issue", description="Print a token for a user, for development."
    )
    parser.add_argument("folder", type=Path, help="the folder that python -m graphql_api.auth.keys made")
    parser.add_argument("--user", required=True, help="whose token it is")
    parser.add_argument(
        "--scope",
        action="append",
        type=Scope,
        metavar="SCOPE",
        help=f"what it grants, once for each; one of {', '.join(Scope)} (default: {', '.join(READER_SCOPES)})",
    )
    parser.add_argument("--issuer", default=ISSUER, help=f"default: {ISSUER}")
    parser.add_argument("--audience", default=AUDIENCE, help=f"default: {AUDIENCE}")
    parser.add_argument("--lifetime", type=int, default=LIFETIME_S, help=f"seconds (default: {LIFETIME_S})")
    return parser


if __name__ == "__main__":
    sys.exit(main())
