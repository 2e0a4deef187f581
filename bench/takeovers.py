"""Takeovers bench (`make bench-providers`): an upstream is killed in mid-sentence, and a route's other engine goes on.

A live job is heard as it comes (`hold=0`) while its provider, a process of its own, is killed with SIGKILL. The silence
is that of a player that plays at once what it has. The other engine's request must be the rest of the sentence, from
the word on in which its sound stopped: words that come twice, or not at all, are counted.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles

from bench.providers import FIRST_S, sentence_of
from seriatim.audio.pcm import ms_of_bytes
from seriatim.client.job import Job
from seriatim.stream_entries import Audio, Discontinuity, Gap
from tests.providers.provider_simulator import MS_PER_CHAR, ProviderSimulator
from tests.providers.provider_systems import RATE_HZ, request, route_file, route_step, route_workers
from tests.support.process_system import RealSystem

RTF = 0.95  #: of both providers: hardly faster than speech, so that a listener has next to nothing in reserve
N_CHARS = 120  #: of a sentence: 7.2 s
KILL_AT_MS = 1_800.0  #: of its sound, as the listener gets it
TARGETS = {"silence_ms": 2_000.0, "words_lost": 0}


@dataclass(slots=True)
class PlayerClock:
    """A player that begins with the first sound and plays at once whatever it has."""

    plays_until_s: float = 0.0
    silence_s: float = 0.0
    got_ms: float = 0.0

    def add(self, ms: float, now_s: float) -> None:
        """Sound of `ms` has come."""
        if self.got_ms and now_s > self.plays_until_s:
            self.silence_s += now_s - self.plays_until_s
        self.plays_until_s = max(now_s, self.plays_until_s) + ms / 1000
        self.got_ms += ms


@dataclass(frozen=True, slots=True)
class Takeover:
    """One round, as its listener heard it."""

    silence_ms: float
    lost: int  #: words of which the end is missing
    again: int  #: words that were whole and come once more


def main(argv: Sequence[str]) -> int:
    """Measure, print, and write bench/out/takeovers.json; bench.provider_table judges it."""
    parser = argparse.ArgumentParser(prog="python -m bench.takeovers", description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--json", type=Path, default=Path("bench/out/takeovers.json"), metavar="FILE")
    arguments = parser.parse_args(argv)
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    found = figures(measure(arguments.rounds))
    print(
        f"upstream killed in mid-sentence, {found['rounds']} rounds: silence p50 {found['silence_p50_ms']:.0f} ms, p95 "
        f"{found['silence_p95_ms']:.0f} ms (at most {TARGETS['silence_ms']:.0f}), most "
        f"{found['silence_most_ms']:.0f}; one marked discontinuity in each; {found['lost']} words lost (at most "
        f"{TARGETS['words_lost']}), at most {found['again']} said again in a round"
    )
    arguments.json.parent.mkdir(parents=True, exist_ok=True)
    arguments.json.write_text(json.dumps(found, indent=1) + "\n")
    return 0


def figures(rounds: Sequence[Takeover]) -> dict[str, float]:
    """The figures of at least two rounds: words lost in all of them, and most words said again in one."""
    silences_ms = [each.silence_ms for each in rounds]
    cuts = quantiles(silences_ms, n=20, method="inclusive")
    return {
        "rounds": len(rounds), "silence_p50_ms": cuts[9], "silence_p95_ms": cuts[18],
        "silence_most_ms": max(silences_ms), "lost": sum(each.lost for each in rounds),
        "again": max(each.again for each in rounds),
    }  # fmt: skip


def words_at_seam(text: str, heard_ms: float, rest: str) -> tuple[int, int]:
    """(words lost, words that come again) where `rest` follows the first `heard_ms` of a text's sound."""
    heard_chars, starts_at = heard_ms / MS_PER_CHAR, len(text) - len(rest)
    words = list(re.finditer(r"\S+", text))
    lost = sum(word.start() < starts_at and word.end() > heard_chars for word in words)
    return lost, sum(word.start() >= starts_at and word.end() <= heard_chars for word in words)


def measure(rounds: int) -> list[Takeover]:
    """The rounds, one after another."""
    found = []
    with (
        tempfile.TemporaryDirectory() as folder, RealSystem.on(Path(folder)) as system,
        ProviderSimulator(first_s=FIRST_S, rtf=RTF) as second,
    ):  # fmt: skip
        first, port = start_provider(0)
        steps = route_step("first", f"http://127.0.0.1:{port}"), route_step("second", second.url)
        system.reassembler()
        route_workers(system, route_file(system.folder, *steps), "failures=100", pool="speech")
        for n in range(rounds):
            text = sentence_of(f"round {n}", N_CHARS)
            job = system.producer().enqueue([text], request("speech", kind="live", hold="0"))
            silence_ms, heard_ms = listen(job, first)
            rest = second.requests[-1].call.text
            assert text.endswith(f" {rest}"), (text, rest)
            found.append(Takeover(silence_ms, *words_at_seam(text, heard_ms, rest)))
            first.wait()
            first, _ = start_provider(port)
        first.kill()
    return found


def start_provider(port: int) -> "tuple[subprocess.Popen[str], int]":
    """A provider in a process of its own, and its port; 0 is a free one."""
    fields = {"port": port, "first_s": FIRST_S, "rtf": RTF}
    command = [sys.executable, "-m", "bench.providers", "--serve", json.dumps(fields)]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert child.stdout
    return child, int(child.stdout.readline())


def listen(job: Job, first: "subprocess.Popen[str]") -> tuple[float, float]:
    """Hear a job whose provider is killed in its middle; returns (silence, sound before the seam), both in ms.

    Raises:
        AssertionError: not exactly one discontinuity, a gap, or sound that is missing.
    """
    player, marks = PlayerClock(), list[Discontinuity]()
    for entry in job.audio():
        assert not isinstance(entry, Gap)
        if isinstance(entry, Discontinuity):
            marks.append(entry)
        if isinstance(entry, Audio):
            player.add(ms_of_bytes(len(entry.pcm), RATE_HZ), time.perf_counter())
        if player.got_ms >= KILL_AT_MS and first.poll() is None:
            first.kill()
            first.wait()
    (seam,) = marks
    assert player.got_ms >= N_CHARS * MS_PER_CHAR * 0.9
    return player.silence_s * 1000, ms_of_bytes(seam.offset, RATE_HZ)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
