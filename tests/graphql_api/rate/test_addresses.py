"""Where a request comes from: only trusted proxies are believed."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from graphql_api.rate.addresses import UNKNOWN, ClientAddresses

PROXIES = [ip_network("10.0.0.0/8"), ip_network("fd00::/8")]


def address(peer: str | None, *forwarded: str, trusted: bool = True) -> str:
    headers = [(b"x-forwarded-for", each.encode()) for each in forwarded]
    scope = {"client": None if peer is None else (peer, 1), "headers": headers}
    return ClientAddresses(PROXIES if trusted else []).of(scope)


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("198.51.100.7", [], "198.51.100.7"),
        ("198.51.100.7", ["203.0.113.9"], "198.51.100.7"),
        ("10.0.0.1", ["203.0.113.9"], "203.0.113.9"),
        # the client made up what stands at the left
        ("10.0.0.1", ["1.2.3.4, 203.0.113.9"], "203.0.113.9"),
        ("10.0.0.1", ["1.2.3.4", "203.0.113.9"], "203.0.113.9"),
        ("10.0.0.1", ["203.0.113.9, 10.0.0.2"], "203.0.113.9"),
        ("10.0.0.1", ["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["nonsense"], "10.0.0.1"),
        ("10.0.0.1", ["203.0.113.9, nonsense"], "10.0.0.1"),
        ("::ffff:10.0.0.1", ["203.0.113.9"], "203.0.113.9"),
        ("fd00::1", ["2001:db8:1:2:3:4:5:6"], "2001:db8:1:2::/64"),
        ("2001:db8::1", [], "2001:db8::/64"),
        ("testclient", ["203.0.113.9"], UNKNOWN),
        (None, ["203.0.113.9"], UNKNOWN),
    ],
)
def test_the_first_from_the_right_that_is_no_proxy_is_the_client(
    peer: str | None, forwarded: list[str], expected: str
) -> None:
    assert address(peer, *forwarded) == expected


def test_where_no_proxy_is_trusted_nobody_is_believed() -> None:
    assert address("10.0.0.1", "203.0.113.9", trusted=False) == "10.0.0.1"
