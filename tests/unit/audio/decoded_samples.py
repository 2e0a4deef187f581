"""Samples for tests: something that is like speech, the same each time, and what an encoder leaves of it, decoded."""

import io

import av
import numpy as np
import soundfile

from seriatim.audio.encoder import open_encoder
from seriatim.audio.formats import AudioFormat
from seriatim.audio.output_file import FileDescriptorOutput


def speech(seconds: float, rate_hz: int, seed: int = 0) -> bytes:
    """Syllables of voiced sound with pauses between them, peaking at -3 dB: s16le mono."""
    n = round(seconds * rate_hz)
    at = np.arange(n) / rate_hz
    voice = sum(np.sin(2 * np.pi * 150 * k * at) / k for k in range(1, 9))
    syllables = np.clip(np.sin(2 * np.pi * 3.1 * at), 0, None) ** 0.5
    noise = np.random.default_rng(seed).standard_normal(n) * 0.02
    sound = voice * syllables + noise * syllables
    peak = np.abs(sound).max() if n else 1.0
    return (sound / peak * 0.7 * 32767).astype("<i2").tobytes()


def encoded(fd: int, audio_format: AudioFormat, rate_hz: int, chunks: list[bytes]) -> None:
    """Write the chunks through a format's encoder into an open file descriptor."""
    encoder = open_encoder(FileDescriptorOutput(fd, "the output"), audio_format, rate_hz)
    for chunk in chunks:
        encoder.write(chunk)
    encoder.close()


def decoded(data: bytes) -> tuple[np.ndarray, int]:
    """The samples in a file, -1..1, and its rate in Hz, as libsndfile reads it."""
    decoded_samples, rate_hz = soundfile.read(io.BytesIO(data), dtype="float32")
    return np.asarray(decoded_samples), int(rate_hz)


def duration(data: bytes) -> float | None:
    """How many seconds a file says that it sounds, before it is read; None if it does not say."""
    with av.open(io.BytesIO(data), "r") as file:
        of_sound = file.streams.audio[0]
        if of_sound.duration is None or of_sound.time_base is None:
            return None
        return float(of_sound.duration * of_sound.time_base)


def samples(pcm: bytes) -> np.ndarray:
    """The samples of s16le mono, -1..1."""
    return np.frombuffer(pcm, "<i2").astype(np.float32) / 32768


def cut(pcm: bytes, n_bytes: int) -> list[bytes]:
    """The same sound in chunks of `n_bytes`."""
    return [pcm[start : start + n_bytes] for start in range(0, len(pcm), n_bytes)]
