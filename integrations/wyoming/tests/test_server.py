"""The server with Wyoming's own client, against a running system."""

import asyncio
import socket
import sys
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncTcpClient
from wyoming.error import Error
from wyoming.event import Event
from wyoming.info import Describe, Info
from wyoming.tts import (
    Synthesize,
    SynthesizeChunk,
    SynthesizeStart,
    SynthesizeStop,
    SynthesizeStopped,
    SynthesizeVoice,
)

SENTENCES = [f"The {fox} fox sings of green hills." for fox in ("red", "old", "sly", "shy", "wet", "big")]
TEXT = " ".join(SENTENCES)
WAIT_S = 30.0
SILENCE_MS = 50  #: in the place of a text that has nothing to say


@pytest.fixture
async def client(gateway: str) -> AsyncIterator[AsyncTcpClient]:
    """A client of a server process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = ["-m", "wyoming_seriatim", "--uri", f"tcp://127.0.0.1:{port}", "--base-url", gateway]
    server = await asyncio.create_subprocess_exec(sys.executable, *command)
    async with asyncio.timeout(WAIT_S):
        while True:
            try:
                (await asyncio.open_connection("127.0.0.1", port))[1].close()
                break
            except OSError:
                await asyncio.sleep(0.05)
    async with AsyncTcpClient("127.0.0.1", port) as made:
        yield made
    server.terminate()
    await server.wait()


async def next_event(client: AsyncTcpClient) -> Event:
    async with asyncio.timeout(WAIT_S):
        event = await client.read_event()
    assert event is not None, "the server ended the connection"
    return event


async def audio_until_stop(client: AsyncTcpClient) -> bytes:
    start = AudioStart.from_event(await next_event(client))
    assert (start.rate, start.width, start.channels) == (24_000, 2, 1)
    audio = b""
    while AudioChunk.is_type((event := await next_event(client)).type):
        audio += AudioChunk.from_event(event).audio
    assert AudioStop.is_type(event.type)
    return audio


def whole(gateway: str, text: str, **fields: Any) -> bytes:
    body = {"input": text, "response_format": "pcm", "sample_rate": 24_000, **fields}
    return httpx.post(f"{gateway}/v1/audio/speech", json=body, timeout=60, trust_env=False).content


async def test_voices_are_listed(client: AsyncTcpClient) -> None:
    await client.write_event(Describe().event())
    (program,) = Info.from_event(await next_event(client)).tts
    assert program.supports_synthesize_streaming
    assert {"tone/tenor", "tone/bass"} <= {voice.name for voice in program.voices}
    assert all(voice.languages for voice in program.voices)


async def test_a_whole_text_is_spoken_by_the_voice(client: AsyncTcpClient, gateway: str) -> None:
    await client.write_event(Synthesize(TEXT, voice=SynthesizeVoice(name="tone/bass")).event())
    assert await audio_until_stop(client) == whole(gateway, TEXT, voice="bass")


async def test_a_streamed_text_is_heard_before_it_is_whole(client: AsyncTcpClient, gateway: str) -> None:
    await client.write_event(SynthesizeStart().event())
    await client.write_event(SynthesizeChunk(f"{SENTENCES[0]} {SENTENCES[1]} And").event())
    assert AudioStart.is_type((await next_event(client)).type)
    audio = AudioChunk.from_event(await next_event(client)).audio
    await client.write_event(SynthesizeChunk(" the rest.").event())
    await client.write_event(SynthesizeStop().event())
    while AudioChunk.is_type((event := await next_event(client)).type):
        audio += AudioChunk.from_event(event).audio
    assert AudioStop.is_type(event.type)
    assert SynthesizeStopped.is_type((await next_event(client)).type)
    assert audio == whole(gateway, f"{SENTENCES[0]} {SENTENCES[1]} And the rest.")


async def test_a_stream_speaks_its_text_once(client: AsyncTcpClient, gateway: str) -> None:
    """Home Assistant also sends the whole text, for servers that do not stream."""
    for event in (SynthesizeStart(), SynthesizeChunk(TEXT), Synthesize(TEXT), SynthesizeStop()):
        await client.write_event(event.event())
    assert await audio_until_stop(client) == whole(gateway, TEXT)
    assert SynthesizeStopped.is_type((await next_event(client)).type)


async def test_a_text_without_words_is_a_short_silence(client: AsyncTcpClient) -> None:
    await client.write_event(Synthesize("...").event())
    audio = await audio_until_stop(client)
    assert audio == bytes(2 * 24_000 * SILENCE_MS // 1000)


async def test_a_mistake_is_answered_and_the_connection_goes_on(client: AsyncTcpClient, gateway: str) -> None:
    await client.write_event(Synthesize(TEXT, voice=SynthesizeVoice(name="tone/nobody")).event())
    assert "nobody" in Error.from_event(await next_event(client)).text
    await client.write_event(Synthesize(SENTENCES[0]).event())
    assert await audio_until_stop(client) == whole(gateway, SENTENCES[0])


async def test_a_client_that_leaves_cancels_its_job(client: AsyncTcpClient, gateway: str) -> None:
    await client.write_event(SynthesizeStart().event())
    for _ in range(40):
        await client.write_event(SynthesizeChunk(TEXT + " ").event())
    assert AudioStart.is_type((await next_event(client)).type)
    await client.disconnect()
    async with asyncio.timeout(WAIT_S):
        while (job := _latest_job(gateway))["state"] == "running":
            await asyncio.sleep(0.05)
    assert (job["state"], job["reason"]) == ("cancelled", "its listener closed the connection")


def _latest_job(gateway: str) -> dict[str, Any]:
    job: dict[str, Any] = httpx.get(f"{gateway}/v1/jobs", trust_env=False).json()["data"][0]
    return job
