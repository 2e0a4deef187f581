"""Faults of the server: killed, restarted, full, flushed, paused; its log torn, rewritten, refused by the disk."""

import contextlib
import time

from redis.exceptions import RedisError

from tests.chaos.faults.fault_context import Fault, FaultContext, NotHere

TORN_BYTES = 3_000  #: of its end that a log loses at most
HEALED_S = 15.0


def kill_server(context: FaultContext) -> None:
    """SIGKILL; under `always` nothing acknowledged is lost."""
    context.stage.restart_server(context.rng.choice((0.0, 0.0, 0.3, 1.0)))


def kill_server_twice(context: FaultContext) -> None:
    """Again while all processes reconnect, before or after the log was rewritten."""
    context.stage.restart_server()
    context.pause(0.0, 0.5)
    context.stage.restart_server()


def kill_while_rewriting(context: FaultContext) -> None:
    """The log is being rewritten under load when the server is killed."""
    _ask(context, "BGREWRITEAOF")
    context.pause(0.0, 0.02)
    context.stage.restart_server()


def tear_log(context: FaultContext) -> None:
    """Power fails: the end of the log is missing, cut anywhere, and the server is killed again soon after."""
    context.stage.server.kill()
    context.history.note("kill", component="redis", signal="SIGKILL", torn=_tear(context))
    context.stage.start_server()
    if context.rng.random() < 0.5:
        context.pause(0.0, 1.0)
        context.stage.restart_server()


def _tear(context: FaultContext) -> int:
    logs = sorted((context.stage.log_folder / "appendonlydir").glob("*.incr.aof"), key=lambda p: p.stat().st_mtime)
    if not logs:
        return 0
    size = logs[-1].stat().st_size
    cut = min(size, context.rng.randint(1, TORN_BYTES))
    with logs[-1].open("r+b") as file:
        file.truncate(size - cut)
    return cut


def everysec(context: FaultContext) -> None:
    """The log is synced once a second only when the server is killed."""
    _ask(context, "CONFIG", "SET", "appendfsync", "everysec")
    context.pause(0.5, 1.5)
    context.stage.restart_server()  # its arguments say `always` again


def flush_scripts(context: FaultContext) -> None:
    """All scripts are forgotten, a few times."""
    for _ in range(5):
        _ask(context, "SCRIPT", "FLUSH")
        context.pause(0.0, 0.2)


def pause_clients(context: FaultContext) -> None:
    """CLIENT PAUSE: no command is answered, or only reads."""
    ms = context.rng.randint(200, 3_000)
    _ask(context, "CLIENT", "PAUSE", str(ms), context.rng.choice(("ALL", "WRITE")))
    time.sleep(ms / 1000)
    context.history.note("answers")


def drop_connections(context: FaultContext) -> None:
    """Every connection breaks, and nothing else."""
    for kind in ("normal", "pubsub"):
        _ask(context, "CLIENT", "KILL", "TYPE", kind, "SKIPME", "yes")


def rewrite_log(context: FaultContext) -> None:
    """The log is rewritten under load."""
    _ask(context, "BGREWRITEAOF")
    context.pause(0.2, 1.0)


def fill_memory(context: FaultContext) -> None:
    """The memory limit is reached: what makes room must still run."""
    with context.stage.system.redis as client:
        used = int(client.info("memory")["used_memory"])  # not async
    try:
        _ask(context, "CONFIG", "SET", "maxmemory", str(max(1, used + context.rng.choice((-200_000, 0, 100_000)))))
        context.pause(0.5, 3.0)
    finally:
        _ask(context, "CONFIG", "SET", "maxmemory", "0")
        context.history.note("answers")


def flush_broker(context: FaultContext) -> None:
    """Everything that is not ours is deleted: Celery's queues, its bindings, what it holds unacknowledged."""
    with contextlib.suppress(RedisError), context.stage.system.redis as client:
        gone = [key for key in client.scan_iter("*", 1000) if not key.startswith(b"seriatim:")]
        if gone:
            client.delete(*gone)
        context.history.note("flushed", keys=[key.decode(errors="replace") for key in gone])


def fill_disk(context: FaultContext) -> None:
    """The disk under the log is full for a while; under `always` the server ends itself."""
    directory = context.stage.log_folder
    if not directory.is_mount():
        raise NotHere(
            "the disk cannot be filled: the log lies on no small file system of its own (mounting needs root)"
        )
    ballast = directory / "ballast"
    with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(65_536))
    context.pause(0.5, 2.0)
    ballast.unlink()
    _heal(context)


def _heal(context: FaultContext) -> None:
    """Wait until the server takes writes again; if the full disk ended it, it is started."""
    until_s = time.monotonic() + HEALED_S
    while time.monotonic() < until_s:
        context.stage.revive_server()
        with contextlib.suppress(RedisError), context.stage.system.redis as client:
            client.set("seriatim:1:chaos", 1, ex=1)
            break
        time.sleep(0.05)
    context.history.note("answers")


def _ask(context: FaultContext, *command: str) -> None:
    with contextlib.suppress(RedisError), context.stage.system.redis as client:
        client.execute_command(*command)


FAULTS = (
    Fault("kill server", 2, kill_server, "redis"),
    Fault("kill server twice", 1, kill_server_twice, "redis"),
    Fault("kill server while it rewrites", 0.7, kill_while_rewriting, "redis"),
    Fault("tear log", 0.7, tear_log, "redis", loses=True),
    Fault("kill server under everysec", 0.5, everysec, "redis", loses=True),
    Fault("flush scripts", 0.5, flush_scripts),
    Fault("pause clients", 0.7, pause_clients),
    Fault("drop connections", 1, drop_connections),
    Fault("rewrite log", 0.5, rewrite_log),
    Fault("fill memory", 0.7, fill_memory),
    Fault("flush broker", 1, flush_broker),
    Fault("fill disk", 0.4, fill_disk),
)
