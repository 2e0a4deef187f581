"""`seriatim serve`: one gateway process, until SIGTERM. Any number may run, on any machine that reaches Redis."""

import asyncio
import ipaddress
import logging
import signal
import socket
import sys

import uvicorn
from prometheus_client import disable_created_metrics

from gateway.http.app import make_app
from gateway.http.door import Door
from gateway.http.keys import read_keys
from gateway.http.protocol import Limited
from seriatim import log as logs
from seriatim import traces
from seriatim.connect import commands, reach
from seriatim.errors import Misconfigured
from seriatim.exits import Exit
from seriatim.server import check
from seriatim.settings import Settings

log = logging.getLogger(__name__)

SEND_BYTES = 128 * 1024  #: in the kernel for a client: some seconds of sound; more would count as heard too early
BACKLOG = 1024
GRACE_S = 3.0  #: for answers that were begun, when the process is told to end; streams go on elsewhere


class _Server(uvicorn.Server):
    """uvicorn's, which says where it listens once it does."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for each in sockets or ():
            sys.stderr.write(f"seriatim: serving at {_url(each)}\n")
        sys.stderr.flush()


def serve(settings: Settings, host: str, port: int) -> int:
    """Serve until SIGTERM or Ctrl-C; returns the exit status. Port 0 is any free one.

    Raises:
        Misconfigured: a setting, the keys or the address cannot be used.
        Unavailable: Redis does not answer.
    """
    logs.configure(settings.log_level, "gateway")
    traces.configure("gateway", settings.traces)
    keys = read_keys(settings.http_keys_file)
    if keys.open and not _loopback(host):
        raise Misconfigured(f"{host} can be reached by others: write SERIATIM_HTTP_KEYS_FILE, or serve on 127.0.0.1")
    client = commands(settings.redis_url, outage_s=1.0)
    reach(client, settings.redis_url)
    check(client)
    client.close()
    disable_created_metrics()  # type: ignore[no-untyped-call]  # a time for each counter, which nobody asks for
    listening = _listen(host, port)
    door = Door.of(settings, keys)
    Limited.head_s = settings.http_request_s
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    logging.getLogger("uvicorn.error").addFilter(_known)
    config = uvicorn.Config(
        make_app(door),
        http=Limited,
        ws="websockets-sansio",
        ws_max_size=settings.http_body_bytes,
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=True,
        lifespan="on",
        limit_concurrency=settings.http_clients,
        timeout_graceful_shutdown=round(GRACE_S),
        proxy_headers=False,
    )
    signal.signal(signal.SIGTERM, lambda *_: None)  # uvicorn ends in order, and then gives the signal back
    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(_Server(config).serve([listening]))
    return Exit.OK


def _known(record: logging.LogRecord) -> bool:
    """Uvicorn complains of an answer that is not ended: so a stream is cut on purpose, and `playing` says why."""
    return "without completing response" not in record.getMessage()


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _listen(host: str, port: int) -> socket.socket:
    """A socket whose connections hold little in the kernel, so that a client that stops is noticed."""
    try:
        family, kind, proto, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, kind, proto)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BYTES // 2)  # Linux doubles it: socket(7)
        listening.bind(address)
        listening.listen(BACKLOG)
    except OSError as error:
        raise Misconfigured(f"cannot serve at {host}:{port}: {error.strerror or error}") from None
    listening.setblocking(False)
    return listening


def _url(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
