"""`seriatim up`: the whole system on one machine, until stopped. Children that end are started again."""

import contextlib
import importlib.util
import socket
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from gateway.cli.commands.speak import end_on_sigterm
from gateway.local.embedded_redis import EmbeddedRedis
from gateway.local.locked_folder import lock_folder
from gateway.local.processes import LocalSystem, WorkerPlan
from seriatim.errors import EngineUnavailable, Misconfigured
from seriatim.exit_codes import ExitCode
from seriatim.servers.redis_checks import check_redis
from seriatim.servers.redis_clients import check_reachable, command_client, redacted_url
from seriatim.settings import Settings

POLL_S = 0.2
AGAIN_S = 1.0  #: between the end of a child and its next start
HTTP_PORT = 8000  #: where HTTP is served if nothing else is said
SERVES_S = 30.0  #: a gateway that does not serve by then is not waited for: it may still come
Parts = dict[str, tuple[str, list[str]]]  #: child -> its module and arguments


@dataclass(frozen=True, slots=True)
class SystemPlan:
    """What to run on this machine."""

    worker_plan: WorkerPlan
    port: int  #: of the embedded Redis
    data: str
    reassemblers: int = 1
    external: bool = False  #: a Redis that runs already
    http: int | None = None  #: port of the gateway; 0: none; None: HTTP_PORT, if it is free and the extra is installed
    beside: tuple[WorkerPlan, ...] = ()  #: pools for what the first does not speak
    named: bool = True  #: the engine was chosen by the user: it speaks all that names none


def up(settings: Settings, plan: SystemPlan) -> int:
    """Run until SIGTERM or Ctrl-C; returns the exit status.

    Raises:
        Unavailable, EngineUnavailable, Misconfigured: something does not start.
    """
    end_on_sigterm()
    folder, worker_plan = Path(plan.data), plan.worker_plan
    if plan.http and (why := _no_http(plan.http)):
        raise Misconfigured(why)
    with (
        lock_folder(folder),
        _redis(settings, folder, plan.port, external=plan.external) as (own, server),
        LocalSystem(_speaking(own, plan), folder, server) as system,
    ):
        for warning in check_redis(command_client(own.redis_url)).warnings:
            _say(f"warning: {warning}")
        parts: Parts = {f"reassembler-{i}": ("reassembler.main", []) for i in range(plan.reassemblers)}
        parts["worker"] = ("workers", worker_plan.arguments())
        parts |= {f"worker-{other.pool_name}": ("workers", other.arguments()) for other in plan.beside}
        for name, (module, arguments) in parts.items():
            system.start(name, module, arguments)
        pools = "; ".join(_ready(system, each) for each in (worker_plan, *plan.beside))
        _say(f"up: {pools}; Redis at {redacted_url(own.redis_url)}; logs in {folder}")
        _say(f"speak with:  seriatim speak FILE -o OUT --redis {redacted_url(own.redis_url)}")
        with contextlib.suppress(KeyboardInterrupt):
            parts |= _serve(system, plan.http)
            _keep(system, parts)
        _say("stopping: sentences that were begun may finish")
    return ExitCode.OK


def _ready(system: LocalSystem, worker_plan: WorkerPlan) -> str:
    slots = system.await_workers(worker_plan.pool_name, worker_plan.processes)
    return f"pool {worker_plan.pool_name}, {slots} slot{'s' * (slots > 1)}"


def _speaking(own: Settings, plan: SystemPlan) -> Settings:
    """With the engine that the user named as the one that speaks over HTTP what names no model, unless a setting does.

    What names none is otherwise spoken as everywhere (seriatim/client/default_engine.py).
    """
    return replace(own, http_pool=plan.worker_plan.pool_name) if plan.named and not own.http_pool else own


def _no_http(port: int) -> str:
    """Why HTTP cannot be served there; empty if it can."""
    if any(importlib.util.find_spec(name) is None for name in ("fastapi", "uvicorn")):
        return "for HTTP, in Seriatim's folder: pip install -c constraints.txt -e '.[http]'"
    with socket.socket() as trying:
        trying.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trying.bind(("127.0.0.1", port))
        except OSError as error:
            return f"port {port} cannot be used for HTTP ({error.strerror}); another one: --http PORT"
    return ""


def _serve(system: LocalSystem, port: int | None) -> Parts:
    """Start a gateway, and say where it is; no parts if there is none.

    Raises:
        Misconfigured: it cannot serve as the command line says.
    """
    why = _no_http(HTTP_PORT) if port is None else "" if port else "not asked for"
    if why:
        _say(f"no HTTP: {why}")
        _say(f"serve with:  seriatim serve --redis {redacted_url(system.settings.redis_url)}")
        return {}
    parts: Parts = {"gateway": ("gateway.cli.main", ["serve", "--port", str(port or HTTP_PORT)])}
    system.start("gateway", *parts["gateway"])
    until_s = time.monotonic() + SERVES_S
    while "serving at " not in system.log_of("gateway") and time.monotonic() < until_s:
        if system.children["gateway"].poll() is not None:
            said = (system.log_of("gateway").strip().splitlines() or ["it ended"])[-1].removeprefix("seriatim: ")
            if port:
                raise Misconfigured(f"HTTP cannot be served: {said}")
            _say(f"no HTTP: {said}")
            return {}
        time.sleep(POLL_S / 4)
    _say(f"HTTP at http://127.0.0.1:{port or HTTP_PORT}/: a page, OpenAI's API at /v1")
    return parts


@contextlib.contextmanager
def _redis(
    settings: Settings, folder: Path, port: int, *, external: bool
) -> Iterator[tuple[Settings, EmbeddedRedis | None]]:
    if external:
        check_reachable(command_client(settings.redis_url, outage_s=1.0), settings.redis_url)
        yield settings, None
        return
    server = EmbeddedRedis.durable(folder / "redis", port)
    chosen = settings.store_dir != Settings().store_dir  # what somebody says goes before a place of ours
    place = settings.store_dir if chosen else str(folder / "store")
    try:
        yield replace(settings, redis_url=server.url, broker_url=server.broker_url, store_dir=place), server
    finally:
        server.close()


def _keep(system: LocalSystem, parts: Parts) -> None:
    """Start again what ends, except what says that it cannot start."""
    ended: dict[str, float] = {}
    while True:
        system.check_redis()
        for name, (module, arguments) in parts.items():
            status = system.children[name].poll()
            if status == ExitCode.CANNOT_START:
                kind = EngineUnavailable if name.startswith("worker") else Misconfigured
                raise kind(f"{name} cannot go on: {system.log_of(name).strip().splitlines()[-1]}")
            if status is None:
                ended.pop(name, None)
            elif time.monotonic() - ended.setdefault(name, time.monotonic()) >= AGAIN_S:
                _say(f"{name} ended with status {status}: starting it again")
                system.start(name, module, arguments)
        time.sleep(POLL_S)


def _say(line: str) -> None:
    sys.stderr.write(f"seriatim: {line}\n")
    sys.stderr.flush()
