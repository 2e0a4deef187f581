"""Faults of processes: killed in every way, stopped and woken again."""

import os
import signal
import time

from tests.chaos.cluster import PATIENCE_S, family
from tests.chaos.faults.fault_context import BURIED_MOST, Fault, FaultContext
from tests.support.process_system import alive, descendants, wait_until


def nothing(context: FaultContext) -> None:
    """Measures how long listeners wait for the next byte when no process fails."""
    context.history.note("kill", component="none", signal="none")
    context.pause(0.3, 1.0)


def kill_worker(context: FaultContext) -> None:
    """SIGKILL of a worker process, its supervisor lives."""
    wait_until(context.stage.workers, "there is a worker to kill", PATIENCE_S)
    _kill_worker(context)


def _kill_worker(context: FaultContext) -> None:
    found = sorted(context.stage.workers().items())
    if not found:
        return
    owner, pid = context.rng.choice(found)
    context.stage.kill("worker", pid, jobs=context.stage.jobs_of(owner), way="process")
    supervisor = next((n for n in context.stage.names("workers") if pid in family(context.stage.pid(n))), "")
    context.deaths[supervisor] = context.deaths.get(supervisor, 0) + 1
    if supervisor and context.deaths[supervisor] >= BURIED_MOST:
        _replace(context, supervisor)


def kill_supervisor(context: FaultContext) -> None:
    """SIGKILL of a supervisor: its processes die with it, and the pool is not notified."""
    name = context.rng.choice(context.stage.names("workers"))
    mine = descendants(context.stage.pid(name))
    jobs = sorted(
        {j for owner, pid in context.stage.workers().items() if pid in mine for j in context.stage.jobs_of(owner)}
    )
    context.stage.kill("supervisor", context.stage.pid(name), jobs=jobs, way="parent")
    context.deaths[name] = 0


def _replace(context: FaultContext, name: str) -> None:
    context.stage.kill("supervisor", context.stage.pid(name), way="replaced")
    context.deaths[name] = 0


def kill_reassembler(context: FaultContext) -> None:
    """SIGKILL of one reassembler."""
    name = context.rng.choice(context.stage.names("reassembler"))
    context.stage.kill("reassembler", context.stage.pid(name))


def kill_reassemblers(context: FaultContext) -> None:
    """SIGKILL of all reassemblers at once."""
    for name in context.stage.names("reassembler"):
        context.stage.kill("reassembler", context.stage.pid(name), all=True)


def kill_client(context: FaultContext) -> None:
    """SIGKILL of a client; the next one goes on behind what it wrote down."""
    name = context.rng.choice(context.stage.names("client"))
    context.stage.kill("client", context.stage.pid(name))


def kill_venom(context: FaultContext) -> None:
    """SIGKILL of the supervisor of the pool in which sentences kill."""
    context.stage.kill("supervisor", context.stage.pid("venom"), way="venom")


def kill_twice(context: FaultContext) -> None:
    """The same kind of process again, before anything has recovered."""
    inflict = context.rng.choice((_kill_worker, kill_supervisor, kill_reassembler, kill_client))
    inflict(context)
    context.pause(0.02, 0.6)
    inflict(context)


def kill_everything(context: FaultContext) -> None:
    """Workers, supervisors, reassemblers, clients and the server, all at once."""
    stage = context.stage
    for owner, pid in stage.workers().items():
        stage.kill("worker", pid, jobs=stage.jobs_of(owner), way="all")
    for kind in ("workers", "reassembler", "client"):
        for name in stage.names(kind):
            stage.kill("supervisor" if kind == "workers" else kind, stage.pid(name), way="all")
    stage.restart_server(context.rng.uniform(0, 0.3))


def stop_worker(context: FaultContext) -> None:
    """A zombie: stopped for longer than its lease, then woken in the middle of what others speak by now."""
    found = sorted(wait_until(context.stage.workers, "there is a worker to stop", PATIENCE_S).values())
    _stop(context, context.rng.choice(found), "worker", context.stage.system.settings.lease_ms / 1000)


def stop_reassembler(context: FaultContext) -> None:
    """The same with a reassembler that took notifications."""
    _stop(context, context.stage.pid(context.rng.choice(context.stage.names("reassembler"))), "reassembler", 2.0)


def stop_client(context: FaultContext) -> None:
    """The same with a client."""
    _stop(context, context.stage.pid(context.rng.choice(context.stage.names("client"))), "client", 0.5)


def _stop(context: FaultContext, pid: int, component: str, at_least_s: float) -> None:
    context.stage.kill(component, pid, signal.SIGSTOP)
    try:
        time.sleep(at_least_s * context.rng.uniform(1.1, 1.8))
    finally:
        if alive(pid):
            context.stage.kill(component, pid, signal.SIGCONT)


def drain_supervisor(context: FaultContext) -> None:
    """SIGTERM: sentences are finished, nothing more is taken."""
    name = context.rng.choice(context.stage.names("workers"))
    context.stage.kill("supervisor", context.stage.pid(name), signal.SIGTERM)
    if context.rng.random() < 0.5:
        context.pause(0.05, 0.5)
        context.stage.kill("supervisor", context.stage.pid(name), signal.SIGTERM)  # a second one ends it at once


def end_worker(context: FaultContext) -> None:
    """SIGTERM, SIGQUIT or SIGINT to a worker process behind its supervisor's back."""
    found = sorted(context.stage.workers().values())
    if found:
        number = context.rng.choice((signal.SIGTERM, signal.SIGQUIT, signal.SIGINT))
        context.stage.kill("worker", context.rng.choice(found), number, way="asked")


def end_reassembler(context: FaultContext) -> None:
    """SIGTERM or SIGINT to a reassembler."""
    name = context.rng.choice(context.stage.names("reassembler"))
    context.stage.kill("reassembler", context.stage.pid(name), context.rng.choice((signal.SIGTERM, signal.SIGINT)))


def stop_server(context: FaultContext) -> None:
    """The server itself is stopped and woken."""
    pid = server_pid(context)
    context.stage.kill("redis", pid, signal.SIGSTOP)
    try:
        context.pause(0.3, 3.0)
    finally:
        os.kill(pid, signal.SIGCONT)
        context.history.note("answers")


def server_pid(context: FaultContext) -> int:
    """The server's process."""
    process = context.stage.server._process
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
