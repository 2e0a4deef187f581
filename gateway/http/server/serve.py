"""`seriatim serve`: run one gateway process until SIGTERM. Any number may run, on any machine that reaches Redis."""

import asyncio
import errno
import ipaddress
import logging
import os
import resource
import signal
import socket
from collections.abc import Mapping
from types import FrameType

import uvicorn
from prometheus_client import disable_created_metrics
from redis import Redis

from gateway.http.api_keys import read_keys
from gateway.http.app import make_app
from gateway.http.context import GatewayContext
from gateway.http.routing.route_table import MAIN, read_routes
from gateway.http.server.http_protocol import LimitedHttpProtocol
from gateway.http.server.startup_facts import startup_facts
from gateway.http.server.websocket_protocol import LimitedWebSocketProtocol
from seriatim import log as logs
from seriatim import tracing
from seriatim.errors import Misconfigured, Unavailable
from seriatim.exit_codes import ExitCode
from seriatim.process.sighup_as_sigterm import handle_sighup_as_sigterm
from seriatim.reassembler_heartbeats import running_reassemblers, store_of_system
from seriatim.recordings.store_place import place_name
from seriatim.servers.redis_checks import check_redis
from seriatim.servers.redis_clients import check_reachable, command_client
from seriatim.settings import Settings

log = logging.getLogger(__name__)

SEND_BYTES = 128 * 1024  #: kernel buffer of a client: some seconds of audio; more would count as heard too early
BACKLOG = 1024
LOCALHOST = ("127.0.0.1", "::1")  #: whatever this machine's list of hosts has
MESSAGE_BYTES = 2 * 1024 * 1024  #: of a WebSocket message: 100,000 characters of text in any JSON encoding
RESERVE = 256  #: connections beyond SERIATIM_HTTP_MAX_CONCURRENCY, for monitoring and for requests that are refused
FILES = 3  #: descriptors per client: its connection, its reader's connection to Redis, and a file of the store
#: uvicorn's lines about an incomplete response, which is how a stream is cut on purpose, about a WebSocket that was
#: refused, and about invalid text
SUPPRESSED_LINES = ("without completing response", "without completing handshake", "Invalid UTF-8 sequence")
GRACE_S = 1.0  #: for requests that are cut off after SERIATIM_HTTP_DRAIN_S; clients resume elsewhere


class _AnnouncingServer(uvicorn.Server):
    """uvicorn's server, which also prints its addresses once it listens, and drains before it ends."""

    def __init__(self, config: uvicorn.Config, context: GatewayContext) -> None:
        super().__init__(config)
        self.context = context

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self.context.draining.active:
            super().handle_exit(sig, frame)
        else:
            self._captured_signals.append(sig)
            self.context.draining.begin()

    async def on_tick(self, counter: int) -> bool:
        running = self.context.concurrency.inside + self._unsent_responses()
        self.should_exit |= await self.context.draining.is_over(running)
        return await super().on_tick(counter)

    def _unsent_responses(self) -> int:
        """Connections with bytes that the client has not taken yet, such as the end of a stream that is being played.

        Their requests are over for the application; uvicorn would cut them off after GRACE_S.
        """
        return sum(each.transport.get_write_buffer_size() > 0 for each in self.server_state.connections)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for each in sockets or ():
            logs.announce("seriatim", f"serving at {_url_of(each)}", logging.INFO)


def serve(settings: Settings, host: str, port: int) -> int:
    """Serve until SIGTERM or Ctrl-C; returns the exit status. Port 0 is any free one.

    Raises:
        Misconfigured: a setting, the keys or the address cannot be used.
        Unavailable: Redis does not answer.
    """
    logs.configure(settings.log_level, "gateway", settings.log_format)
    tracing.configure("gateway", settings.traces)
    keys = read_keys(settings.http_keys_file)
    if keys.open and not _is_loopback(host):
        raise Misconfigured(
            f"{host} can be reached by other machines; set SERIATIM_HTTP_KEYS_FILE, or serve on 127.0.0.1"
        )
    routes = read_routes(settings.http_routes_file, settings)
    _check_servers({MAIN: settings, **routes.servers})
    disable_created_metrics()  # type: ignore[no-untyped-call]  # omit the creation time of each counter
    listener = _open_sockets(host, port, settings.http_write_timeout_s)
    _raise_file_limit(settings.http_max_concurrency)
    context = GatewayContext.of(settings, keys)
    LimitedHttpProtocol.head_s, LimitedHttpProtocol.max_connections = (
        settings.http_read_timeout_s,
        settings.http_max_concurrency + RESERVE,
    )
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    logging.getLogger("uvicorn.error").addFilter(_should_log)
    config = _uvicorn_config(context)
    handle_sighup_as_sigterm()
    # A signal before uvicorn installs its handlers must not be lost; at its end uvicorn raises captured ones again.
    signal.signal(signal.SIGTERM, lambda *_: context.draining.begin())
    log.info("the gateway starts", extra=startup_facts(context, [_url_of(each) for each in listener]))
    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(_AnnouncingServer(config, context).serve(listener))
        if context.stuck:
            log.warning("ended while Redis did not answer: the last delivery reports may be missing")
        if context.stuck or context.books.is_busy:
            _exit_despite_blocked_threads()
    return ExitCode.OK


