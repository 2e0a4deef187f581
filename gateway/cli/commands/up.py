"""`seriatim up`: run the whole system on one machine until stopped. Child processes that end are restarted."""

import contextlib
import importlib.util
import socket
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from gateway.cli.interrupts import end_on_sigterm
from gateway.local.embedded_redis import EmbeddedRedis
from gateway.local.locked_folder import lock_folder
from gateway.local.processes import LocalSystem, WorkerPlan, import_ahead_of_children
from seriatim import log as logs
from seriatim.errors import EngineUnavailable, Misconfigured
from seriatim.exit_codes import ExitCode
from seriatim.process.process_memory import tree_memory
from seriatim.servers.redis_checks import check_redis
from seriatim.servers.redis_clients import check_reachable, command_client, redacted_url
from seriatim.settings import Settings

POLL_S = 0.2
RESTART_DELAY_S = 1.0  #: between the end of a child and its next start
HTTP_PORT = 8000  #: the default port of the gateway
HTTP_START_S = 30.0  #: how long to wait for the gateway; afterwards it goes on starting in the background
ChildCommands = dict[str, tuple[str, list[str]]]  #: child -> its module and arguments


@dataclass(frozen=True, slots=True)
class SystemPlan:
    """The processes to run on this machine."""

    worker_plan: WorkerPlan
    port: int  #: of the embedded Redis
    data: str
    reassemblers: int = 1
    external: bool = False  #: use a running Redis
    http: int | None = None  #: port of the gateway; 0: none; None: HTTP_PORT, if it is free and the extra is installed
    beside: tuple[WorkerPlan, ...] = ()  #: pools for what the first does not speak
    named: bool = True  #: the engine was chosen by the user: it speaks all that names none


def up(settings: Settings, plan: SystemPlan) -> int:
    """Run until SIGTERM or Ctrl-C; returns the exit status.

    Raises:
        Unavailable, EngineUnavailable, Misconfigured: a process does not start.
    """
    end_on_sigterm()
    folder, worker_plan = Path(plan.data), plan.worker_plan
    if plan.http and (problem := _http_problem(plan.http)):
        raise Misconfigured(problem)
    with (
        lock_folder(folder),
        _open_redis(settings, folder, plan.port, external=plan.external) as (system_settings, server),
        LocalSystem(_with_default_pool(system_settings, plan), folder, server) as system,
    ):
        for warning in check_redis(command_client(system_settings.redis_url)).warnings:
            _write_line(f"warning: {warning}")
        import_ahead_of_children()
        children: ChildCommands = {f"reassembler-{i}": ("reassembler.main", []) for i in range(plan.reassemblers)}
        children["worker"] = ("workers", worker_plan.arguments())
        children |= {f"worker-{other.pool_name}": ("workers", other.arguments()) for other in plan.beside}
        for name, (module, arguments) in children.items():
            system.start_child(name, module, arguments)
        plans = zip(list(children)[-1 - len(plan.beside) :], (worker_plan, *plan.beside), strict=True)
        pools = "; ".join([_await_pool(system, name, each) for name, each in plans])
        redis_url = redacted_url(system_settings.redis_url)
        with contextlib.suppress(KeyboardInterrupt):
            _write_line(f"up: {pools}; Redis at {redis_url}; logs in {folder}")
            _write_line(f"speak with:  seriatim speak FILE -o OUT --redis {redis_url}")
            gateway, address_line = _start_gateway(system, plan.http)
            _supervise_children(system, children | gateway, address_line)
        _write_line("stopping: running sentences may finish")
    return ExitCode.OK


def _await_pool(system: LocalSystem, child: str, worker_plan: WorkerPlan) -> str:
    """Wait for a pool; returns a line about it. `child`: its supervisor."""
    slots = system.await_workers(worker_plan.pool_name, worker_plan.processes)
    memory_mb = tree_memory(system.children[child].pid) / 1e6
    more = f" of up to {worker_plan.most_processes}" * (worker_plan.most_processes > worker_plan.processes)
    parts = [_counted(worker_plan.processes, "process", "es") + more, _counted(slots, "slot", "s")]
    parts += [f"{memory_mb:.0f} MB"] if memory_mb else []
    return f"pool {worker_plan.pool_name}: {', '.join(parts)}"


def _counted(number: int, noun: str, ending: str) -> str:
    return f"{number} {noun}{ending * (number != 1)}"


