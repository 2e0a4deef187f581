"""The fault-free phase: nothing fails, so nothing may be spoken twice, and what safety costs is measured."""

import time
from collections import Counter
from importlib.resources import files
from typing import Any

from redis import Redis

from seriatim.keys import pool_prefix
from seriatim.lua.script_calls import load
from tests.chaos.cluster import PATIENCE_S, Cluster, Role
from tests.chaos.state_snapshot import COUNTS
from tests.simulator.scheduler import POOL
from tests.support.process_system import wait_until

AT_LEAST = 30  #: sentences, however busy the machine is


def calm(stage: Cluster, seconds: float) -> None:
    """Let a client listen while no process fails, and note what that took."""
    with stage.system.redis as client:
        client.config_set("slowlog-log-slower-than", 0)
        client.config_set("slowlog-max-len", 500_000)
        client.slowlog_reset()
        before, began_s = _counts(client), time.monotonic()
        command = ("-m", "tests.chaos.client", "calm", "--history", str(stage.history.path), "--seed", str(stage.seed))
        stage.released.add("calm")
        stage.add(Role("calm", (*command, "--calm")))
        time.sleep(seconds)
        wait_until(
            lambda: _counts(client)["done"] - before["done"] >= AT_LEAST, "some sentences are spoken", PATIENCE_S
        )
        child = stage.system.children["calm"]
        child.terminate()
        status = child.wait(PATIENCE_S)
        wall_s = time.monotonic() - began_s
        after, cost_us = _counts(client), _cost_us(client)
        client.config_set("slowlog-log-slower-than", -1)
        client.slowlog_reset()
    with stage.lock:
        del stage.roles["calm"], stage.system.children["calm"]
    rise = {name: after[name] - before[name] for name in COUNTS}
    stage.history.note("calm", status=status, wall_s=round(wall_s, 3), cost_us=cost_us, **rise)


def _counts(client: "Redis") -> dict[str, int]:
    found: Any = client.hmget(f"{pool_prefix(POOL)}:m", list(COUNTS))
    return {name: int(value or 0) for name, value in zip(COUNTS, found, strict=True)}


def _cost_us(client: "Redis") -> dict[str, int]:
    """Microseconds of the server's one thread, by script; everything else by its command."""
    shas = {
        load(folder, name).sha.encode(): f"{folder}.{name}" for folder in ("job", "pool") for name in _names(folder)
    }
    cost: Counter[str] = Counter()
    entries: Any = client.slowlog_get(500_000)
    for entry in entries:
        words = entry["command"].split(b" ", 2)
        cost[shas.get(words[1], "") if len(words) > 1 and words[1] in shas else words[0].decode(errors="replace")] += (
            entry["duration"]
        )
    return dict(cost.most_common(20))


def _names(folder: str) -> list[str]:
    root = files("seriatim") / "lua" / folder
    return [path.name[:-4] for path in root.iterdir() if path.name.endswith(".lua") and not path.name.startswith("_")]
