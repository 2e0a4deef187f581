"""A text that names no engine, through a running system of two: each goes where it can be spoken."""

import asyncio
import importlib.util
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
import soundfile

from seriatim import AsyncClient, Client, Sentence
from seriatim.client.job import Job
from seriatim.client.job_options import JobRequest
from seriatim.errors import NoWorkers, UnknownVoice
from tests.http.gateways import Gateway, start
from tests.support.command_line import QUICK, seriatim, start_command
from tests.support.free_ports import free_port
from tests.support.process_system import PATIENCE_S, RealSystem, wait_until
from tests.support.thorough_cases import mostly_thorough

for package, extra in (("hibari", "hibari"), ("espeakng_loader", "espeak")):
    if importlib.util.find_spec(package) is None:
        if os.environ.get("CI"):
            raise RuntimeError(f"{package} is not installed where CI is set: pip install -e '.[{extra}]'")
        pytest.skip(f"{package} is not installed (pip install -e '.[{extra}]')", allow_module_level=True)

GERMAN = "Der Hafen erwacht vor der Stadt. Die Schiffe sind nicht von hier."


@pytest.fixture(scope="module")
def system(new_system: Callable[..., RealSystem]) -> RealSystem:
    system = new_system()
    system.reassembler()
    for engine in ("hibari", "espeak"):
        system.start(engine, "-m", "workers", "--engine", engine)
    for engine in ("hibari", "espeak"):
        wait_until(partial(system.slots, engine), f"a worker with {engine}")
    return system


@pytest.fixture(scope="module")
def client(system: RealSystem) -> Iterator[Client]:
    with Client(settings=system.settings) as client:
        yield client


@pytest.fixture(scope="module")
def gateway(system: RealSystem) -> Gateway:
    return start(system, http_pool="")


def pool_that_spoke(job: Job) -> str:
    assert sum(map(len, job.pcm())) > 10_000
    return job.pool


def test_english_is_spoken_by_hibari_and_german_by_espeak(client: Client) -> None:
    assert pool_that_spoke(client.enqueue_job("Good morning.")) == "hibari"
    assert pool_that_spoke(client.enqueue_job(GERMAN)) == "espeak"
    assert pool_that_spoke(client.enqueue_job("She said 今天 and left.")) == "espeak"


def test_a_voice_decides_also_that_of_a_sentence(client: Client) -> None:
    assert pool_that_spoke(client.enqueue_job("Good morning.", voice="en-gb")) == "espeak"
    assert (
        pool_that_spoke(client.enqueue_job([Sentence("Far?", voice="en-gb"), Sentence("No.", voice="en-us")]))
        == "espeak"
    )
    assert client.voices()[0].name == "heart"


def test_so_it_is_for_asyncio_and_for_text_that_comes_later(system: RealSystem, client: Client) -> None:
    async def job_id() -> str:
        async with AsyncClient(settings=system.settings) as other:
            job = await other.enqueue_job(GERMAN)
            assert [pcm async for pcm in job.pcm()]
            return job.id

    assert client.attach(asyncio.run(job_id())).pool == "espeak"
    with client.open_job() as talk:
        talk.say("Good morning. ")
    assert pool_that_spoke(talk.job) == "hibari"
    with client.open_job(language="de") as talk:
        talk.say("Guten Morgen. ")
    assert pool_that_spoke(talk.job) == "espeak"


@pytest.mark.parametrize("voice", mostly_thorough(["german", "de", "deu", "German", "de-DE"], 3))
def test_a_language_names_a_voice_in_every_interface(
    system: RealSystem, client: Client, gateway: Gateway, voice: str, tmp_path: Path
) -> None:
    expected = b"".join(client.enqueue_job("Ja, gern.", voice="de", engine="espeak").pcm())
    assert b"".join(client.enqueue_job("Ja, gern.", voice=voice).pcm()) == expected
    with client.open_job(voice=voice, engine="espeak") as talk:
        talk.say("Ja, gern.")
    assert b"".join(talk.job.pcm()) == expected
    with gateway.client() as http:
        answer = http.post("/v1/audio/speech", json={"input": "Ja, gern.", "voice": voice, "response_format": "pcm"})
    assert answer.content == expected
    settings, output = QUICK | system.settings.to_env(), tmp_path / "a.wav"
    done = seriatim("speak", "-", "-o", output, "--voice", voice, "--redis", stdin=b"Ja, gern.", settings=settings)
    assert done.returncode == 0, done.stderr
    assert soundfile.read(output, dtype="int16")[0].tobytes() == expected


def test_a_language_that_a_pool_does_not_speak_is_refused(client: Client) -> None:
    with pytest.raises(UnknownVoice, match=r"^unknown voice 'german' \(German\); pool 'hibari' has: heart$"):
        client.enqueue_job("Ja.", voice="german", engine="hibari")


