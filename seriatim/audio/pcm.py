"""Arithmetic of PCM: s16le, mono. Bytes are counted from 0; an offset lies between two samples, so it is even."""

BYTES_PER_SAMPLE = 2
SHORT_SILENCE_MS = 50  #: audio of a text without speech
UNKNOWN_RATE_HZ = 24_000  #: taken for that of a pool that has had no workers


def bytes_of_ms(ms: float, rate_hz: int) -> int:
    """The even number of bytes that last `ms` milliseconds, rounded to the nearest sample."""
    return round(ms * rate_hz / 1000) * BYTES_PER_SAMPLE


def ms_of_bytes(n_bytes: int, rate_hz: int) -> float:
    """How many milliseconds `n_bytes` of sound last."""
    return n_bytes / BYTES_PER_SAMPLE * 1000 / rate_hz


def silence(ms: float, rate_hz: int) -> bytes:
    """`ms` milliseconds of silence."""
    return bytes(bytes_of_ms(ms, rate_hz))


def short_silence(rate_hz: int) -> bytes:
    """The audio of a text without speech, such as `...`: some clients take an empty file for an error."""
    return silence(SHORT_SILENCE_MS, rate_hz)


def part_beyond(pcm: bytes, end: int, have: int) -> bytes:
    """The part beyond offset `have` of a chunk that ends at offset `end`: how readers drop bytes that they have.

    Raises:
        ValueError: the chunk begins beyond `have`, so that bytes between are missing.
    """
    start = end - len(pcm)
    if start > have:
        raise ValueError(f"bytes {have} to {start} are missing before a chunk that ends at {end}")
    return pcm[have - start :]
