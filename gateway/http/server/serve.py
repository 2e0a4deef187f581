"""`seriatim serve`: one gateway process, until SIGTERM. Any number may run, on any machine that reaches Redis."""

import asyncio
import errno
import ipaddress
import logging
import os
import resource
import signal
import socket
import sys
from types import FrameType

import uvicorn
from prometheus_client import disable_created_metrics
from redis import Redis

from gateway.http.api_keys import read_keys
from gateway.http.app import make_app
from gateway.http.context import GatewayContext
from gateway.http.server.http_protocol import LimitedHttpProtocol
from gateway.http.server.startup_facts import in_force
from gateway.http.server.websocket_protocol import LimitedWebSocketProtocol
from seriatim import log as logs
from seriatim import tracing
from seriatim.errors import Misconfigured
from seriatim.exit_codes import ExitCode
from seriatim.process.sighup import handle_sighup_as_sigterm
from seriatim.reassembler_heartbeats import running_reassemblers, store_folder
from seriatim.servers.redis_checks import check_redis
from seriatim.servers.redis_clients import check_reachable, command_client
from seriatim.settings import Settings

log = logging.getLogger(__name__)

SEND_BYTES = 128 * 1024  #: in the kernel for a client: some seconds of sound; more would count as heard too early
BACKLOG = 1024
MESSAGE_BYTES = 2 * 1024 * 1024  #: of a WebSocket's: 100,000 characters of text, however JSON spells them
RESERVE = (
    256  #: connections beyond SERIATIM_HTTP_MAX_CONCURRENCY: of those who watch, and of those who are told to come back
)
FILES = 3  #: descriptors a client: its connection, its reader's to Redis, and a file of the store
#: by uvicorn: of an answer without an end, which is how a stream is cut on purpose, and of bytes that are no text
UNSAID = ("without completing response", "Invalid UTF-8 sequence")
GRACE_S = 1.0  #: for what is cut off when SERIATIM_HTTP_DRAIN_S is over; streams go on elsewhere


class _AnnouncingServer(uvicorn.Server):
    """uvicorn's, which says where it listens once it does, and finishes what runs before it ends."""

    def __init__(self, config: uvicorn.Config, context: GatewayContext) -> None:
        super().__init__(config)
        self.context = context

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self.context.draining.begun:
            super().handle_exit(sig, frame)
        else:
            self._captured_signals.append(sig)
            self.context.draining.begin()

    async def on_tick(self, counter: int) -> bool:
        self.should_exit |= await self.context.draining.over(self.context.crowd.inside)
        return await super().on_tick(counter)

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
    logs.configure(settings.log_level, "gateway", settings.log_format)
    tracing.configure("gateway", settings.traces)
    keys = read_keys(settings.http_keys_file)
    if keys.open and not _loopback(host):
        raise Misconfigured(f"{host} can be reached by others: write SERIATIM_HTTP_KEYS_FILE, or serve on 127.0.0.1")
    client = command_client(settings.redis_url, outage_s=1.0)
    check_reachable(client, settings.redis_url)
    check_redis(client)
    _compare_stores(client, settings)
    client.close()
    disable_created_metrics()  # type: ignore[no-untyped-call]  # a time for each counter, which nobody asks for
    listening = _listen(host, port, settings.http_write_timeout_s)
    _open_files(settings.http_max_concurrency)
    context = GatewayContext.of(settings, keys)
    LimitedHttpProtocol.head_s, LimitedHttpProtocol.most = (
        settings.http_read_timeout_s,
        settings.http_max_concurrency + RESERVE,
    )
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    logging.getLogger("uvicorn.error").addFilter(_known)
    config = _config(context)
    handle_sighup_as_sigterm()
    # One that comes before uvicorn listens to it must not be lost; behind its end it gives those back that it has had.
    signal.signal(signal.SIGTERM, lambda *_: context.draining.begin())
    log.info("the gateway starts", extra=in_force(context, [_url(each) for each in listening]))
    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(_AnnouncingServer(config, context).serve(listening))
        if context.stuck:
            _leave_at_once()
    return ExitCode.OK


