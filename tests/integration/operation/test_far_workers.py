"""Workers far from Redis: the listeners that admission accepts hear no silence, whatever each trip takes."""

from collections.abc import Callable, Sequence
from contextlib import suppress

import pytest

from seriatim import job_timeline
from seriatim.client.job import Job
from seriatim.client.job_options import JobRequest
from seriatim.errors import Busy
from seriatim.job_timeline import SpokenSentence
from seriatim.state.pool_record import read_pool
from tests.chaos.proxy import Mood, Proxy
from tests.support.process_system import RealSystem, wait_until
from workers.registration import first_rtf

SLOTS, COST_MS = (
    2,
    400,
)  #: of a sentence of about 1.8 s: large beside what a busy machine adds, and not beside eight trips
GUESS = 0.22  #: seconds of a second of audio, of the engine alone
N_MEASURED, N_SENTENCES = 20, 12
BUFFER_MS = 3_000  #: with which players begin: a machine that stands still for less is no silence
SILENCE_MS = 100
TOO_MANY = 20  #: listeners; without any trip there is room for eight


def text(n: int, name: str) -> list[str]:
    return [f"This is line {seq + 10} of {name}." for seq in range(n)]


def enqueue(system: RealSystem, n: int, name: str) -> Job:
    return system.producer().enqueue(text(n, name), JobRequest.of({"engine": "tone", "window_ms": 600_000}))


def spoken_sentences(system: RealSystem, job: Job, n: int) -> Sequence[SpokenSentence]:
    """The sentences of a job in order, once it has them all."""

    def found() -> Sequence[SpokenSentence] | None:
        with system.redis as client:
            sentences = job_timeline.read(client, job.pool, job.id).sentences
        return sorted(sentences, key=lambda each: each.seq) if len(sentences) == n else None

    return wait_until(found, f"{job.id} is spoken")


def longest_silence_ms(sentences: Sequence[SpokenSentence]) -> float:
    """Of a player that gets each sentence when it is reported whole, by the server's clock."""
    plays_until, longest = sentences[0].ended_ms + BUFFER_MS, 0
    for sentence in sentences:
        longest = max(longest, sentence.ended_ms - plays_until)
        plays_until = max(plays_until, sentence.ended_ms) + sentence.audio_ms
    return longest


def accepted_jobs(system: RealSystem) -> list[Job]:
    """As many listeners at once as admission lets in."""
    jobs: list[Job] = []
    with suppress(Busy):
        while len(jobs) < TOO_MANY:
            jobs.append(enqueue(system, N_SENTENCES, f"text {len(jobs)}"))
    return jobs


@pytest.mark.thorough
@pytest.mark.parametrize("delay_ms", [0, 5, 20])
def test_no_accepted_listener_hears_silence(new_system: Callable[..., RealSystem], delay_ms: int) -> None:
    """At 20 ms each way a sentence takes its slot for nearly twice as long as its engine."""
    with (
        new_system(hot_slots="off", lease_ms=60_000, message_timeout_ms=60_000, reader_grace_s=600) as system,
        Proxy(system.folder / "far", system.server.socket) as proxy,
    ):
        proxy.be(Mood.SLOW, delay_ms / 1000)
        far = {"redis_url": f"unix://{proxy.socket}", "broker_url": f"redis+socket://{proxy.socket}"}
        system.workers(1, slots=SLOTS, options={"fixed_ms": COST_MS, "rtf": GUESS}, **far)
        with system.redis as client:
            assert read_pool(client, "tone").rtf >= first_rtf(GUESS, 2 * delay_ms / 1000), "it guesses with the trips"
        spoken_sentences(system, enqueue(system, N_MEASURED, "the first text"), N_MEASURED)
        jobs = accepted_jobs(system)
        assert SLOTS <= len(jobs) < TOO_MANY
        silences = [longest_silence_ms(spoken_sentences(system, job, N_SENTENCES)) for job in jobs]
        assert [ms for ms in silences if ms > SILENCE_MS] == []
