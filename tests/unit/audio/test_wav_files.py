"""WAV files as any reader understands them, of any length."""

import os
import struct
import wave

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from seriatim.audio.encoder import open_encoder
from seriatim.audio.formats import format_of
from seriatim.audio.output_file import FileDescriptorOutput
from seriatim.audio.uncompressed_encoders import UncompressedEncoder, wav_header
from tests.unit.audio.decoded_samples import encoded, samples, speech

WAV = format_of("speech.wav")


def test_a_wav_file_is_read_by_pythons_own_reader(tmp_path):
    path = tmp_path / "speech.wav"
    pcm = speech(1.5, 22050)
    with path.open("wb") as file:
        encoded(file.fileno(), WAV, 22050, [pcm])
    with wave.open(str(path)) as read:
        assert (read.getnchannels(), read.getsampwidth(), read.getframerate()) == (1, 2, 22050)
        assert read.getnframes() == len(pcm) // 2
        assert read.readframes(len(pcm)) == pcm


@given(st.integers(8000, 192_000), st.integers(0, 1 << 28).map(lambda n: 2 * n), st.booleans())
def test_the_sizes_in_a_header_add_up(rate_hz, data_bytes, room):
    header = wav_header(rate_hz, data_bytes, room=room)
    assert len(header) == (80 if room else 44)
    assert header[:4] == b"RIFF"
    assert struct.unpack_from("<I", header, 4)[0] == len(header) - 8 + data_bytes
    assert struct.unpack_from("<I", header, len(header) - 4)[0] == data_bytes
    assert len(wav_header(rate_hz, None, room=room)) == len(header), "it takes its place"


def test_a_stream_has_the_classic_header_with_sizes_that_say_until_the_end():
    """Many programs skip 44 bytes without looking."""
    header = wav_header(24000, None, room=False)
    assert len(header) == 44
    assert header[4:8] == header[40:44] == b"\xff\xff\xff\xff"


def test_a_wav_file_may_be_longer_than_4_gib(tmp_path):
    """A day of speech at 24 kHz is 4.1 GB. The file is sparse: only its end is written."""
    path = tmp_path / "day.wav"
    end = speech(0.5, 24000)
    long_bytes = 5 << 30
    with path.open("w+b") as file:
        encoder = open_encoder(FileDescriptorOutput(file.fileno(), "day.wav"), WAV, 24000)
        assert isinstance(encoder, UncompressedEncoder)
        encoder._data_bytes = long_bytes  # as if so much had been written
        file.seek(80 + long_bytes)
        encoder.write(end)
        encoder.close()
    n_samples = (long_bytes + len(end)) // 2
    read = soundfile.info(str(path))
    assert (read.format, read.frames, read.samplerate) == ("RF64", n_samples, 24000)
    found, _ = soundfile.read(str(path), dtype="float32", start=n_samples - len(end) // 2)
    assert np.array_equal(found, samples(end))


@pytest.mark.parametrize(("data_bytes", "riff"), [(0xFFFFFFFF - 73, b"RIFF"), (0xFFFFFFFF - 71, b"RF64")])
def test_a_wav_file_is_a_plain_one_as_long_as_its_sizes_fit(data_bytes, riff):
    assert data_bytes % 2 == 0
    assert wav_header(24000, data_bytes)[:4] == riff


def test_a_file_that_standard_output_was_sent_to_has_the_right_sizes(tmp_path):
    """`seriatim speak -o - > speech.wav`, also behind what is in the file already."""
    path = tmp_path / "speech.wav"
    pcm = speech(0.5, 24000)
    with path.open("wb") as file:
        os.write(file.fileno(), b"before")
        encoded(file.fileno(), WAV, 24000, [pcm])
    assert path.read_bytes() == b"before" + wav_header(24000, len(pcm)) + pcm


def test_a_file_that_standard_output_is_appended_to_keeps_what_it_had(tmp_path):
    """`seriatim speak -o - >> speech.wav`: in append mode a correction would land behind everything."""
    path = tmp_path / "speech.wav"
    path.write_bytes(b"before")
    pcm = speech(0.5, 24000)
    with path.open("ab") as file:
        encoded(file.fileno(), WAV, 24000, [pcm])
    assert path.read_bytes() == b"before" + wav_header(24000, None, room=False) + pcm
