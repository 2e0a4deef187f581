"""Doubts about the sentences of a book, by their audio."""

import numpy as np
import pytest

from gateway.book.sentence_quality import SentenceAudio, doubts_of, measure_sentence

RATE_HZ = 8000


def tone(ms: int, peak: float = 0.5) -> bytes:
    t = np.arange(RATE_HZ * ms // 1000) / RATE_HZ
    return np.clip(np.sin(2 * np.pi * 200 * t) * peak * 32768, -32768, 32767).astype("<i2").tobytes()


def silence(ms: int) -> bytes:
    return bytes(RATE_HZ * ms // 1000 * 2)


def test_the_pause_behind_a_sentence_is_not_a_part_of_it() -> None:
    found = measure_sentence(silence(50) + tone(800) + silence(700), RATE_HZ, 800)
    assert found.spoken_ms == pytest.approx(800, abs=20)
    assert (found.pause_ms, found.is_clipped) == (0, False)


@pytest.mark.parametrize(
    ("pcm", "doubts"),
    [
        (tone(2000), ()),
        (silence(2000), ("silent",)),
        (b"", ("silent",)),
        (tone(400), ("short: 0.4 s instead of about 2.0 s",)),
        (tone(6000), ("long: 6.0 s instead of about 2.0 s",)),
        (tone(1000) + silence(1800) + tone(1000), ("pause of 1.8 s inside",)),
        (tone(2000, peak=1.5), ("clipped",)),
    ],
)
def test_a_sentence_is_doubtful_for_a_reason(pcm: bytes, doubts: tuple[str, ...]) -> None:
    others = [SentenceAudio(2000, 0, is_clipped=False, estimated_ms=2000)] * 8
    assert doubts_of([*others, measure_sentence(pcm, RATE_HZ, 2000)]) == [*[()] * 8, doubts]


def test_a_slow_voice_is_not_doubtful() -> None:
    slow = [SentenceAudio(6000, 0, is_clipped=False, estimated_ms=2000)] * 8
    assert doubts_of(slow) == [()] * 8
