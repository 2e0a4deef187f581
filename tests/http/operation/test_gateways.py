"""Several gateways of one system: each serves the jobs of the others, and one may die."""

import base64
import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx2
import pytest
from redis import Redis

from seriatim.client.job import Job
from seriatim.client.job_options import JobRequest
from seriatim.keys import StreamPosition
from seriatim.recording_store import events
from seriatim.records import DrainMode
from seriatim.stream_entries import SentenceStart
from tests.http.gateways import Gateway, clear, start
from tests.support.expected_audio import pcm_of, stream_of
from tests.support.process_system import RealSystem, wait_until

TEXTS = clear(120)


def test_a_job_of_one_gateway_is_known_to_all(system: RealSystem, gateway: Gateway) -> None:
    other = start(system, "other")
    with gateway.client() as here, other.client() as there:
        job = here.post("/v1/jobs", json={"input": " ".join(TEXTS)}).json()["id"]
        assert there.get(f"/v1/jobs/{job}/audio?format=pcm").content == stream_of(TEXTS)
        assert job in [j["id"] for j in there.get("/v1/jobs").json()["data"]]
        assert there.delete(f"/v1/jobs/{job}").json()["state"] == "done"


def test_a_listener_goes_on_at_another_gateway_when_one_is_killed(system: RealSystem, gateway: Gateway) -> None:
    doomed, texts = start(system, "doomed"), system.held(TEXTS)  # whose end cannot come before it is killed
    with doomed.client() as client:
        job = client.post("/v1/jobs", json={"input": " ".join(texts), "kind": "live", "drain": "window"}).json()["id"]
        first, last = _heard_until_killed(client, job, system)
    assert len(first) < len(stream_of(texts))
    system.gate.touch()
    with gateway.client() as client:
        rest = client.get(f"/v1/jobs/{job}/audio?format=pcm", headers={"last-event-id": last}).content
    assert first + rest == stream_of(texts)


@pytest.mark.thorough
def test_a_gateway_that_ends_leaves_its_jobs_to_the_others(system: RealSystem, gateway: Gateway) -> None:
    leaving = start(system, "leaving")
    with leaving.client() as client, gateway.client() as other:
        request = {"input": " ".join(clear(400)), "response_format": "pcm", "window_ms": 2_000}
        with client.stream("POST", "/v1/audio/speech", json=request) as stream:
            job = stream.headers["seriatim-job"]
            assert system.end("leaving") == 0
        assert other.get(f"/v1/jobs/{job}").json()["state"] == "running"
        other.delete(f"/v1/jobs/{job}")


@pytest.mark.thorough
def test_listeners_sleep_through_a_restart_of_redis(new_system: Callable[..., RealSystem]) -> None:
    """The last sentence is held until Redis is back, and the others may come before the restart or behind it."""
    system = new_system("--appendonly", "yes", "--appendfsync", "always", handover_ms=0)
    system.reassembler()
    system.workers(2, options={"start_ms": 100})
    gateway = start(system)
    texts = system.held(clear(20))
    with gateway.client() as client:
        request = {"input": " ".join(texts), "response_format": "pcm"}
        with client.stream("POST", "/v1/audio/speech", json=request) as stream:
            audio = bytearray()
            for piece in stream.iter_raw():
                audio += piece
                if len(audio) > 50_000 and system.server.directory.exists() and not (system.folder / "killed").exists():
                    (system.folder / "killed").touch()
                    system.server.kill()
                    system.server.start()
                    system.gate.touch()
    assert bytes(audio) == stream_of(texts)
    wait_until(lambda: system.count("restarts") >= 1)


@pytest.mark.thorough
def test_a_listener_who_fell_behind_the_recorder_catches_up_and_goes_on(new_system: Callable[..., RealSystem]) -> None:
    """What he missed is in the recording, which ends in the middle of the job; the rest comes from the stream."""
    system = new_system()
    system.reassembler()
    system.workers(1)
    texts = [*system.held(clear(20)), *clear(5, "Late")]
    job = system.producer().enqueue(texts, JobRequest(engine="tone", pool="tone", drain=DrainMode.STORE))
    entries = job.audio()
    received = [next(entries), next(entries)]
    store_dir = Path(system.settings.store_dir)
    wait_until(lambda: len([m for m in events(store_dir, job.id) if isinstance(m, SentenceStart)]) >= 20)
    with system.redis as redis:
        wait_until(lambda: first_of(redis, job).sentence > 5, "the recorder has taken them from the stream")
    assert not job.status().ended
    system.gate.touch()
    received += entries
    assert pcm_of(received) == stream_of(texts)


def first_of(redis: Redis, job: Job) -> StreamPosition:
    """The position of the first entry that is still in the ordered stream."""
    found: Any = redis.xrange(job.stream, count=1)
    return StreamPosition.parse(found[0][0].decode())


def _heard_until_killed(client: httpx2.Client, job: str, system: RealSystem) -> tuple[bytes, str]:
    """The sound that came, and the id of its last piece; the gateway is killed in the middle of it."""
    audio, piece, place, last = bytearray(), b"", "", ""
    with (
        suppress(httpx2.HTTPError),
        client.stream("GET", f"/v1/jobs/{job}/audio?format=pcm&sse=1") as stream,
    ):
        for line in stream.iter_lines():
            name, _, value = line.partition(": ")
            if name == "id":
                place = value
            elif name == "data" and "delta" in value:
                piece = base64.b64decode(json.loads(value)["audio"])
            elif not line and piece:  # only now the event is whole, whichever of its lines came first
                audio, last, piece = audio + piece, place, b""
            if len(audio) > 100_000:
                system.children["doomed"].kill()
    return bytes(audio), last
