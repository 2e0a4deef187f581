"""The bench of the gateway encodes speech: tones are so cheap that they flatter it."""

import asyncio
import socket
import time
from pathlib import Path

import httpx2
import numpy as np
import pytest

from bench.http import RATE_HZ, LoadFigures, play, recorded_speech
from bench.load.player import Player
from seriatim.engine import Utterance
from workers.engines.tone.engine import load


def tonality(pcm: bytes) -> float:
    """The share of a sound's energy, window for window, that is in its loudest 8 lines of 512: near 1 for notes."""
    samples = np.frombuffer(pcm, "<i2").astype(np.float64)
    windows = samples[: len(samples) // 1024 * 1024].reshape(-1, 1024) * np.hanning(1024)
    power = np.abs(np.fft.rfft(windows)) ** 2
    loud = power.sum(axis=1) > 1e6
    loudest = np.sort(power[loud], axis=1)[:, -8:].sum(axis=1)
    return float(np.median(loudest / power[loud].sum(axis=1)))


def test_listeners_hear_speech(tmp_path: Path) -> None:
    pytest.importorskip("espeakng_loader")
    pcm = recorded_speech(tmp_path / "speech.s16").read_bytes()
    assert 30 < len(pcm) / 2 / RATE_HZ < 90
    tones = load({"rate_hz": str(RATE_HZ)})
    notes = b"".join(piece.pcm for piece in tones.speak(Utterance("Many workers speak at once."), lambda: False))
    assert tonality(pcm) < 0.8 * tonality(notes)


def test_a_second_of_sound_has_a_price() -> None:
    assert LoadFigures(10, 20.0, heard_s=200.0, silent=0, longest_ms=0, cpu=0.5).ms_per_s == 50.0
    assert LoadFigures(1, 20.0, heard_s=0.0, silent=1, longest_ms=0, cpu=0.5).ms_per_s == 0.0


async def play_at_a_server_that_never_answers(seconds: float) -> Player:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        host, port = listening.getsockname()
        async with httpx2.AsyncClient(base_url=f"http://{host}:{port}", trust_env=False, timeout=None) as client:
            return await play(client, 0, "One.", "opus", 3.0, time.monotonic() + seconds)


def test_a_listener_who_gets_no_answer_has_been_silent_all_the_time() -> None:
    (silence,) = asyncio.run(play_at_a_server_that_never_answers(0.3)).stalls
    assert silence[1] - silence[0] == pytest.approx(0.3, abs=0.2)
