"""Reading goes on where it stopped, whatever became of notifications, reassemblers and keys meanwhile."""

import signal
from collections.abc import Callable
from dataclasses import replace

import pytest

from seriatim.client.job import Job
from seriatim.client.job_options import JobRequest
from seriatim.errors import BadInput, JobUnknown, PositionLost
from seriatim.keys import GROUP, SHARDS, job_prefix, notification_stream, ordered_stream, shard_of
from seriatim.reader_state import PlayableEntry
from seriatim.records import DrainMode
from seriatim.stream_entries import Audio
from tests.support.expected_audio import Listener, pcm_of, sentences, stream_of
from tests.support.process_system import PATIENCE_S, RealSystem, wait_until


@pytest.fixture(scope="module")
def system(new_system: Callable[..., RealSystem]) -> RealSystem:
    system = new_system(lease_ms=60_000)  # its workers are there, however busy the machine is
    system.reassembler()
    system.workers(2)
    system.workers(1, name="slow", pool="slow", options={"fixed_ms": 150})
    return system


class TestResume:
    def test_a_reader_that_reconnects_after_every_entry_misses_nothing(self, system: RealSystem) -> None:
        text = sentences(4, "reconnecting")
        job = system.enqueue(text)
        entries: list[PlayableEntry] = []
        after = "0-0"
        while entry := next(system.producer().attach(job.id).audio(after), None):
            entries.append(entry)
            after = str(entry.position)
        assert pcm_of(entries) == stream_of(text)

    def test_any_byte_is_a_position(self, system: RealSystem) -> None:
        """A player says how much it has played, and chunks are none of its business."""
        text = sentences(2, "any byte")
        second = stream_of(text[1:], seed=1)
        for offset in (2, 1000, len(second) // 2 * 2 - 2):
            job = system.enqueue(text)
            job.wait(PATIENCE_S)
            assert pcm_of(job.audio(f"2-{offset}")) == second[offset:]

    def test_a_position_that_is_not_held_any_more_is_said_to_be_lost(self, system: RealSystem) -> None:
        job = system.enqueue(sentences(5, "lost"))
        Listener(job).all()
        with pytest.raises(
            PositionLost, match=rf"^position 1-4800 of job {job.id} is no longer stored, or never was; "
        ):
            next(job.audio("1-4800"))

    def test_a_position_is_refused_if_it_is_none(self, system: RealSystem) -> None:
        job = system.enqueue(["Hello there."])
        with pytest.raises(
            BadInput, match=r"^'three' is not a position; expected <sentence>-<offset>, such as 3-9600$"
        ):
            next(job.audio("three"))
        Listener(job).all()


class TestReassemblers:
    def test_two_reassemblers_at_once_are_as_good_as_one(self, system: RealSystem) -> None:
        system.reassembler("second")
        wait_until(lambda: "ready" in system.log("second"))
        texts = [sentences(4, f"two of them {n}") for n in range(8)]
        listeners = [Listener(system.enqueue(text)) for text in texts]
        streams = [listener.pcm() for listener in listeners]
        assert system.end("second") == 0
        assert streams == [stream_of(text) for text in texts]

    @pytest.mark.parametrize(
        "loss",
        [
            "deleted",
            pytest.param("group destroyed", marks=pytest.mark.thorough),
            pytest.param("stream gone", marks=pytest.mark.thorough),
        ],
    )
    def test_a_lost_notification_is_made_good_by_the_next_look(self, system: RealSystem, loss: str) -> None:
        text = system.held(sentences(3, f"lost notification {loss}"))
        job = system.enqueue(text, pool="slow")
        wait_until(lambda: job.status().emitted > 0, "it was looked at just now")
        system.end("reassembler", signal.SIGKILL)  # the notifications on their way to it are lost, too
        system.gate.touch()
        wait_until(lambda: job.status().in_flight == 0 and self.received(system, job) == len(text), "all is there")
        self.lose(system, job, loss)
        n_ready = system.log("reassembler").count("ready")
        system.reassembler()
        wait_until(lambda: system.log("reassembler").count("ready") > n_ready)
        assert Listener(job).pcm() == stream_of(text), "nothing but the look at every live job can have found it"

    @staticmethod
    def received(system: RealSystem, job: Job) -> int:
        """Whole sentences, heard or not."""
        with system.redis as client:
            return sum(key.startswith(b"L") for key in client.hkeys(f"{job_prefix(job.id)}:c:{job.id}"))

    @staticmethod
    def lose(system: RealSystem, job: Job, loss: str) -> None:
        stream = notification_stream(shard_of(job.id))
        with system.redis as client:
            if loss == "deleted":
                client.xtrim(stream, maxlen=0, approximate=False)
            elif loss == "group destroyed":
                for shard in range(SHARDS):
                    client.xgroup_destroy(notification_stream(shard), GROUP)
                client.xtrim(stream, maxlen=0, approximate=False)
            else:
                client.delete(stream)


class TestStore:
    def test_a_late_reader_and_a_second_one_hear_all_of_it(self, system: RealSystem) -> None:
        text = sentences(6, "late reader")
        job = system.enqueue(text, kind="batch")
        assert job.wait(PATIENCE_S).state == "done"
        wait_until(lambda: self.held(system, job) <= 1, "the recorder has taken it out of Redis")
        assert pcm_of(job.audio()) == stream_of(text)
        assert pcm_of(system.producer().attach(job.id).audio()) == stream_of(text)

    def test_readers_follow_a_job_while_it_is_recorded(self, system: RealSystem) -> None:
        text = sentences(25, "followed live")
        job = system.enqueue(text, kind="batch", window_ms=12_000)
        listeners = [Listener(job), Listener(system.producer().attach(job.id))]
        wait_until(lambda: job.status().emitted > 8)
        listeners.append(Listener(job))
        assert [listener.pcm() for listener in listeners] == [stream_of(text)] * 3

    def test_it_resumes_anywhere_and_does_not_need_redis_for_it(self, system: RealSystem) -> None:
        forgetful = system.producer()
        forgetful.settings = replace(system.settings, ended_job_ttl_s=1)
        text = sentences(4, "without its keys")
        job = forgetful.enqueue(text, JobRequest.of({"engine": "tone", "kind": "batch"}))
        entries = Listener(job).all()
        wait_until(lambda: self.keys(system, job) == [], "the job's keys have expired")

        job = system.producer().attach(job.id)
        assert job.status().state == "done"
        assert job.status().sentences == 4
        assert pcm_of(job.audio()) == pcm_of(entries) == stream_of(text)
        for n, entry in enumerate(entries):
            assert pcm_of(job.audio(str(entry.position))) == pcm_of(entries[n + 1 :])

    def test_a_live_job_may_be_recorded_too(self, system: RealSystem) -> None:
        text = sentences(3, "live and recorded")
        job = system.enqueue(text, drain="store")
        assert job.drain is DrainMode.STORE
        assert pcm_of(job.audio()) == stream_of(text)
        assert isinstance(next(e for e in job.audio() if isinstance(e, Audio)), Audio), "and again"

    def test_a_job_that_never_was_is_unknown(self, system: RealSystem) -> None:
        expected = r"^no job 'beef': it was never accepted, or it has ended and expired$"
        with pytest.raises(JobUnknown, match=expected):
            system.producer().attach("beef")

    @staticmethod
    def held(system: RealSystem, job: Job) -> int:
        with system.redis as client:
            return int(client.xlen(ordered_stream(job.id)))

    @staticmethod
    def keys(system: RealSystem, job: Job) -> list[bytes]:
        with system.redis as client:
            return list(client.scan_iter(f"{job_prefix(job.id)}*{job.id}*"))
