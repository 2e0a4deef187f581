"""The plugin with LiveKit Agents' own base classes against a running system."""

from typing import Any

import aiohttp
import pytest
from livekit.agents import APIConnectionError, APIConnectOptions, APIError, tts
from livekit.agents.types import USERDATA_TIMED_TRANSCRIPT
from livekit.plugins import seriatim

SENTENCES = [f"The {fox} fox sings of green hills." for fox in ("red", "old", "sly", "shy", "wet", "big", "sad", "odd")]
TEXT = " ".join(SENTENCES)
ONE_ATTEMPT = APIConnectOptions(max_retry=0, timeout=10)


async def whole(session: aiohttp.ClientSession, gateway: str, text: str) -> bytes:
    """The audio of a text by a plain request."""
    body = {"input": text, "response_format": "pcm", "sample_rate": 24_000}
    async with session.post(f"{gateway}/v1/audio/speech", json=body) as response:
        assert response.status == 200
        return await response.read()


async def latest_job(session: aiohttp.ClientSession, gateway: str) -> dict[str, Any]:
    async with session.get(f"{gateway}/v1/jobs") as response:
        job: dict[str, Any] = (await response.json())["data"][0]
        return job


async def speak(stream: tts.SynthesizeStream, text: str, piece: int = 5) -> tuple[bytes, list[str]]:
    """Push a text in pieces; returns its audio and transcript."""
    for start in range(0, len(text), piece):
        stream.push_text(text[start : start + piece])
    stream.end_input()
    audio, transcript = b"", []
    async for event in stream:
        audio += event.frame.data.tobytes()
        transcript += event.frame.userdata.get(USERDATA_TIMED_TRANSCRIPT, [])
    return audio, transcript


async def test_a_whole_text_is_the_same_as_by_http(gateway: str, session: aiohttp.ClientSession) -> None:
    async with seriatim.TTS(base_url=gateway, http_session=session) as plugin:
        frame = await plugin.synthesize(TEXT).collect()
    assert frame.sample_rate == 24_000
    audio, expected = frame.data.tobytes(), await whole(session, gateway, TEXT)
    assert audio[: len(expected)] == expected
    assert not any(audio[len(expected) :]), "LiveKit ends a text that is complete with 10 ms of silence"


async def test_a_text_in_pieces_is_the_same_and_its_words_have_times(
    gateway: str, session: aiohttp.ClientSession
) -> None:
    metrics: list[Any] = []
    async with seriatim.TTS(base_url=gateway, http_session=session) as plugin:
        plugin.on("metrics_collected", metrics.append)
        async with plugin.stream() as stream:
            audio, transcript = await speak(stream, TEXT)
    assert audio == await whole(session, gateway, TEXT)
    assert "".join(transcript) == TEXT + " "
    assert [part.strip() for part in transcript] == TEXT.split()
    times = [time for part in transcript for time in (part.start_time, part.end_time)]
    assert times == sorted(times)
    assert 1 < times[-1] <= len(audio) / 48_000
    (one,) = metrics
    assert one.audio_duration == pytest.approx(len(audio) / 48_000, abs=0.01)
    assert one.characters_count == len(TEXT)


async def test_a_turn_without_text_is_silent(gateway: str, session: aiohttp.ClientSession) -> None:
    async with seriatim.TTS(base_url=gateway, http_session=session) as plugin, plugin.stream() as stream:
        assert await speak(stream, "") == (b"", [])


async def test_an_interrupted_turn_is_cancelled_and_its_connection_used_again(
    gateway: str, session: aiohttp.ClientSession
) -> None:
    async with seriatim.TTS(base_url=gateway, http_session=session) as plugin:
        stream = plugin.stream()
        for _ in range(40):
            stream.push_text(TEXT)
        await anext(aiter(stream))
        await stream.aclose()
        job = await latest_job(session, gateway)
        assert (job["state"], job["reason"]) == ("cancelled", "cancelled by its listener")
        async with plugin.stream() as following:
            audio, _ = await speak(following, SENTENCES[0])
        assert plugin.connections.last_connection_reused
    assert audio == await whole(session, gateway, SENTENCES[0])


async def test_a_lost_connection_is_replaced_in_the_middle_of_a_turn(
    gateway: str, proxy: Any, session: aiohttp.ClientSession
) -> None:
    async with seriatim.TTS(base_url=await proxy.start(), http_session=session) as plugin, plugin.stream() as stream:
        for sentence in SENTENCES:
            stream.push_text(sentence + " ")
        stream.flush()
        audio = (await anext(aiter(stream))).frame.data.tobytes()
        proxy.cut()
        stream.end_input()
        async for event in stream:
            audio += event.frame.data.tobytes()
    assert proxy.accepted == 2
    assert audio == await whole(session, gateway, TEXT)


async def test_a_prewarmed_connection_serves_the_first_turn(gateway: str, session: aiohttp.ClientSession) -> None:
    async with seriatim.TTS(base_url=gateway, http_session=session) as plugin:
        plugin.prewarm()
        async with plugin.stream() as stream:
            await speak(stream, SENTENCES[0])
        assert plugin.connections.last_connection_reused


@pytest.mark.parametrize("streamed", [True, False])
async def test_a_callers_mistake_is_not_repeated(gateway: str, session: aiohttp.ClientSession, streamed: bool) -> None:
    async with seriatim.TTS(base_url=gateway, voice="nobody", http_session=session) as plugin:
        speaking = speak(plugin.stream(), TEXT) if streamed else plugin.synthesize(TEXT).collect()
        with pytest.raises(APIError, match="nobody") as raised:
            await speaking
    assert not raised.value.retryable


async def test_without_a_gateway_the_error_may_be_retried(session: aiohttp.ClientSession) -> None:
    async with seriatim.TTS(base_url="http://127.0.0.1:1", http_session=session) as plugin:
        with pytest.raises(APIConnectionError) as raised:
            await speak(plugin.stream(conn_options=ONE_ATTEMPT), TEXT)
    assert raised.value.retryable


async def test_livekits_fallback_speaks_when_another_provider_is_gone(
    gateway: str, session: aiohttp.ClientSession
) -> None:
    gone = seriatim.TTS(base_url="http://127.0.0.1:1", http_session=session)
    ours = seriatim.TTS(base_url=gateway, http_session=session)
    async with tts.FallbackAdapter([gone, ours], max_retry_per_tts=0) as adapter, adapter.stream() as stream:
        audio, _ = await speak(stream, SENTENCES[0])
    assert audio == await whole(session, gateway, SENTENCES[0])


async def test_options_change_the_next_turn(gateway: str, session: aiohttp.ClientSession) -> None:
    async with seriatim.TTS(base_url=gateway, http_session=session) as plugin:
        async with plugin.stream() as stream:
            slow, _ = await speak(stream, TEXT)
        plugin.update_options(speed=2.0)
        async with plugin.stream() as stream:
            quick, _ = await speak(stream, TEXT)
    assert len(quick) < 0.7 * len(slow)
