"""Where key sets come from: a file, or the issuer's server."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import urlsplit

import anyio
import httpx

from graphql_api.auth.key_set import KeySetError

MAX_KEY_SET_BYTES = 2**18
FETCH_TIMEOUT_S = 5.0

FetchKeySet = Callable[[], Awaitable[bytes]]
"""Gets the text of a key set, or raises KeySetError."""

_LOOPBACK = ("127.0.0.1", "::1", "localhost")


def key_set_file(path: Path) -> FetchKeySet:
    """Read a key set from a file each time."""

    async def fetch() -> bytes:
        try:
            async with await anyio.open_file(path, "rb") as stream:
                text = await stream.read(MAX_KEY_SET_BYTES + 1)
        except OSError as error:
            raise KeySetError(f"{path} cannot be read: {error.strerror}") from error
        if len(text) > MAX_KEY_SET_BYTES:
            raise KeySetError(f"{path} is larger than {MAX_KEY_SET_BYTES} bytes")
        return text

    return fetch


def key_set_url(url: str, *, timeout_s: float = FETCH_TIMEOUT_S) -> FetchKeySet:
    """Get a key set from a server each time: no redirects, no compression, no more than `MAX_KEY_SET_BYTES`.

    Args:
        url: https, or http on this machine.
        timeout_s: seconds for the whole exchange, however slowly it trickles.

    Raises:
        KeySetError: at once, where keys from `url` could be anybody's.
    """
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise KeySetError(f"key sets come by https, or http from this machine (got {parts.scheme}://...)")
    # made once: reading the certificates takes tens of milliseconds
    trust = httpx.create_ssl_context()

    async def fetch() -> bytes:
        try:
            async with (
                asyncio.timeout(timeout_s),
                httpx.AsyncClient(verify=trust, timeout=timeout_s) as client,
            ):
                return await _get(client, url)
        except TimeoutError as error:
            raise KeySetError(f"the key server took longer than {timeout_s:g} s") from error
        except httpx.HTTPError as error:
            raise KeySetError(f"the key server failed: {type(error).__name__}") from error

    return fetch


async def _get(client: httpx.AsyncClient, url: str) -> bytes:
    asked_for = {"Accept": "application/jwk-set+json, application/json", "Accept-Encoding": "identity"}
    async with client.stream("GET", url, headers=asked_for) as response:
        if response.status_code != httpx.codes.OK:
            raise KeySetError(f"the key server answered {response.status_code}")
        text = bytearray()
        async for part in response.aiter_raw():
            text += part
            if len(text) > MAX_KEY_SET_BYTES:
                raise KeySetError(f"the key server's answer is larger than {MAX_KEY_SET_BYTES} bytes")
        return bytes(text)
