"""Headers of proxies: whose word counts, and which address of a list is the client's."""

import asyncio
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from gateway.http.middleware.proxy_headers import ProxyHeaders, parse_networks

PROXIES = ("10.0.0.0/8", "fd00::/8")
PROXY, OTHER = "10.0.0.1", "203.0.113.9"


def client_of(peer: str, *forwarded_for: str, **headers: str) -> tuple[str, str]:
    """The address of the client and the scheme that an application sees, behind `peer`."""
    seen: dict[str, Any] = {}

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        seen.update(scope)

    async def no_message(*_: object) -> Any:
        raise AssertionError("nothing is read or sent")

    named = [("x-forwarded-for", value) for value in forwarded_for] + list(headers.items())
    scope = {
        "type": "http", "scheme": "http", "path": "/healthz", "client": (peer, 1),
        "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in named],
    }  # fmt: skip
    asyncio.run(ProxyHeaders(application, "", parse_networks(PROXIES))(scope, no_message, no_message))
    return seen["client"][0], seen["scheme"]


@pytest.mark.parametrize(
    ("forwarded_for", "client"),
    [
        ((OTHER,), OTHER),
        (("198.51.100.1, 203.0.113.9",), OTHER),  # the client's own word stands before what the proxy saw
        (("198.51.100.1, 203.0.113.9, 10.0.0.2,10.0.0.3",), OTHER),
        (("10.9.9.9, 203.0.113.9",), OTHER),  # it may also call itself a proxy
        (("198.51.100.1", "203.0.113.9, 10.0.0.2"), OTHER),  # each proxy may add a header of its own
        (("203.0.113.9", "10.0.0.2"), OTHER),
        (("2001:db8::7, fd00::2",), "2001:db8::7"),
        (("203.0.113.9, ::ffff:10.0.0.2",), OTHER),
        (("10.0.0.3, 10.0.0.2",), "10.0.0.3"),  # a client in the proxies' own network
        (("", " , "), PROXY),
        ((), PROXY),
    ],
)
def test_the_nearest_address_that_is_no_proxy_is_the_clients(forwarded_for: tuple[str, ...], client: str) -> None:
    assert client_of(PROXY, *forwarded_for)[0] == client


@pytest.mark.parametrize("peer", [OTHER, "2001:db8::7", "11.0.0.1"])
def test_the_word_of_others_does_not_count(peer: str) -> None:
    assert client_of(peer, "198.51.100.1", x_forwarded_proto="https") == (peer, "http")


@pytest.mark.parametrize("peer", [PROXY, "fd00::1", "::ffff:10.0.0.1"])
def test_a_proxy_is_known_by_any_of_its_addresses(peer: str) -> None:
    assert client_of(peer, OTHER, x_forwarded_proto="https") == (OTHER, "https")
