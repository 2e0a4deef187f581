"""Lengths of streams whose header cannot know them, reader by reader (docs/reference/http.md)."""

import io
import subprocess
import wave

import numpy as np
import pytest
import soundfile

from gateway.http.encoding.stream_formats import EncodedBuffer
from seriatim.audio.encoder import open_encoder
from seriatim.audio.formats import format_named
from tests.http.decoded_audio import decoded as decoded_by_ffmpeg
from tests.support.command_line import installed
from tests.unit.audio.decoded_samples import samples, speech

RATE_HZ = 24_000
PCM = speech(2.0, RATE_HZ)
N_SAMPLES = len(PCM) // 2


def streamed(name: str) -> bytes:
    tray = EncodedBuffer()
    encoder = open_encoder(tray, format_named(name), RATE_HZ)
    encoder.write(PCM)
    encoder.close()
    return tray.take()


def with_length_field(n_samples: int) -> bytes:
    """A FLAC stream whose header gives another number of samples (36 bits)."""
    stream = bytearray(streamed("flac"))
    known = int.from_bytes(stream[18:26]) >> 36 << 36
    stream[18:26] = (known | n_samples).to_bytes(8)
    return bytes(stream)


class TestWav:
    """0xFFFFFFFF, "until the bytes end": every reader here takes all of it."""

    def test_libsndfile(self) -> None:
        found, rate_hz = soundfile.read(io.BytesIO(streamed("wav")), dtype="float32")
        assert (rate_hz, found.tobytes()) == (RATE_HZ, samples(PCM).tobytes())

    def test_wave(self) -> None:
        """It believes 24 hours, and reads what is there."""
        with wave.open(io.BytesIO(streamed("wav"))) as file:
            assert file.readframes(file.getnframes()) == PCM

    @pytest.mark.parametrize("from_file", [True, False])
    def test_ffmpeg(self, tmp_path, from_file: bool) -> None:
        path = tmp_path / "a.wav"
        path.write_bytes(streamed("wav"))
        source = str(path) if from_file else "-"
        command = [installed("ffmpeg", package="ffmpeg"), "-v", "warning", "-i", source, "-f", "s16le", "-"]
        done = subprocess.run(command, input=path.read_bytes(), capture_output=True, check=True)
        assert done.stdout == PCM

    def test_a_length_of_nothing_would_be_believed(self) -> None:
        stream = bytearray(streamed("wav"))
        stream[4:8] = stream[40:44] = bytes(4)
        assert len(soundfile.read(io.BytesIO(bytes(stream)))[0]) == 0


class TestFlac:
    """0, "unknown": FFmpeg reads it, libsndfile does not, and no other number is any better."""

    def test_ffmpeg(self) -> None:
        found, rate_hz = decoded_by_ffmpeg(streamed("flac"))
        assert (rate_hz, len(found)) == (RATE_HZ, N_SAMPLES)
        assert np.array_equal(found, samples(PCM))

    def test_libsndfile_reads_no_stream_without_a_length(self) -> None:
        """When this fails, libsndfile has learnt it: say so in docs/reference/http.md."""
        with pytest.raises((ValueError, MemoryError)):
            soundfile.read(io.BytesIO(streamed("flac")))

    def test_nor_one_with_a_length_that_is_too_large(self) -> None:
        """So an estimate, with some to spare, would be of no use; and a player would show it."""
        with pytest.raises(soundfile.LibsndfileError):
            soundfile.read(io.BytesIO(with_length_field(2 * N_SAMPLES)))

    def test_and_of_one_that_is_too_small_the_rest_is_lost(self) -> None:
        assert len(soundfile.read(io.BytesIO(with_length_field(N_SAMPLES // 2)))[0]) == N_SAMPLES // 2

    def test_only_the_truth_is_read(self) -> None:
        assert len(soundfile.read(io.BytesIO(with_length_field(N_SAMPLES)))[0]) == N_SAMPLES
