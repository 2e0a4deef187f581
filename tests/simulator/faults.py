"""What happens to the whole world at once: the server is killed, everything is down for a while, the clock is set.

The log is written before every reply (`appendfsync no`: only the disk comes later), and the tail that a real crash
would lose is cut off by the seed. `everysec` would lose as much as the disk happens to be behind, which no seed can say
again.
"""

import time
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from redis import Redis

from seriatim import pool
from tests.servers import PrivateServer
from tests.simulator.listeners import Recorder
from tests.simulator.producers import Producer
from tests.simulator.world import POOL

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
    for when, ms in plan.jumps:
        if step == when:
            run.world.skew += ms
            run.world.count("clock jumps", ms)


def _happened(run: "Run", step: str) -> bool:
    """Was the last thing that happened this step, whose other half is still to come?"""
    return not step or (bool(run.world.history) and run.world.history[-1][3] == step)


def restart(run: "Run", server: PrivateServer) -> None:
    """Kill the server, cut its log at some byte, start it, and rewrite the log before anybody comes."""
    world = run.world
    server.kill()
    cut = tear(newest_log(server.directory), world.rng)
    server.start()
    world.redis.connection_pool.disconnect()
    world.notified += 1
    world.emitted.update(list(world.plans))
    rewrite(world.redis)
    world.call("a new connection", pool.rebase, POOL)  # whoever connects does this first (seriatim/connect.py)
    world.count("redis kills", f"{cut} commands lost")
    if cut:
        world.rolled_back = True
    for heard in run.ledger.heard.values():
        heard.loose = heard.loose or not heard.plan.exact
        heard.forgotten = True
    for process in list(dict.fromkeys(thread.process for thread in world.threads)):
        if isinstance(process, Recorder):
            process.cursors.update(dict.fromkeys(process.cursors))  # they ask again how far it is stored
        if isinstance(process, Producer):
            world.drop(process)
    for plan in world.plan.jobs:  # who still has the text enqueues it again, and changes nothing where it is known
        if plan.faithful and plan.job not in run.ledger.refused:
            world.spawn(Producer(run, plan, first=False), world.rng.randint(0, 800))
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
    """All processes are down for a while, the server is not: keys run out by its clock, and nobody looks."""
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