def test_a_setting_decides_before_that(system: RealSystem) -> None:
    with Client(settings=replace(system.settings, engine="espeak")) as client:
        assert pool_that_spoke(client.enqueue_job("Good morning.")) == "espeak"


def test_speak_does_the_same_and_says_so(system: RealSystem, tmp_path: Path) -> None:
    settings = QUICK | system.settings.to_env()
    done = seriatim("speak", "-", "-o", tmp_path / "a.wav", "--redis", stdin=b"Good morning.", settings=settings)
    assert (done.returncode, b"this text" in done.stderr) == (0, False), done.stderr
    done = seriatim("speak", "-", "-o", tmp_path / "b.wav", "--redis", stdin=GERMAN.encode(), settings=settings)
    assert done.returncode == 0, done.stderr
    assert b"this text is in German, which hibari does not speak: espeak speaks it." in done.stderr
    done = seriatim("voices", "--redis", system.settings.redis_url, settings=settings)
    assert done.stdout.startswith(b"heart  en-US    female, American, neural")


@pytest.mark.parametrize(
    ("body", "hz"),
    [
        ({"input": "Good morning."}, 24_000),
        ({"input": "Good morning.", "model": "tts-1", "voice": "alloy"}, 24_000),
        ({"input": "Good morning.", "model": "gpt-4o-mini-tts", "voice": "Nova"}, 24_000),
        ({"input": "Good morning.", "voice": "heart"}, 24_000),
        ({"input": GERMAN}, 22_050),
        ({"input": GERMAN, "model": "tts-1-hd", "voice": "alloy"}, 22_050),
        ({"input": "Good morning.", "voice": "en-gb"}, 22_050),
        ({"input": "Ja.", "language": "de"}, 22_050),
        ({"input": "Good morning.", "speed": 3}, 22_050),
    ],
)
def test_over_http_it_is_the_same(gateway: Gateway, body: dict[str, object], hz: int) -> None:
    with gateway.client() as http:
        answer = http.post("/v1/audio/speech", json=body | {"response_format": "wav"})
    assert answer.status_code == 200, answer.text
    assert int.from_bytes(answer.content[24:28], "little") == hz


def test_over_http_a_model_that_is_named_speaks_or_refuses(gateway: Gateway) -> None:
    with gateway.client() as http:
        refused = http.post("/v1/audio/speech", json={"input": "Привет, мир.", "model": "hibari"})
        jobs = http.post("/v1/jobs", json={"sentences": [{"text": "Far?", "voice": "en-gb"}, {"text": "No."}]})
        assert (refused.status_code, jobs.status_code) == (400, 202), refused.text + jobs.text
        assert "the hibari engine reads English only" in refused.json()["error"]["message"]
        assert http.get("/v1/voices").json()["data"][0]["id"] == "heart"


def test_any_pool_speaks_where_there_is_no_other(new_system: Callable[..., RealSystem]) -> None:
    system = new_system()
    system.reassembler()
    with pytest.raises(NoWorkers, match=r"start one with: seriatim worker --engine hibari"):
        system.producer().enqueue("Good morning.", JobRequest())
    system.workers(1, pool="parrots")
    assert pool_that_spoke(system.producer().enqueue("Good morning.", JobRequest())) == "parrots"


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("text", "line"),
    [
        pytest.param("Good morning.", "", marks=pytest.mark.thorough),
        (GERMAN, "is in German"),
        pytest.param("Hi 今天.", "scripts", marks=pytest.mark.thorough),
    ],
)
def test_a_private_system_starts_what_the_text_needs(tmp_path: Path, text: str, line: str) -> None:
    done = seriatim("speak", "-", "-o", tmp_path / "speech.wav", "--workers", "1", stdin=text.encode())
    assert done.returncode == 0, done.stderr
    assert line in done.stderr.decode()
    assert ("this text" in done.stderr.decode()) == bool(line)
    assert soundfile.info(tmp_path / "speech.wav").samplerate == (22_050 if line else 24_000)


@pytest.mark.thorough
def test_up_starts_a_pool_of_each_and_says_their_cost(tmp_path: Path) -> None:
    port = free_port()
    with start_command("up", "--workers", "1", "--no-http", "--port", str(port), cwd=tmp_path) as process:
        try:
            assert process.stderr is not None
            line = process.stderr.readline().decode()
            cost = r"1 process, 1 slot, (\d{2,3}) MB"
            assert re.search(rf"up: pool hibari: {cost}; pool espeak: {cost}; Redis at", line), line
            url = f"redis://127.0.0.1:{port}/0"
            done = seriatim("speak", "-", "-o", tmp_path / "speech.wav", "--redis", url, stdin=GERMAN.encode())
            assert done.returncode == 0, done.stderr
            assert soundfile.info(tmp_path / "speech.wav").samplerate == 22_050
        finally:
            process.terminate()
            process.communicate(timeout=PATIENCE_S)
