"""Faults of the whole world at once: the server is killed, everything is down for a while, the clock is set.

The log is written before every reply (`appendfsync no`: only the disk comes later), and the tail that a real crash
would lose is cut off by the seed. `everysec` would lose as much as the disk happens to be behind, which no seed can say
again.
"""

import time
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from redis import Redis

from seriatim.lua import pool_scripts
from seriatim.servers.redis_checks import guard_restart
from tests.simulator.listeners import SimulatedRecorder
from tests.simulator.plan import Memory
from tests.simulator.producers import SimulatedProducer
from tests.simulator.scheduler import POOL
from tests.support.redis_servers import PrivateServer

if TYPE_CHECKING:
    from tests.simulator.run import Run

DELICATE = (
    "",
    "",
    "life",
    "close",
    "end",
    "end",
    "fill",
    "recorded",
    "finish",
)  #: what a kill waits for; "": for nothing
MAXMEMORY = {Memory.AMPLE: 0, Memory.TIGHT: 1 << 40, Memory.FULL: 1}  #: bytes; 0: no limit
LOGGED = ("--appendonly", "yes", "--appendfsync", "no", "--auto-aof-rewrite-percentage", "0")


def apply(run: "Run", server: PrivateServer) -> None:
    """Whatever the plan has for this step."""
    plan, step = run.world.plan, run.world.steps
    for _ in range(plan.redis_kills.count(step)):
        run.awaited.append(run.world.rng.choice(DELICATE))
    if run.awaited and (_happened(run, run.awaited[0]) or not run.world.faulty):
        run.awaited.pop(0)
        restart(run, server)
    if step in plan.outages:
        blackout(run, plan.outage_ms)
    if step in plan.flushes:
        forget_messages(run)
    for ms in (ms for when, ms in plan.jumps if step == when):
        run.world.skew += ms
        run.world.count("clock jumps", ms)
    for room in (room for when, room in plan.memory if step == when):
        have_memory(run, room)


def have_memory(run: "Run", room: Memory) -> None:
    """Set what the server may use: nothing more at all, or enough for those who are in."""
    run.world.count(f"memory {room}")
    run.world.room = room
    run.world.redis.config_set("maxmemory", MAXMEMORY[room])


def forget_messages(run: "Run") -> None:
    """The broker was flushed: no message comes for what was picked, until its lease is over."""
    run.world.count("flushes", len(run.broker.queue))
    run.broker.queue.clear()


def _happened(run: "Run", step: str) -> bool:
    """Was the last thing that happened this step, whose other half is still to come?"""
    return not step or (bool(run.world.history) and run.world.history[-1][3] == step)


def restart(run: "Run", server: PrivateServer) -> None:
    """Kill the server, cut its log at some byte, start it, perhaps once more, and make it safe before anybody comes."""
    world = run.world
    cut = _crash(run, server)
    while world.rng.random() < 0.2:  # it dies again before anybody wrote, perhaps while its log is made safe
        if world.rng.random() < 0.5:
            world.redis.bgrewriteaof()
        world.count("redis kills in a row")
        cut += _crash(run, server)
    world.notified += 1
    world.emitted.update(list(world.plans))
    _connect(run)
    world.count("redis kills", f"{cut} commands lost")
    if world.rng.random() < 0.3:
        forget_messages(run)  # they were on the same server
    if cut:
        world.rolled_back = True
    for stream in run.ledger.streams.values():
        stream.loose = stream.loose or not stream.comes_again()
        stream.forgotten = True
    _tell_processes(run)


def _crash(run: "Run", server: PrivateServer) -> int:
    """Kill it, cut, start. Returns how many commands are lost."""
    server.kill()
    cut = tear(newest_log(server.directory), run.world.rng)
    try:
        server.start()
    except RuntimeError as error:
        if "truncated file is not the last" not in str(error):
            raise
        server.kill()  # Redis 7.0, killed while a torn log is rewritten, repairs it, stops, and starts the next time
        server.start()
        run.world.count("starts that had to be repeated")
    run.world.redis.connection_pool.disconnect()
    run.world.redis.config_set("maxmemory", MAXMEMORY[run.world.room])
    return cut


def _connect(run: "Run") -> None:
    """What the first connection of a process does before any other command (seriatim/servers/redis_clients.py)."""
    world = run.world
    connection: Any = world.redis.connection_pool.get_connection()
    guard_restart(connection, [pool_scripts.rebase(POOL).at(world.clock())])
    world.redis.connection_pool.release(connection)
    world.note("a new connection", "rebase", POOL)


def _tell_processes(run: "Run") -> None:
    """All connections broke: producers begin anew if they can, recorders ask how far they are."""
    world = run.world
    for process in list(dict.fromkeys(thread.process for thread in world.threads)):
        if isinstance(process, SimulatedRecorder):
            process.cursors.update(dict.fromkeys(process.cursors))
        if isinstance(process, SimulatedProducer):
            world.drop(process)
    for plan in world.plan.jobs:  # who still has the text enqueues it again, and changes nothing where it is known
        if plan.faithful and plan.job not in run.ledger.refused:
            world.spawn(SimulatedProducer(run, plan, first=False), world.rng.randint(0, 800))
        else:
            run.ledger.waiting.discard(plan.job)


def rewrite(redis: Redis) -> None:
    """BGREWRITEAOF, and wait for it: a torn tail may otherwise break a script in two at the next start."""
    redis.bgrewriteaof()
    while True:
        facts = redis.info("persistence")
        if not facts["aof_rewrite_in_progress"] and not facts["aof_rewrite_scheduled"]:
            return
        time.sleep(0.001)


def newest_log(directory: Path) -> Path:
    """The file that the server appends to."""
    return max(directory.glob("appendonlydir/*.incr.aof"), key=lambda path: int(path.name.split(".")[-3]))


def tear(log: Path, rng: Random) -> int:
    """Cut some commands off the end, and some bytes of one more. Returns how many commands are lost."""
    raw = log.read_bytes()
    starts = _commands(raw)
    lost = min(len(starts), rng.choice([0, 1, rng.randint(1, 20), rng.randint(1, 400)]))
    if not lost:
        return 0
    first = starts[-lost]
    end = starts[len(starts) - lost + 1] if lost > 1 else len(raw)
    keep = first + int((end - first) * rng.choice([0.0, rng.random()]))
    with log.open("r+b") as file:
        file.truncate(keep)
    return lost


def _commands(raw: bytes) -> list[int]:
    """Where each command of a log begins."""
    starts, at = [], 0
    while at < len(raw):
        starts.append(at)
        stop = raw.index(b"\r\n", at)
        n, at = int(raw[at + 1 : stop]), stop + 2
        for _ in range(n):
            stop = raw.index(b"\r\n", at)
            at = stop + 2 + int(raw[at + 1 : stop]) + 2
    return starts


def blackout(run: "Run", ms: int) -> None:
    """All processes are down for a while, the server is not: keys run out by its clock, and no process looks."""
    world = run.world
    world.count("blackouts", ms)
    world.blackout_ms = ms
    for process in list(dict.fromkeys(thread.process for thread in world.threads)):
        world.kill(process)
    for thread in world.threads:
        thread.wake += ms
    world.now += ms
    for key in sorted(world.redis.scan_iter(count=1000)):
        left = world.redis.pttl(key)
        if left >= 0 and left <= ms:
            world.redis.delete(key)
        elif left >= 0:
            world.redis.pexpire(key, left - ms)