def _leave_at_once() -> None:
    """Python would wait for threads that wait for Redis, for minutes; nobody waits for what they bring."""
    log.warning("ended while Redis did not answer: what was heard last may not have been told to it")
    logging.shutdown()
    os._exit(ExitCode.OK)


def _config(context: GatewayContext) -> uvicorn.Config:
    settings = context.settings
    return uvicorn.Config(
        make_app(context),
        http=LimitedHttpProtocol,
        ws=LimitedWebSocketProtocol,
        ws_max_size=min(settings.http_body_bytes, MESSAGE_BYTES),
        ws_ping_timeout=max(
            20.0, settings.http_write_timeout_s
        ),  # a ping waits behind all the sound that is not taken yet
        ws_per_message_deflate=False,  # sound hardly becomes smaller, and each listener's would take its time
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=True,
        lifespan="on",
        timeout_graceful_shutdown=round(GRACE_S),
        timeout_keep_alive=settings.http_keep_alive_s,
        proxy_headers=False,
    )


def _open_files(clients: int) -> None:
    """Let this process have as many descriptors as its clients may need, if the system lets it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES * clients + RESERVE + 200
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return
    found = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (found, hard))
    if found < wanted:
        facts = {"limit": found, "wanted": wanted, "clients": clients}
        log.warning("too few open files are allowed for SERIATIM_HTTP_MAX_CONCURRENCY (ulimit -n)", extra=facts)


def _compare_stores(client: "Redis", settings: Settings) -> None:
    """A gateway that looks for recordings where this machine's reassemblers put none would say they were lost."""
    ours = str(store_folder(client, settings.store_dir).resolve())
    for found in running_reassemblers(client):
        if found.name.startswith(f"{socket.gethostname()}.") and found.store != ours:
            facts = {"here": ours, "theirs": found.store}
            log.warning("recordings will not be found: a reassembler has another SERIATIM_STORE_DIR", extra=facts)


def _known(record: logging.LogRecord) -> bool:
    """Is it worth a line? Not what `playing` says better, and not with a traceback what a client sent."""
    return not any(said in record.getMessage() for said in UNSAID)


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _listen(host: str, port: int, stall_s: float) -> list[socket.socket]:
    """A socket for each address of the host: `localhost` is one of either family.

    Raises:
        Misconfigured: it has no address that can be used.
    """
    sockets: list[socket.socket] = []
    error: OSError | None = None
    try:
        found = dict.fromkeys((each[0], each[4]) for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
    except OSError as unknown:
        found, error = {}, unknown
    for family, (name, number, *rest) in found:
        try:
            chosen = number or (sockets[0].getsockname()[1] if sockets else 0)
            sockets.append(_bound(family, (name, chosen, *rest), stall_s))
        except OSError as refused:
            error = refused
            if refused.errno not in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):  # a machine without the other family
                break
    else:
        if sockets:
            return sockets
    for each in sockets:
        each.close()
    why = (error.strerror or error) if error else "it has no address"
    raise Misconfigured(f"cannot serve at {host}:{port}: {why}") from None


def _bound(family: int, address: tuple[object, ...], stall_s: float) -> socket.socket:
    """A socket whose connections hold little in the kernel, so that a client that stops is noticed.

    The kernel itself ends a connection whose client has taken nothing for `stall_s`, whatever it waits for.
    """
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BYTES // 2)  # Linux doubles it: socket(7)
        if family == socket.AF_INET6:
            listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(address[0] != "::"))
        if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux; connections have it from here: tcp(7)
            listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, round(stall_s * 1000))
        listening.bind(address)
        listening.listen(BACKLOG)
    except OSError:
        listening.close()
        raise
    listening.setblocking(False)
    return listening


def _url(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