def _with_default_pool(settings: Settings, plan: SystemPlan) -> Settings:
    """The settings with a named engine's pool as HTTP's default model, unless a setting names another one.

    Without a name the default is that of every client (seriatim/client/default_engine.py).
    """
    return (
        replace(settings, http_pool=plan.worker_plan.pool_name) if plan.named and not settings.http_pool else settings
    )


def _http_problem(port: int) -> str:
    """The reason why HTTP cannot be served at `port`; empty if it can."""
    if any(importlib.util.find_spec(name) is None for name in ("fastapi", "uvicorn")):
        return "the http extra is missing; in Seriatim's folder: pip install -c constraints.txt -e '.[http]'"
    return _port_problem(port, "HTTP", "--http PORT")


def _port_problem(port: int, use: str, option: str) -> str:
    """The reason why a loopback port cannot be used; empty if it can. `option` chooses another one."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            return f"port {port} cannot be used for {use} ({error.strerror}); choose another one with {option}"
    return ""


def _start_gateway(system: LocalSystem, port: int | None) -> tuple[ChildCommands, str]:
    """Start a gateway, and wait until it serves, for HTTP_START_S at most.

    Returns its process, and the line with its address, which is to be shown once it serves; nothing if there is none.

    Raises:
        Misconfigured: it cannot serve at the port that the command line gives.
    """
    problem = _http_problem(HTTP_PORT) if port is None else "" if port else "turned off"
    if problem:
        _write_line(f"no HTTP: {problem}")
        _write_line(f"serve with:  seriatim serve --redis {redacted_url(system.settings.redis_url)}")
        return {}, ""
    children: ChildCommands = {"gateway": ("gateway.cli.main", ["serve", "--port", str(port or HTTP_PORT)])}
    system.start_child("gateway", *children["gateway"])
    until_s = time.monotonic() + HTTP_START_S
    while not _is_serving(system) and time.monotonic() < until_s:
        if system.children["gateway"].poll() is not None:
            last_line = logs.message_of((system.read_log("gateway").strip().splitlines() or ["it ended"])[-1])
            if port:
                raise Misconfigured(f"HTTP cannot be served: {last_line}")
            _write_line(f"no HTTP: {last_line}")
            return {}, ""
        time.sleep(POLL_S / 4)
    if not _is_serving(system):
        _write_line(f"no HTTP yet after {HTTP_START_S:g} s: it is still starting; its log is gateway.log")
    return children, f"HTTP at http://127.0.0.1:{port or HTTP_PORT}/: a page, OpenAI's API at /v1"


def _is_serving(system: LocalSystem) -> bool:
    return "serving at " in system.read_log("gateway")


@contextlib.contextmanager
def _open_redis(
    settings: Settings, folder: Path, port: int, *, external: bool
) -> Iterator[tuple[Settings, EmbeddedRedis | None]]:
    if external:
        check_reachable(command_client(settings.redis_url, outage_s=1.0), settings.redis_url)
        yield settings, None
        return
    if problem := _port_problem(port, "Redis", "--port N"):
        raise Misconfigured(problem)
    server = EmbeddedRedis.durable(folder / "redis", port)
    is_configured = settings.store_dir != Settings().store_dir  # an explicit setting takes precedence
    store_dir = settings.store_dir if is_configured else str(folder / "store")
    try:
        yield replace(settings, redis_url=server.url, broker_url=server.broker_url, store_dir=store_dir), server
    finally:
        server.close()


def _supervise_children(system: LocalSystem, children: ChildCommands, address_line: str) -> None:
    """Restart children that end; one that cannot start ends the command.

    `address_line` is shown once the gateway serves; "" if there is none.

    Raises:
        EngineUnavailable, Misconfigured: a child cannot start.
    """
    ended: dict[str, float] = {}
    while True:
        system.check_redis()
        if address_line and _is_serving(system):
            _write_line(address_line)
            address_line = ""
        for name, (module, arguments) in children.items():
            status = system.children[name].poll()
            if status == ExitCode.CANNOT_START:
                kind = EngineUnavailable if name.startswith("worker") else Misconfigured
                raise kind(f"{name} cannot start: {logs.message_of(system.read_log(name).strip().splitlines()[-1])}")
            if status is None:
                ended.pop(name, None)
            elif time.monotonic() - ended.setdefault(name, time.monotonic()) >= RESTART_DELAY_S:
                _write_line(f"{name} ended with status {status}; restarting it")
                system.start_child(name, module, arguments)
        time.sleep(POLL_S)


def _write_line(line: str) -> None:
    sys.stderr.write(f"seriatim: {line}\n")
    sys.stderr.flush()
