"""The page that a person sees at `/graphql`: recommendations to look at and a query editor."""

from __future__ import annotations

from pathlib import Path

from starlette.responses import FileResponse, Response

STATIC = Path(__file__).with_name("static")

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        # covers lie wherever the catalogue says
        "img-src 'self' data: http: https:",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)


def page() -> Response:
    """The page, which runs no script and loads no style but its own."""
    return FileResponse(
        STATIC / "index.html",
        headers={
            "Content-Security-Policy": CONTENT_SECURITY_POLICY,
            "Referrer-Policy": "no-referrer",
        },
    )
