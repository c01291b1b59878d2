"""The `RateLimit` headers (draft-ietf-httpapi-ratelimit-headers): what a client may use, and what is left of it."""

from __future__ import annotations

import math

from graphql_api.rate.bucket import Quota, Rate

NAME = "client"


def rate_limit(quota: Quota) -> tuple[bytes, bytes]:
    """The units that are left, with the seconds until all are there again."""
    rate, left = quota.rate, max(0, quota.left)
    full_in_s = math.ceil((rate.units - left) / rate.per_s)
    return b"ratelimit", f'"{NAME}";r={left};t={full_in_s}'.encode()


def rate_limit_policy(rate: Rate) -> tuple[bytes, bytes]:
    """What a client may use; said to one that has used it up."""
    return b"ratelimit-policy", f'"{NAME}";q={rate.units};w={rate.window_s:.0f}'.encode()
