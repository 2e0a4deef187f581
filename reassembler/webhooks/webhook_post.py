"""A webhook's post: one message to one address, which was checked before.

A URL is given by a user, and must not reach what only this machine can (server-side request forgery). The host's
addresses are resolved once, each is checked, and the connection goes to the checked address: a name that resolves
otherwise a moment later changes nothing. Redirects are not followed, proxies of the environment are not used.
"""

import asyncio
import logging
import socket
from collections.abc import Mapping
from urllib.parse import urlsplit

import httpx2

from seriatim.webhooks.webhook_target import HostPatterns

#: httpx2 logs the address of every request at INFO, which may have a receiver's token in it
logging.getLogger("httpx2").setLevel(logging.WARNING)


class PostRefused(Exception):
    """The message must not be sent there."""


def new_client() -> httpx2.AsyncClient:
    """A client for one round of posts: to make one loads the certificates of all authorities, 50 ms of a core.

    It keeps no connection: these go by address, and another host at the same address has another certificate.
    """
    limits = httpx2.Limits(max_keepalive_connections=0)
    return httpx2.AsyncClient(trust_env=False, follow_redirects=False, limits=limits)


async def post(
    client: httpx2.AsyncClient, url: str, body: bytes, headers: Mapping[str, str], hosts: HostPatterns, timeout_s: float
) -> int:
    """Post a message; returns the status of the answer, whose body is not read.

    Raises:
        PostRefused: the URL is not https, or an address of its host is not public, and the operator did not allow it.
        OSError: the host is unknown.
        ValueError, httpx2.InvalidURL: the URL is none that can be asked.
        TimeoutError: no answer came within `timeout_s`.
        httpx2.HTTPError: there is no connection, or it is no HTTP.
    """
    async with asyncio.timeout(timeout_s):
        parts = urlsplit(url)
        host = parts.hostname or ""
        if parts.scheme != "https" and not hosts.allows(host):
            raise PostRefused("it is not https, and SERIATIM_WEBHOOK_HOSTS does not name its host")
        address = await _checked_address(host, parts.port or (443 if parts.scheme == "https" else 80), hosts)
        request_headers = {**headers, "host": parts.netloc}
        async with client.stream(
            "POST", httpx2.URL(url).copy_with(host=address), content=body, headers=request_headers, timeout=timeout_s,
            extensions={"sni_hostname": host},
        ) as response:  # fmt: skip
            return response.status_code


async def _checked_address(host: str, port: int, hosts: HostPatterns) -> str:
    """The first address of a host, all of which may be reached."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [str(each[4][0]) for each in found]
    for address in addresses:
        if not hosts.accepts_address(host, address):
            raise PostRefused(f"{host} has the address {address}; SERIATIM_WEBHOOK_HOSTS may allow the host")
    return addresses[0]