def _check_servers(servers: Mapping[str, Settings]) -> None:
    """Check every server of the gateway; with several, one that does not answer is waited for.

    Raises:
        Misconfigured: one of them cannot be used.
        Unavailable: none answers.
    """
    away = []
    for server, settings in servers.items():
        try:
            with command_client(settings.redis_url, outage_s=1.0) as client:
                check_reachable(client, settings.redis_url)
                check_redis(client)
                _warn_of_other_stores(client, settings)
        except Unavailable as error:
            away.append(error)
            if len(away) == len(servers):
                raise away[0] from None
            log.warning("a server does not answer; its listeners wait", extra={"server": server, "error": str(error)})


def _exit_despite_blocked_threads() -> None:
    """Exit without joining threads, which may wait for Redis for minutes, or write a book: that is written again."""
    logging.shutdown()
    os._exit(ExitCode.OK)


def _uvicorn_config(context: GatewayContext) -> uvicorn.Config:
    settings = context.settings
    return uvicorn.Config(
        make_app(context),
        http=LimitedHttpProtocol,
        ws=LimitedWebSocketProtocol,
        ws_max_size=min(settings.http_body_bytes, MESSAGE_BYTES),
        ws_ping_timeout=max(20.0, settings.http_write_timeout_s),  # a ping waits behind all unsent audio
        ws_per_message_deflate=False,  # audio hardly compresses, and every stream would cost CPU time
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=True,
        lifespan="on",
        timeout_graceful_shutdown=round(GRACE_S),
        timeout_keep_alive=settings.http_keep_alive_s,
        proxy_headers=False,
    )


def _raise_file_limit(clients: int) -> None:
    """Raise the limit of open files to what the clients may need, as far as the system allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = FILES * clients + RESERVE + 200
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return
    found = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (found, hard))
    if found < needed:
        facts = {"limit": found, "needed": needed, "clients": clients}
        log.warning("too few open files are allowed for SERIATIM_HTTP_MAX_CONCURRENCY (ulimit -n)", extra=facts)


def _warn_of_other_stores(client: "Redis", settings: Settings) -> None:
    """Warn if a reassembler of this machine has another store: its recordings would not be found here."""
    own_store = place_name(store_of_system(client, settings.store_dir))
    for found in running_reassemblers(client):
        if found.name.startswith(f"{socket.gethostname()}.") and found.store != own_store:
            facts = {"here": own_store, "theirs": found.store}
            log.warning("recordings will not be found: a reassembler has another SERIATIM_STORE_DIR", extra=facts)


def _should_log(record: logging.LogRecord) -> bool:
    """Whether to log a line of uvicorn: not for streams cut on purpose, and no traceback for invalid input."""
    return not any(line in record.getMessage() for line in SUPPRESSED_LINES)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _open_sockets(host: str, port: int, stall_s: float) -> list[socket.socket]:
    """Open a listening socket for each address of the host; `localhost` has one of each family, as in browsers.

    Raises:
        Misconfigured: no address of the host can be used.
    """
    sockets: list[socket.socket] = []
    error: OSError | None = None
    names = LOCALHOST if host == "localhost" else (host,)
    try:
        rows = [row for name in names for row in socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)]
        found = dict.fromkeys((row[0], row[4]) for row in rows)
    except OSError as unknown:
        found, error = {}, unknown
    for family, (name, number, *rest) in found:
        try:
            chosen_port = number or (sockets[0].getsockname()[1] if sockets else 0)
            sockets.append(_open_socket(family, (name, chosen_port, *rest), stall_s))
        except OSError as refused:
            error = refused
            if refused.errno not in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):  # a machine without IPv4 or IPv6
                break
    else:
        if sockets:
            return sockets
    for each in sockets:
        each.close()
    reason = (error.strerror or error) if error else "the host has no address"
    raise Misconfigured(f"cannot serve at {host}:{port}: {reason}; choose another --host or --port") from None


def _open_socket(family: int, address: tuple[object, ...], stall_s: float) -> socket.socket:
    """Open a listening socket with small kernel buffers, so that a client that stops reading is noticed.

    The kernel closes a connection whose client has acknowledged nothing for `stall_s`.
    """
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BYTES // 2)  # Linux doubles it: socket(7)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(address[0] != "::"))
        if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux; connections have it from here: tcp(7)
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, round(stall_s * 1000))
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    listener.setblocking(False)
    return listener


def _url_of(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
