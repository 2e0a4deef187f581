"""Languages, in every interface: the text chooses its voices, and a voice of another language is warned of."""

import asyncio
import importlib.util
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import soundfile
from websockets.sync.client import connect

from seriatim import AsyncClient, Client, Sentence
from seriatim.stream_entries import SentenceStart
from tests.http.gateways import Gateway, start
from tests.support.command_line import QUICK, seriatim
from tests.support.process_system import PATIENCE_S, RealSystem, wait_until

for package, extra in (("espeakng_loader", "espeak"), ("py3langid", "language")):
    if importlib.util.find_spec(package) is None:
        if os.environ.get("CI"):
            raise RuntimeError(f"{package} is not installed where CI is set: pip install -e '.[{extra}]'")
        pytest.skip(f"{package} is not installed (pip install -e '.[{extra}]')", allow_module_level=True)

ENGLISH = "The harbour wakes before the town does."
GERMAN = "Die Schiffe sind nicht von hier."
TEXT = f"{ENGLISH}\n\n{GERMAN}"
FLAT: Any = {"pause_ms": 0, "paragraph_ms": 0}  #: options
WARNING = "the text seems to be in German, and the voice 'en-us' speaks English; a voice of German: 'de'"


@pytest.fixture(scope="module")
def system(new_system: Callable[..., RealSystem]) -> RealSystem:
    system = new_system()
    system.reassembler()
    system.start("espeak", "-m", "workers", "--engine", "espeak")
    wait_until(lambda: system.slots("espeak"), "a worker")
    return system


@pytest.fixture(scope="module")
def client(system: RealSystem) -> Iterator[Client]:
    with Client(settings=system.settings) as client:
        yield client


@pytest.fixture(scope="module")
def gateway(system: RealSystem) -> Gateway:
    return start(system, http_pool="espeak")


@pytest.fixture(scope="module")
def expected(client: Client) -> bytes:
    sentences = [Sentence(ENGLISH, voice="en-us"), Sentence(GERMAN, voice="de")]
    return b"".join(client.enqueue_job(sentences, engine="espeak", **FLAT).pcm())


def test_each_paragraph_has_a_voice_of_its_language(client: Client, expected: bytes) -> None:
    assert b"".join(client.enqueue_job(TEXT, engine="espeak", **FLAT).pcm()) == expected
    assert b"".join(client.enqueue_job(TEXT, engine="espeak", voice="en-us", language="auto", **FLAT).pcm()) == expected
    assert b"".join(client.enqueue_job(TEXT, engine="espeak", voice="en-us", **FLAT).pcm()) != expected


def test_so_it_is_for_text_that_comes_later_and_for_asyncio(
    system: RealSystem, client: Client, expected: bytes
) -> None:
    with client.open_job(engine="espeak", **FLAT) as talk:
        talk.say(f"{ENGLISH}\n\n")
        talk.say(GERMAN)
    assert b"".join(talk.job.pcm()) == expected

    async def pcm_of_text() -> bytes:
        async with AsyncClient(settings=system.settings) as other:
            job = await other.enqueue_job(TEXT, engine="espeak", **FLAT)
            assert job.warning == ""
            return b"".join([pcm async for pcm in job.pcm()])

    assert asyncio.run(pcm_of_text()) == expected


def test_so_it_is_from_the_command_line(system: RealSystem, expected: bytes, tmp_path: Path) -> None:
    settings, output = QUICK | system.settings.to_env(), tmp_path / "a.wav"
    flat = ("--pause-ms", "0", "--paragraph-ms", "0", "--engine", "espeak", "--redis")
    done = seriatim("speak", "-", "-o", output, *flat, stdin=TEXT.encode(), settings=settings)
    assert (done.returncode, b"seems to be" in done.stderr) == (0, False), done.stderr
    assert soundfile.read(output, dtype="int16")[0].tobytes() == expected
    done = seriatim(
        "speak", "-", "-o", tmp_path / "b.wav", "--voice", "en-us", *flat, stdin=GERMAN.encode(), settings=settings
    )
    assert f"seriatim: {WARNING}\n".encode() in done.stderr


def test_so_it_is_over_http(gateway: Gateway, expected: bytes) -> None:
    with gateway.client() as http:
        answer = http.post("/v1/audio/speech", json={"input": TEXT, "response_format": "pcm"} | FLAT)
        assert (answer.content, "seriatim-warning" in answer.headers) == (expected, False)
        answer = http.post("/v1/audio/speech", json={"input": GERMAN, "voice": "en-us"})
        assert answer.headers["seriatim-warning"] == WARNING


def test_a_job_keeps_its_warning(client: Client, gateway: Gateway) -> None:
    job = client.enqueue_job(GERMAN, engine="espeak", voice="en-us", kind="batch")
    assert job.warning == client.attach(job.id).status().warning == WARNING
    with gateway.client() as http:
        answer = http.post("/v1/jobs", json={"input": GERMAN, "voice": "en-us"})
        assert (answer.status_code, answer.headers["seriatim-warning"], answer.json()["warning"]) == (
            202, WARNING, WARNING,
        )  # fmt: skip
        assert http.get(answer.headers["location"]).json()["warning"] == WARNING


def test_a_stream_is_warned_of_when_its_language_is_clear(gateway: Gateway, expected: bytes) -> None:
    def messages(text: str, **options: object) -> Iterator[dict[str, Any]]:
        with connect(f"ws://127.0.0.1:{gateway.port}/v1/stream", proxy=None) as socket:
            for message in ({"type": "start"} | FLAT | options, {"type": "text", "text": text}, {"type": "close"}):
                socket.send(json.dumps(message))
            while True:
                received = socket.recv(PATIENCE_S)
                answer = json.loads(received) if isinstance(received, str) else {"type": "pcm", "pcm": received}
                yield answer
                if answer["type"] == "end":
                    return

    found = list(messages(GERMAN, voice="en-us"))
    assert [message["warning"] for message in found if message["type"] == "warning"] == [WARNING]
    found = list(messages(TEXT))
    assert b"".join(message["pcm"] for message in found if message["type"] == "pcm") == expected
    assert not [message for message in found if message["type"] == "warning"]


def test_numbers_are_read_in_the_language_of_their_paragraph(client: Client) -> None:
    text = f"{ENGLISH} It has 3 piers.\n\n{GERMAN} Es sind 3 Schiffe, und sie haben 12 Masten."
    job = client.enqueue_job(text, engine="espeak")
    sentences = [entry.text for entry in job.audio() if isinstance(entry, SentenceStart)]
    assert sentences[1::2] == ["It has three piers.", "Es sind drei Schiffe, und sie haben zwölf Masten."]
