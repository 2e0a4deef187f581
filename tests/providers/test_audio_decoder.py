"""Audio decoders: every encoding, in chunks of any size, becomes the same samples."""

import io
import struct

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from seriatim.errors import UpstreamFailed
from tests.providers.provider_simulator import sound_of, wav_header
from workers.providers.audio_decoder import AudioDecoder, AudioEncoding

RATE_HZ = 24_000
SOUND = sound_of("Boats.", RATE_HZ)


def decoded(data: bytes, encoding: AudioEncoding = AudioEncoding.WAV, cuts: tuple[int, ...] = (), hz: int = 0) -> bytes:
    """The sound in `data`, which arrives cut at `cuts`."""
    decoder = AudioDecoder(encoding, hz or RATE_HZ, RATE_HZ)
    ends = [*sorted(min(cut, len(data)) for cut in cuts), len(data)]
    pcm = b"".join(decoder.feed(data[start:end]) for start, end in zip([0, *ends], ends, strict=False))
    return pcm + decoder.finish()


def wav(form: str, rate_hz: int = RATE_HZ, channels: int = 1) -> bytes:
    """SOUND as a file."""
    samples = np.frombuffer(SOUND, "<i2").astype(np.float64) / 32768
    file = io.BytesIO()
    soundfile.write(file, np.repeat(samples[:, None], channels, 1), rate_hz, subtype=form, format="WAV")
    return file.getvalue()


@given(st.lists(st.integers(0, len(SOUND) + 44), max_size=6).map(tuple))
def test_chunks_do_not_change_the_samples(cuts: tuple[int, ...]) -> None:
    assert decoded(SOUND, AudioEncoding.PCM, cuts) == SOUND
    assert decoded(wav_header(RATE_HZ) + SOUND, cuts=cuts) == SOUND


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF, 0x7FFFFFFF, 0xFFFFFFFF - 44, len(SOUND)])
def test_a_wav_of_unknown_length_ends_with_its_bytes(size: int) -> None:
    assert decoded(wav_header(RATE_HZ, size) + SOUND) == SOUND


def test_what_follows_the_samples_is_no_sound() -> None:
    data = wav_header(RATE_HZ, len(SOUND)) + SOUND + b"LIST" + struct.pack("<I", 4) + b"INFO"
    assert decoded(data, cuts=(30, len(data) - 5)) == SOUND


@pytest.mark.parametrize("form", ["PCM_16", "PCM_24", "PCM_32", "FLOAT"])
@pytest.mark.parametrize("channels", [1, 2])
def test_forms_of_wav(form: str, channels: int) -> None:
    found, expected = (np.frombuffer(pcm, "<i2").astype(int) for pcm in (decoded(wav(form, channels=channels)), SOUND))
    assert len(found) == len(expected)
    assert np.abs(found - expected).max() <= 1


@pytest.mark.parametrize("cut", [10, 60, 1001])
def test_another_rate_has_as_long_a_sound(cut: int) -> None:
    pcm = decoded(wav("PCM_16", 48_000), cuts=(cut,))
    assert abs(len(pcm) - len(SOUND) // 2) <= 2
    assert pcm == decoded(wav("PCM_16", 48_000))


def test_mp3_is_decoded_as_it_arrives() -> None:
    file = io.BytesIO()
    soundfile.write(file, np.frombuffer(sound_of("Many boats. " * 4), "<i2"), RATE_HZ, format="MP3")
    data = file.getvalue()
    pcm = decoded(data, AudioEncoding.MP3, cuts=(100, 1000, 1001))
    assert pcm == decoded(data, AudioEncoding.MP3)
    expected = len(sound_of("Many boats. " * 4))
    assert expected <= len(pcm) < expected + 2 * 2 * RATE_HZ // 10  # with an encoder's padding


@pytest.mark.parametrize(
    ("data", "encoding", "message"),
    [
        (b"not a sound at all, but some text", AudioEncoding.WAV, "no RIFF header"),
        (wav_header(RATE_HZ)[:20], AudioEncoding.WAV, "within the header"),
        (wav_header(RATE_HZ, len(SOUND)) + SOUND[:-2], AudioEncoding.WAV, "before the length"),
        (wav_header(RATE_HZ) + SOUND + b"\0", AudioEncoding.WAV, "before the length"),
        (SOUND + b"\0", AudioEncoding.PCM, "within a sample"),
        (b"RIFF\0\0\0\0WAVE" + b"data" + bytes(100), AudioEncoding.WAV, "before their format"),
        (b"RIFF\0\0\0\0WAVE" + b"LIST" + struct.pack("<I", 2**31) + bytes(100), AudioEncoding.WAV, "no samples behind"),
    ],
)
def test_what_is_no_whole_sound_is_refused(data: bytes, encoding: AudioEncoding, message: str) -> None:
    with pytest.raises(UpstreamFailed, match=message):
        decoded(data, encoding)
