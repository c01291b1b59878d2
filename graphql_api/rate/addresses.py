"""Where a request comes from, behind proxies that are trusted to say so."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

from starlette.types import Scope

from graphql_api.http.requests import header_of
from graphql_api.settings.api import Network

UNKNOWN = "unknown"
"""Of a request over a socket that has no address."""

REMEMBERED = 4_096
"""Addresses of which it is known how they are read: reading one takes as long as finding an answer."""

SITE_PREFIX = 64
"""Bits of an IPv6 address that tell clients apart: whoever has one address of a site has all of them."""


class ClientAddresses:
    """Tells who is at the other end.

    Args:
        trusted: the networks of proxies whose `X-Forwarded-For` is believed.
    """

    def __init__(self, trusted: Iterable[Network]) -> None:
        self._trusted = tuple(trusted)

    def of(self, scope: Scope) -> str:
        """The client's address, or the network of its site."""
        client = scope.get("client")
        peer = _parsed(client[0]) if client else None
        if peer is None:
            return UNKNOWN
        if self._trusted and self._is_trusted(peer):
            # each proxy adds at the right whom it heard: the first from there that is none of ours is the client
            for said in reversed(header_of(scope, b"x-forwarded-for").split(",")):
                told = _parsed(said.strip())
                if told is None:
                    break
                peer = told
                if not self._is_trusted(peer):
                    break
        return _site(peer)

    def _is_trusted(self, address: IPv4Address | IPv6Address) -> bool:
        return any(address in network for network in self._trusted)


@lru_cache(REMEMBERED)
def _parsed(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


@lru_cache(REMEMBERED)
def _site(address: IPv4Address | IPv6Address) -> str:
    if isinstance(address, IPv4Address):
        return str(address)
    network = ip_network((int(address), SITE_PREFIX), strict=False)
    assert isinstance(network, IPv6Network)  # noqa: S101 - of the type checker
    return str(network)
