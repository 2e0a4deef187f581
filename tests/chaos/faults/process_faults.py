"""Faults of processes: killed in every way, stopped and woken again."""

import os
import signal
import time

from tests.chaos.cluster import family
from tests.chaos.faults.fault_context import BURIED_MOST, Arena, Fault
from tests.support.process_system import alive, descendants


def nothing(arena: Arena) -> None:
    """Measures how long listeners wait for the next byte when no process fails."""
    arena.history.note("kill", component="none", signal="none")
    arena.pause(0.3, 1.0)


def kill_worker(arena: Arena) -> None:
    """SIGKILL of a worker process, its supervisor lives."""
    found = sorted(arena.stage.workers().items())
    if not found:
        return
    owner, pid = arena.rng.choice(found)
    arena.stage.kill("worker", pid, jobs=arena.stage.jobs_of(owner), way="process")
    supervisor = next((n for n in arena.stage.names("workers") if pid in family(arena.stage.pid(n))), "")
    arena.deaths[supervisor] = arena.deaths.get(supervisor, 0) + 1
    if supervisor and arena.deaths[supervisor] >= BURIED_MOST:
        _replace(arena, supervisor)


def kill_supervisor(arena: Arena) -> None:
    """SIGKILL of a supervisor: its processes die with it, and the pool is not notified."""
    name = arena.rng.choice(arena.stage.names("workers"))
    mine = descendants(arena.stage.pid(name))
    jobs = sorted(
        {j for owner, pid in arena.stage.workers().items() if pid in mine for j in arena.stage.jobs_of(owner)}
    )
    arena.stage.kill("supervisor", arena.stage.pid(name), jobs=jobs, way="parent")
    arena.deaths[name] = 0


def _replace(arena: Arena, name: str) -> None:
    arena.stage.kill("supervisor", arena.stage.pid(name), way="replaced")
    arena.deaths[name] = 0


def kill_reassembler(arena: Arena) -> None:
    """SIGKILL of one reassembler."""
    name = arena.rng.choice(arena.stage.names("reassembler"))
    arena.stage.kill("reassembler", arena.stage.pid(name))


def kill_reassemblers(arena: Arena) -> None:
    """SIGKILL of all reassemblers at once."""
    for name in arena.stage.names("reassembler"):
        arena.stage.kill("reassembler", arena.stage.pid(name), all=True)


def kill_client(arena: Arena) -> None:
    """SIGKILL of a client; the next one goes on behind what it wrote down."""
    name = arena.rng.choice(arena.stage.names("client"))
    arena.stage.kill("client", arena.stage.pid(name))


def kill_venom(arena: Arena) -> None:
    """SIGKILL of the supervisor of the pool in which sentences kill."""
    arena.stage.kill("supervisor", arena.stage.pid("venom"), way="venom")


def kill_twice(arena: Arena) -> None:
    """The same kind of process again, before anything has recovered."""
    inflict = arena.rng.choice((kill_worker, kill_supervisor, kill_reassembler, kill_client))
    inflict(arena)
    arena.pause(0.02, 0.6)
    inflict(arena)


def kill_everything(arena: Arena) -> None:
    """Workers, supervisors, reassemblers, clients and the server, all at once."""
    stage = arena.stage
    for owner, pid in stage.workers().items():
        stage.kill("worker", pid, jobs=stage.jobs_of(owner), way="all")
    for kind in ("workers", "reassembler", "client"):
        for name in stage.names(kind):
            stage.kill("supervisor" if kind == "workers" else kind, stage.pid(name), way="all")
    stage.restart_server(arena.rng.uniform(0, 0.3))


def stop_worker(arena: Arena) -> None:
    """A zombie: stopped for longer than its lease, then woken in the middle of what others speak by now."""
    found = sorted(arena.stage.workers().values())
    if found:
        _stop(arena, arena.rng.choice(found), "worker", arena.stage.system.settings.lease_ms / 1000)


def stop_reassembler(arena: Arena) -> None:
    """The same with a reassembler that took notifications."""
    _stop(arena, arena.stage.pid(arena.rng.choice(arena.stage.names("reassembler"))), "reassembler", 2.0)


def stop_client(arena: Arena) -> None:
    """The same with a client."""
    _stop(arena, arena.stage.pid(arena.rng.choice(arena.stage.names("client"))), "client", 0.5)


def _stop(arena: Arena, pid: int, component: str, at_least_s: float) -> None:
    arena.stage.kill(component, pid, signal.SIGSTOP)
    try:
        time.sleep(at_least_s * arena.rng.uniform(1.1, 1.8))
    finally:
        if alive(pid):
            arena.stage.kill(component, pid, signal.SIGCONT)


def drain_supervisor(arena: Arena) -> None:
    """SIGTERM: sentences are finished, nothing more is taken."""
    name = arena.rng.choice(arena.stage.names("workers"))
    arena.stage.kill("supervisor", arena.stage.pid(name), signal.SIGTERM)
    if arena.rng.random() < 0.5:
        arena.pause(0.05, 0.5)
        arena.stage.kill("supervisor", arena.stage.pid(name), signal.SIGTERM)  # a second one ends it at once


def end_worker(arena: Arena) -> None:
    """SIGTERM, SIGQUIT or SIGINT to a worker process behind its supervisor's back."""
    found = sorted(arena.stage.workers().values())
    if found:
        number = arena.rng.choice((signal.SIGTERM, signal.SIGQUIT, signal.SIGINT))
        arena.stage.kill("worker", arena.rng.choice(found), number, way="asked")


def end_reassembler(arena: Arena) -> None:
    """SIGTERM or SIGINT to a reassembler."""
    name = arena.rng.choice(arena.stage.names("reassembler"))
    arena.stage.kill("reassembler", arena.stage.pid(name), arena.rng.choice((signal.SIGTERM, signal.SIGINT)))


def stop_server(arena: Arena) -> None:
    """The server itself is stopped and woken."""
    pid = server_pid(arena)
    arena.stage.kill("redis", pid, signal.SIGSTOP)
    try:
        arena.pause(0.3, 3.0)
    finally:
        os.kill(pid, signal.SIGCONT)
        arena.history.note("answers")


def server_pid(arena: Arena) -> int:
    """The server's process."""
    process = arena.stage.server._process
    assert process is not None
    return process.pid


FAULTS = (
    Fault("nothing", 1, nothing),
    Fault("kill worker", 6, kill_worker, "worker"),
    Fault("kill supervisor", 2, kill_supervisor, "worker"),
    Fault("kill reassembler", 3, kill_reassembler, "reassembler"),
    Fault("kill reassemblers", 1, kill_reassemblers, "reassembler"),
    Fault("kill client", 2, kill_client),
    Fault("kill venom", 0.3, kill_venom),
    Fault("kill twice", 2, kill_twice),
    Fault("kill everything", 0.5, kill_everything, "redis"),
    Fault("stop worker", 1, stop_worker),
    Fault("stop reassembler", 0.7, stop_reassembler),
    Fault("stop client", 0.5, stop_client),
    Fault("stop server", 0.5, stop_server),
    Fault("drain supervisor", 0.7, drain_supervisor),
    Fault("end worker", 1, end_worker),
    Fault("end reassembler", 0.5, end_reassembler),
)
