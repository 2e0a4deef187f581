"""The service in a Pipecat pipeline, against a running system."""

from collections.abc import Sequence
from typing import Any

import httpx
import pytest
from pipecat.frames.frames import (
    ErrorFrame,
    Frame,
    InterruptionFrame,
    LLMFullResponseEndFrame,
    LLMFullResponseStartFrame,
    LLMTextFrame,
    TTSAudioRawFrame,
    TTSSpeakFrame,
    TTSStartedFrame,
    TTSStoppedFrame,
    TTSTextFrame,
)
from pipecat.pipeline.worker import PipelineParams
from pipecat.services.tts_service import TextAggregationMode
from pipecat.tests.utils import SleepFrame, run_test
from pipecat_seriatim import SeriatimTTSService, SeriatimTTSSettings

SENTENCES = [f"The {fox} fox sings of green hills." for fox in ("red", "old", "sly", "shy", "wet", "big", "sad", "odd")]
TEXT = " ".join(SENTENCES)
RATE_HZ = 24_000


def whole(gateway: str, text: str) -> bytes:
    """The audio of a text by a plain request."""
    body = {"input": text, "response_format": "pcm", "sample_rate": RATE_HZ}
    return httpx.post(f"{gateway}/v1/audio/speech", json=body, timeout=60, trust_env=False).content


def jobs(gateway: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = httpx.get(f"{gateway}/v1/jobs", trust_env=False).json()["data"]
    return found


async def run(service: SeriatimTTSService, *frames: Frame) -> tuple[Sequence[Frame], Sequence[Frame]]:
    params = PipelineParams(audio_out_sample_rate=RATE_HZ)
    return await run_test(service, frames_to_send=[*frames, SleepFrame(sleep=3.0)], pipeline_params=params)


def audio_of(frames: Sequence[Frame]) -> bytes:
    return b"".join(frame.audio for frame in frames if isinstance(frame, TTSAudioRawFrame))


def tokens(text: str) -> list[Frame]:
    pieces = [LLMTextFrame(text[start : start + 5]) for start in range(0, len(text), 5)]
    return [LLMFullResponseStartFrame(), *pieces, LLMFullResponseEndFrame()]


async def test_a_text_is_spoken_between_its_frames(gateway: str) -> None:
    down, _ = await run(SeriatimTTSService(base_url=gateway), TTSSpeakFrame(TEXT))
    kinds = [type(frame) for frame in down]
    assert kinds.index(TTSStartedFrame) < kinds.index(TTSAudioRawFrame) < kinds.index(TTSStoppedFrame)
    assert kinds.count(TTSStartedFrame) == kinds.count(TTSStoppedFrame) == 1
    assert audio_of(down) == whole(gateway, TEXT)


@pytest.mark.parametrize("mode", [TextAggregationMode.SENTENCE, TextAggregationMode.TOKEN])
async def test_a_turn_of_a_language_model_is_one_job(gateway: str, mode: TextAggregationMode) -> None:
    before = len(jobs(gateway))
    service = SeriatimTTSService(base_url=gateway, text_aggregation_mode=mode)
    down, _ = await run(service, *tokens(TEXT))
    assert audio_of(down) == whole(gateway, TEXT)
    assert len(jobs(gateway)) == before + 2, "the turn, and the plain request"
    assert "".join(frame.text for frame in down if isinstance(frame, TTSTextFrame)).replace(" ", "") == TEXT.replace(
        " ", ""
    )


@pytest.mark.parametrize("mode", [TextAggregationMode.SENTENCE, TextAggregationMode.TOKEN])
async def test_each_word_has_a_frame_at_its_time(gateway: str, mode: TextAggregationMode) -> None:
    service = SeriatimTTSService(base_url=gateway, text_aggregation_mode=mode, word_timestamps=True)
    down, _ = await run(service, *tokens(TEXT))
    words = [frame for frame in down if isinstance(frame, TTSTextFrame)]
    assert [frame.text for frame in words] == TEXT.split()
    times_s = [(frame.pts or 0) / 1e9 for frame in words]
    assert times_s == sorted(times_s)
    assert 1 < times_s[-1] - times_s[0] < len(audio_of(down)) / 2 / RATE_HZ
    assert audio_of(down) == whole(gateway, TEXT)


async def test_one_turn_after_another_uses_one_connection(gateway: str) -> None:
    connected = 0

    class Counting(SeriatimTTSService):
        async def _connect(self) -> Any:
            nonlocal connected
            connected += 1
            return await super()._connect()

    turns = [frame for sentence in SENTENCES[:3] for frame in (TTSSpeakFrame(sentence), SleepFrame(sleep=1.0))]
    down, _ = await run(Counting(base_url=gateway), *turns)
    assert audio_of(down) == b"".join(whole(gateway, sentence) for sentence in SENTENCES[:3])
    assert connected == 1


async def test_an_interruption_cancels_the_job_and_the_next_turn_is_spoken(gateway: str) -> None:
    long = " ".join(f"{TEXT} And once more, number {n}." for n in range(30))
    turn = [TTSSpeakFrame(long), SleepFrame(sleep=1.0), InterruptionFrame(), SleepFrame(sleep=0.5)]
    down, _ = await run(SeriatimTTSService(base_url=gateway), *turn, TTSSpeakFrame(SENTENCES[0]))
    after = down[[isinstance(frame, InterruptionFrame) for frame in down].index(True) :]
    assert audio_of(after) == whole(gateway, SENTENCES[0])
    assert ("cancelled", "cancelled by its listener") in [(job["state"], job["reason"]) for job in jobs(gateway)[:3]]


async def test_a_callers_mistake_is_reported(gateway: str) -> None:
    service = SeriatimTTSService(base_url=gateway, settings=SeriatimTTSSettings(voice="nobody"))
    _, up = await run(service, TTSSpeakFrame(TEXT))
    (error,) = [frame for frame in up if isinstance(frame, ErrorFrame) and "nobody" in frame.error]
    assert "unknown_voice" in error.error


async def test_a_gateway_that_is_away_is_reported() -> None:
    _, up = await run(SeriatimTTSService(base_url="http://127.0.0.1:1"), TTSSpeakFrame(TEXT))
    assert any(isinstance(frame, ErrorFrame) and "cannot be reached" in frame.error for frame in up)
