"""Times of commands in the server, without the way to it, and their counts, by the names of scripts.

Both are of the server's slow log. That has each command which a script runs, too, and to note one takes as long as to
run it; so the log keeps commands of LEAST_US and more, which few of those are. A call that took less counts as so long.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, TypeVar, cast

from redis import Redis

from seriatim.lua.script_calls import ScriptCall, load, run

T = TypeVar("T")
#: commands that clients send and no script runs
PLAIN = frozenset({"XREAD", "XREADGROUP", "BLPOP", "BRPOP", "LPUSH", "EXEC"})
LEAST_US = 4
LOGGED = 1_000_000  #: entries that the slow log keeps: more than come in a run


@dataclass(slots=True)
class CommandTimes:
    """Times of calls to a server that nothing else uses."""

    redis: "Redis"
    times_ms: dict[str, list[float]] = field(default_factory=dict)  #: by name of script or command
    _sent: Counter[str] = field(default_factory=Counter)  #: since `begin`

    def begin(self) -> None:
        """Measure from now on."""
        self._sent.clear()
        begin_log(self.redis)

    def run(self, call: ScriptCall[T]) -> T:
        """Call a script, which the server knows already."""
        self._sent[call.script.name] += 1
        return run(self.redis, call)

    def send(self, name: str, send: Callable[[], T]) -> T:
        """Send a command of that name."""
        self._sent[name] += 1
        return send()

    def collect(self, note: str = "") -> None:
        """Measure no more; what was measured counts with a note behind its name."""
        for name, ms in end_log(self.redis):
            if self._sent[name] > 0:
                self._sent[name] -= 1
                self.times_ms.setdefault(name + note, []).append(ms)
        for name in self._sent.elements():
            self.times_ms.setdefault(name + note, []).append(LEAST_US / 1000)
        self._sent.clear()


def begin_log(redis: "Redis") -> None:
    """Have the slow log keep each command that takes LEAST_US."""
    redis.config_set("slowlog-max-len", LOGGED)
    redis.config_set("slowlog-log-slower-than", LEAST_US)
    redis.slowlog_reset()


def end_log(redis: "Redis") -> list[tuple[str, float]]:
    """Name and ms of all that the slow log kept of scripts and plain commands; it keeps nothing more."""
    redis.config_set("slowlog-log-slower-than", -1)
    entries = redis.slowlog_get(LOGGED)
    redis.slowlog_reset()
    found = ((_name_of(entry["command"]), float(entry["duration"]) / 1000) for entry in entries)
    return [(name, ms) for name, ms in found if name]


def command_sums(redis: "Redis") -> dict[str, dict[str, Any]]:
    """The server's own sums: of each command, in capitals, `calls` and `usec`; scripts are EVALSHA."""
    found = cast("dict[str, dict[str, Any]]", redis.info("commandstats"))
    return {name.removeprefix("cmdstat_").upper(): row for name, row in found.items()}


@cache
def script_names() -> dict[str, str]:
    """Each script's name by its hash."""
    found = [
        load(folder, path.name.removesuffix(".lua"))
        for folder in ("pool", "job")
        for path in (files("seriatim") / "lua" / folder).iterdir()
        if path.name.endswith(".lua")
    ]
    return {script.sha: script.name for script in found}


def _name_of(command: bytes) -> str:
    """A script's name, or that of a plain command; "": a command that only scripts, connections and this bench send."""
    words = command.decode(errors="replace").split(" ", 2)
    if words[0].upper() == "EVALSHA":
        return script_names().get(words[1], "")
    return words[0].upper() if words[0].upper() in PLAIN else ""
