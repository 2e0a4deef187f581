"""The first frame of an MP3 file (`mp3info`) states its length, as players read it."""

import io
import subprocess
import tempfile
from pathlib import Path

import av
import pytest

from seriatim.audio.formats import format_of
from seriatim.audio.mp3_info_frame import crc16
from tests.support.command_line import installed
from tests.support.thorough_cases import mostly_thorough
from tests.unit.audio.decoded_samples import decoded, encoded, speech

RATES_HZ = [16_000, 22_050, 24_000, 32_000, 44_100, 48_000]


def file_of(rate_hz: int, n_seconds: float) -> tuple[bytes, int]:
    pcm = speech(n_seconds, rate_hz)
    with tempfile.TemporaryFile() as file:
        encoded(file.fileno(), format_of("x.mp3"), rate_hz, [pcm])
        file.seek(0)
        return file.read(), len(pcm) // 2


@pytest.mark.parametrize("rate_hz", mostly_thorough(RATES_HZ, 3))
@pytest.mark.parametrize("n_seconds", [0.01, 1.7, 60.0])
def test_no_sample_is_added_or_lost(rate_hz: int, n_seconds: float) -> None:
    data, n_samples = file_of(rate_hz, n_seconds)
    assert len(decoded(data)[0]) == n_samples, "by mpg123, in libsndfile"
    with av.open(io.BytesIO(data), "r") as file:
        assert sum(frame.samples for frame in file.decode(audio=0)) == n_samples, "by FFmpeg"


@pytest.mark.parametrize("rate_hz", mostly_thorough(RATES_HZ, 3))
def test_players_know_the_length_before_they_have_read_it_all(rate_hz: int) -> None:
    data, n_samples = file_of(rate_hz, 60.0)
    with av.open(io.BytesIO(data), "r") as file:
        assert file.duration is not None
        assert file.duration / 1e6 == pytest.approx(n_samples / rate_hz, abs=0.1)


def test_ffprobe_complains_of_nothing(tmp_path: Path) -> None:
    program = installed("ffprobe", package="ffmpeg")
    path = tmp_path / "a.mp3"
    path.write_bytes(file_of(24_000, 3.0)[0])
    done = subprocess.run([program, "-v", "warning", str(path)], capture_output=True, text=True, check=True)
    assert done.stderr == ""


def test_the_checksum_is_that_of_the_catalogue() -> None:
    """CRC-16/ARC of "123456789"."""
    assert crc16(b"123456789") == 0xBB3D
