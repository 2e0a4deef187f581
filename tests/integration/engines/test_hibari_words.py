"""Word times of hibari: where its sound says that they are, and unchanged on the way to a reader."""

import importlib.util
import os
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any, cast

import numpy as np
import pytest
from redis import Redis

from seriatim.client.job_options import JobRequest
from seriatim.engine import AudioChunk, Engine, Utterance
from seriatim.stream_entries import End, Entry, SentenceStart, decode
from seriatim.text.word_times import decode_word_times, word_spans
from tests.listening.listening_text import sentences
from tests.support.process_system import RealSystem, wait_until
from tests.support.word_drift import SENTENCES, drifts_at_marks, silences_ms
from workers.engines.engine_registry import load
from workers.engines.phoneme_durations import EARLY_MS
from workers.trim_and_fade import LEAD_MS

if importlib.util.find_spec("hibari") is None:
    if os.environ.get("CI"):
        raise RuntimeError("hibari-tts is not installed where CI is set: pip install -e '.[hibari]'")
    pytest.skip("hibari-tts is not installed (pip install -e '.[hibari]')", allow_module_level=True)

from workers.engines.hibari.engine import HibariEngine

DRIFT_MS = 80  #: most, between the time of a word and its sound


@pytest.fixture(scope="module")
def hibari() -> Iterator[Engine]:
    engine = load("hibari", {})
    yield engine
    engine.close()


def entries_of(client: Redis, stream: str) -> list[Entry]:
    return [decode(entry_id, fields) for entry_id, fields in cast("list[Any]", client.xrange(stream))]


def chunk_of(engine: Engine, text: str, speed: float = 1.0) -> AudioChunk:
    (chunk,) = engine.speak(Utterance(text, speed=speed), lambda: False)
    return chunk


def test_a_pause_at_a_mark_lies_between_the_words_around_it(hibari: Engine) -> None:
    """The longest silence between the middles of two words with a comma between them is where the times have it."""
    drifts_ms: list[float] = []
    for text, speed in product(SENTENCES, (0.7, 1.0, 1.5)):
        chunk = chunk_of(hibari, text, speed)
        silences = silences_ms(chunk.pcm, hibari.rate_hz)
        assert chunk.words[0][0] == pytest.approx(silences[0][1], abs=1)
        assert chunk.words[-1][1] == pytest.approx(silences[-1][0], abs=1)
        drifts_ms += drifts_at_marks(text, chunk.words, silences)
    assert len(drifts_ms) > 40
    assert np.percentile(drifts_ms, 95) < DRIFT_MS


def test_the_first_phoneme_begins_with_the_sound(hibari: Engine) -> None:
    """By the model's durations alone, within half a frame: where the start is not to be seen they are as right."""
    voice, drifts_ms = cast("HibariEngine", hibari)._voices["heart"], []
    for text in sentences(0, 12):
        speech = voice.speech(voice.phonemes(text), 1.0, np.random.default_rng(0))
        drifts_ms.append(speech.durations_ms[0] - silences_ms(speech.pcm, hibari.rate_hz)[0][1])
    assert abs(np.median(drifts_ms)) < EARLY_MS / 2


@pytest.mark.parametrize("text", [*SENTENCES, "The U.S. Army won't pay 10:30 a.m. prices – really?"])
def test_words_follow_each_other_within_the_sound(hibari: Engine, text: str) -> None:
    chunk = chunk_of(hibari, text)
    assert len(chunk.words) == len(word_spans(text))
    marks = [mark for word in chunk.words for mark in word]
    assert marks == sorted(marks)
    assert marks[-1] <= len(chunk.pcm) / 2 / hibari.rate_hz * 1000


def test_readers_get_them_from_the_first_byte_of_the_trimmed_sentence(new_system: Callable[..., RealSystem]) -> None:
    system = new_system()
    system.reassembler()
    system.start("words", "-m", "workers", "--engine", "hibari", "--pool", "words")
    wait_until(lambda: system.worker_pids("words"), "a worker of hibari")
    job = system.producer().enqueue(" ".join(SENTENCES), JobRequest(engine="hibari", pool="words"))
    with system.redis as client:
        wait_until(lambda: any(isinstance(entry, End) for entry in entries_of(client, job.stream)), "the end")
        starts = [entry for entry in entries_of(client, job.stream) if isinstance(entry, SentenceStart)]
    assert [entry.text for entry in starts] == list(SENTENCES)
    for entry in starts:
        words = decode_word_times(entry.text, entry.words)
        assert [word.text for word in words] == [entry.text[at:end] for at, end in word_spans(entry.text)]
        assert abs(words[0].start_ms - LEAD_MS) <= 1
