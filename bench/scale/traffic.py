"""Traffic of listeners at 1 x on one server: commands, bytes, memory and processor time, of real processes.

The listeners of the load bench (bench/load/clients.py) hear a cheap engine, while nothing else happens on the server.
They buffer and report as the gateway does for its clients.
Its own sums, read before and behind, say what that took, and its slow log which scripts were called.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from redis import Redis

from bench.load.figures import summary
from bench.load.load_system import CHEAP_RTF, started_system
from bench.load.policies import OURS
from bench.load.scenarios import many
from bench.scale.command_times import PLAIN, begin_log, command_sums, end_log
from seriatim.state.pool_record import read_pool

LOOKS = frozenset({"emit", "due", "XREADGROUP"})  #: of the reassembler, which are of no sentence's way
LEAST_COMMAND_MS = 0.005  #: the clocks of a busy host may leave less than nothing


@dataclass(frozen=True, slots=True)
class Traffic:
    """What a run took. Of commands only those that clients sent count, not those that scripts ran."""

    listeners: int
    audio_s: float  #: that the listeners got
    sentences: int
    commands: int
    script_calls: int  #: of them
    server_ms: float  #: processor time of the server
    inside_ms: float  #: of it: within commands and scripts
    in_bytes: int
    out_bytes: int
    memory_bytes: int  #: the most, above what the server had before
    cores: Mapping[str, float]  #: of each part of the system
    stalled: int  #: texts in which a listener heard silence
    calls: Mapping[str, float]  #: of each script and command, for a second of sound

    @property
    def command_ms(self) -> float:
        """Processor time of a command outside of its execution: its way through the socket and the parser."""
        return max(LEAST_COMMAND_MS, (self.server_ms - self.inside_ms) / max(1, self.commands))

    @property
    def report_s(self) -> float:
        """Seconds of sound between two reports of one listener."""
        return 1 / self.calls["ack"]

    @property
    def looks(self) -> Mapping[str, float]:
        """The reassembler's calls for a second of sound, by name."""
        return {name: n for name, n in self.calls.items() if name in LOOKS}

    def per_sentence(self, value: float) -> float:
        """A sum of the run, by its sentences."""
        return value / max(1, self.sentences)

    def per_audio_s(self, value: float) -> float:
        """A sum of the run, by its seconds of sound."""
        return value / self.audio_s if self.audio_s else 0.0


def measure(listeners: int, span_s: float) -> Traffic:
    """Let so many listen for so long, on a system of their own.

    Raises:
        RunFailed: the listeners' process gave no answer.
    """
    with started_system(OURS, CHEAP_RTF) as place, place.broker.connect() as redis:
        before, done = _counters(redis), read_pool(redis, place.pool).done
        begin_log(redis)
        outcome = place.run(many(listeners, span_s, buffers=True))
        found = {name: value - before[name] for name, value in _counters(redis).items()}
        sentences = read_pool(redis, place.pool).done - done
        log_bytes = _held_bytes(redis)
        calls = Counter(name for name, _ in end_log(redis))
        log_bytes -= _held_bytes(redis)
    audio_s = sum(ms for result in outcome.results for _, ms in result.chunks) / 1000
    return Traffic(
        listeners=listeners, audio_s=audio_s, sentences=sentences, commands=round(found["commands"]),
        script_calls=round(found["script_calls"]), server_ms=found["server_ms"], inside_ms=found["inside_ms"],
        in_bytes=round(found["in_bytes"]), out_bytes=round(found["out_bytes"]),
        memory_bytes=round(found["memory_bytes"] - max(0, log_bytes)),
        calls={name: n / max(1.0, audio_s) for name, n in calls.most_common()},
        cores={name: used.cores for name, used in outcome.used.items()},
        stalled=summary(outcome.results, outcome.run.span_s, outcome.run.warm_s).stalled,
    )  # fmt: skip


def _counters(redis: "Redis") -> dict[str, float]:
    """The server's own counters; of memory what it has at first, and the most behind a run."""
    sums = {name: row for name, row in command_sums(redis).items() if name in PLAIN | {"EVALSHA"}}
    cpu, stats = redis.info("cpu"), redis.info("stats")
    return {
        "commands": sum(row["calls"] for row in sums.values()), "script_calls": sums["EVALSHA"]["calls"],
        "inside_ms": sum(row["usec"] for row in sums.values()) / 1000,
        "server_ms": (cpu["used_cpu_user"] + cpu["used_cpu_sys"]) * 1000,
        "in_bytes": stats["total_net_input_bytes"], "out_bytes": stats["total_net_output_bytes"],
        "memory_bytes": redis.info("memory")["used_memory_peak"],
    }  # fmt: skip


def _held_bytes(redis: "Redis") -> int:
    return int(redis.info("memory")["used_memory"])
