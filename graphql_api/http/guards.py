"""What stands before `/graphql`: names that the server is not known by, and pages of other sites."""

from __future__ import annotations

from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware

from graphql_api.every_response import HEADER
from graphql_api.http.requests import ALLOW, PREFLIGHT_HEADERS
from graphql_api.settings.api import ApiSettings


def of_names(api: ApiSettings) -> list[Middleware]:
    """What refuses to be known by another name: one that somebody has pointed to us would make their page ours."""
    hosts = api.allowed_hosts
    return [Middleware(TrustedHostMiddleware, allowed_hosts=hosts, www_redirect=False)] if hosts else []


def of_browsers(api: ApiSettings) -> list[Middleware]:
    """What stands between pages of other sites and the API."""
    guards = of_names(api)
    if api.cors_origins:
        cross_origin = Middleware(
            CORSMiddleware,
            allow_origins=api.cors_origins,
            allow_methods=ALLOW.split(", "),
            allow_headers=["Authorization", "Content-Type", HEADER, *PREFLIGHT_HEADERS],
            expose_headers=["Age", "Cache-Status", "RateLimit", "RateLimit-Policy", "Retry-After", HEADER],
        )
        guards.append(cross_origin)
    return guards
