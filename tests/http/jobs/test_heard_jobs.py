"""The rest of a job that was heard to its end: room for others, and for a while its last sentence."""

import re
from collections.abc import Iterator

import pytest
from redis import Redis

from gateway.http.streaming.text_session import RESUME_S
from seriatim.client.job import Job
from seriatim.client.job_options import JobRequest
from seriatim.errors import JobCancelled, PositionLost
from seriatim.keys import END, SHARDS, job_prefix, ordered_stream
from seriatim.lua.job_scripts import due
from seriatim.lua.script_calls import load, run_many
from seriatim.records import Sentence
from tests.http.clients.test_stream_socket import calling
from tests.http.gateways import Gateway, clear, start
from tests.support.expected_audio import Listener, pcm_of, stream_of
from tests.support.process_system import RealSystem, wait_until

LONG_MS = 14_000  #: of silence behind a sentence: at 24 kHz its sound is as large as the longest of speech
TEXTS = ["Nobody forgets a wren.", "It sings of green hills."]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealSystem]:
    """A system whose server has room for a dozen such sentences."""
    folder = tmp_path_factory.mktemp("small")
    with RealSystem.on(folder, "--maxmemory", "20mb", "--maxmemory-policy", "noeviction") as system:
        system.reassembler()
        system.workers(1, slots=2, options={"rate_hz": 24_000})
        yield system


def held(redis: "Redis", job: Job) -> int:
    return int(redis.xlen(ordered_stream(job.id)))


def a_minute_later(redis: "Redis") -> None:
    """What a reassembler does when a minute is over."""
    run_many(redis, [due(shard).at(int(redis.time()[0]) * 1000 + 61_000) for shard in range(SHARDS)])


@pytest.mark.thorough
def test_jobs_that_were_heard_make_room_for_the_next(small: RealSystem) -> None:
    """Thirty of 1.4 MB, one after another: without, ten filled the server, and all were refused for ten minutes."""
    producer = small.producer()
    pauses = [Sentence(text, pause_ms=LONG_MS) for text in TEXTS]
    for _ in range(30):
        Listener(producer.enqueue(pauses, JobRequest.of({"engine": "tone"}))).all()


@pytest.mark.thorough
def test_so_do_answers_over_http(small: RealSystem) -> None:
    with start(small).client() as client:
        for _ in range(30):
            answer = client.post("/v1/audio/speech", json={"input": " ".join(clear(20)), "response_format": "pcm"})
            answer.raise_for_status()


def test_the_last_sentence_is_there_for_a_client_that_comes_back(system: RealSystem, gateway: Gateway) -> None:
    """Its gateway sent the end, and said so to Redis; the client lost its connection before it came."""
    with calling(gateway) as caller:
        caller.say("start")
        token, job = (started := caller.next())["resume"], started["job"]
        caller.say("text", text=" ".join(TEXTS))
        caller.say("close")
        caller.until("sentence")
        last = caller.until("sentence")["id"]
        caller.until("end")
    with system.redis as redis:
        wait_until(lambda: redis.zscore(f"{job_prefix(job)}:over", job), "its end is reported")
    with calling(gateway) as again:
        again.say("start", resume=token, after=last)
        assert again.next()["resume"] == token
        assert again.until("end")["state"] == "done"
    assert len(again.sound) > 0
    assert bytes(caller.sound).endswith(again.sound)
    kept_ms = re.search(r"OVER_KEPT = (\d+)", load("job", "heard").text)
    assert kept_ms
    assert int(kept_ms[1]) > RESUME_S * 1000, "it is kept for longer than a client may be gone"


def test_what_is_gone_is_said_to_be_lost_and_the_end_is_said_again(system: RealSystem, gateway: Gateway) -> None:
    job = system.enqueue(TEXTS)
    Listener(job).all()
    with system.redis as redis:
        a_minute_later(redis)
        assert held(redis, job) == 1
    for after in ("0-0", "2-0", "2-400"):
        with pytest.raises(PositionLost):
            Listener(job, after).all()
    assert Listener(job, f"3-{END}").all() == [], "who has the end needs nothing more"
    with gateway.client() as client:
        assert client.get(f"/v1/jobs/{job.id}").json()["state"] == "done"
        assert client.get(f"/v1/jobs/{job.id}/audio").status_code == 410
        for after in ("0-0", f"3-{END}"):
            events = client.get(f"/v1/jobs/{job.id}/events", headers={"last-event-id": after}).text
            assert events.startswith("event: end\n")
            assert f"id: 3-{END}\n" in events
        assert "position_lost" in client.get(f"/v1/jobs/{job.id}/events?after=2-400").text


@pytest.mark.thorough
def test_a_stream_that_is_gone_altogether_ends_its_readers(system: RealSystem, gateway: Gateway) -> None:
    """It was deleted, or expired before the job did: no reader waits for what cannot come."""
    job = system.enqueue(TEXTS)
    Listener(job).all()
    with system.redis as redis, gateway.client() as client:
        redis.delete(ordered_stream(job.id))
        with pytest.raises(PositionLost, match=r"has ended, and what follows position 0-0 is not held any more"):
            Listener(job).all()
        assert client.get(f"/v1/jobs/{job.id}/audio").status_code == 410
        assert "position_lost" in client.get(f"/v1/jobs/{job.id}/events").text


def test_a_slow_reader_of_a_cancelled_job_hears_that_it_was(system: RealSystem) -> None:
    """Though the sound that it had not taken yet is gone."""
    job = system.enqueue(system.held(TEXTS))
    reading = job.audio()
    first = [next(reading)]
    wait_until(lambda: job.status().emitted == 2)
    job.cancel()
    system.gate.touch()
    with system.redis as redis:
        a_minute_later(redis)
    with pytest.raises(JobCancelled):
        first += reading
    assert len(pcm_of(first)) <= len(stream_of(TEXTS))
