"""PCM, raw samples, comes at the rate that OpenAI's clients take for granted, whatever the pool's is."""

from collections.abc import Iterator

import numpy as np
import pytest

from seriatim.audio.pcm import ms_of_bytes
from tests.http.decoded_audio import likeness, loudness
from tests.http.gateways import Gateway, clear, start
from tests.support.expected_audio import RATE_HZ, stream_of
from tests.support.process_system import RealSystem

OPENAI_HZ = 24_000
TEXTS = clear(3)
EXPECTED = stream_of(TEXTS)


@pytest.fixture(scope="module")
def gateway(system: RealSystem) -> Iterator[Gateway]:
    started = start(system, "as OpenAI's", http_pcm_hz=OPENAI_HZ)
    yield started
    system.end("as OpenAI's")


def test_openais_client_plays_it_at_the_right_speed(gateway: Gateway) -> None:
    with gateway.openai() as ai:
        answer = ai.audio.speech.create(model="tts-1", voice="alloy", input=" ".join(TEXTS), response_format="pcm")
    assert answer.response.headers["content-type"] == f"audio/pcm; rate={OPENAI_HZ}; channels=1; bits=16"
    assert ms_of_bytes(len(answer.content), OPENAI_HZ) == pytest.approx(ms_of_bytes(len(EXPECTED), RATE_HZ), abs=0.2)
    actual, intended = (np.frombuffer(pcm, "<i2") / np.float32(32768) for pcm in (answer.content, EXPECTED))
    assert likeness(loudness(actual, OPENAI_HZ), loudness(intended, RATE_HZ)) > 0.99
    peaks = [np.abs(np.fft.rfft(pcm)).argmax() * rate_hz / len(pcm) for pcm, rate_hz in
             ((actual, OPENAI_HZ), (intended, RATE_HZ))]  # fmt: skip
    assert peaks[0] == pytest.approx(peaks[1], abs=2), "and at the right pitch"


def test_other_routes_give_the_pools_own_samples(gateway: Gateway) -> None:
    with gateway.client() as client:
        job = client.post("/v1/jobs", json={"input": " ".join(TEXTS)}).json()["id"]
        answer = client.get(f"/v1/jobs/{job}/audio?format=pcm")
    assert answer.content == EXPECTED
    assert f"rate={RATE_HZ};" in answer.headers["content-type"]
