"""FLAC files (`flacfile`) know their length, their checksum, and where each part of them is."""

import io
import struct
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import pytest
import soundfile

from seriatim.audio.encoder import open_encoder
from seriatim.audio.flac_header import FlacFrames, FlacHeader
from seriatim.audio.formats import format_of
from seriatim.audio.output_file import FileDescriptorOutput
from tests.support.command_line import installed
from tests.unit.audio.decoded_samples import cut, decoded, samples, speech

RATE_HZ = 24_000


def file_of(n_seconds: float, title: str = "") -> tuple[bytes, bytes]:
    """A file, and the samples in it."""
    pcm = speech(n_seconds, RATE_HZ)
    with tempfile.TemporaryFile() as file:
        encoder = open_encoder(
            FileDescriptorOutput(file.fileno(), "the file"), format_of("x.flac"), RATE_HZ, title=title
        )
        for chunk in cut(pcm, 4410):
            encoder.write(chunk)
        encoder.close()
        file.seek(0)
        return file.read(), pcm


def blocks(flac: bytes) -> dict[int, bytes]:
    """The blocks of metadata by their type, and the frames under -1."""
    found, at, last = {}, 4, False
    while not last:
        kind, size = flac[at] & 0x7F, int.from_bytes(flac[at + 1 : at + 4])
        last, found[kind], at = bool(flac[at] & 0x80), flac[at + 4 : at + 4 + size], at + 4 + size
    return found | {-1: flac[at:]}


def points(flac: bytes) -> list[tuple[int, int, int]]:
    """The places in its table: first sample, offset, samples."""
    return [point for point in struct.iter_unpack(">QQH", blocks(flac)[3]) if point[0] != 2**64 - 1]


@pytest.mark.parametrize("n_seconds", [0.05, 3.0, 60.0])
def test_each_place_in_the_table_is_the_beginning_of_a_frame(n_seconds: float) -> None:
    flac, pcm = file_of(n_seconds)
    frames = blocks(flac)[-1]
    for first, offset, n_samples in points(flac):
        assert frames[offset : offset + 2] == b"\xff\xf8"
        assert 0 < n_samples <= len(pcm) // 2 - first
    assert len({first for first, _, _ in points(flac)}) == len(points(flac)) > 0


def test_a_book_has_places_all_along() -> None:
    """Of 10,000 frames; every other place is dropped whenever there are too many."""
    frames = FlacFrames()
    for _ in range(10_000):
        frames.add(1000, 2304)
    found = [first for first, _, _ in map(struct.Struct(">QQH").unpack, frames.points)]
    assert 50 < len(found) <= 100
    assert set(np.diff(found)) == {128 * 2304}
    header = FlacHeader(RATE_HZ, 2304, seekable=True)
    assert len(header.to_bytes(frames, bytes(16))) == len(header.to_bytes(FlacFrames(), bytes(16))), (
        "it takes its place"
    )


def test_a_player_seeks_to_the_sample() -> None:
    flac, pcm = file_of(20.0)
    with soundfile.SoundFile(io.BytesIO(flac)) as file:
        assert file.frames == len(pcm) // 2
        for at in (0, 123_456, 400_000, 1, len(pcm) // 2 - 10):
            file.seek(at)
            assert np.array_equal(file.read(10, dtype="float32"), samples(pcm)[at : at + 10])


def test_ffmpeg_finds_the_checksum_right_and_the_title(tmp_path: Path) -> None:
    path = tmp_path / "a.flac"
    flac, pcm = file_of(2.0, "Höhle & Harbour")
    path.write_bytes(flac)
    assert decoded(flac)[0].tobytes() == samples(pcm).tobytes()
    probed = subprocess.run(
        [installed("ffprobe", package="ffmpeg"), "-v", "warning", "-show_entries", "format=duration:format_tags", path],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "TAG:TITLE=Höhle & Harbour" in probed.stdout or "TAG:title=Höhle & Harbour" in probed.stdout
    assert "duration=2.000000" in probed.stdout
    assert probed.stderr == ""
    sound = subprocess.run(
        [installed("ffmpeg", package="ffmpeg"), "-v", "error", "-i", path, "-f", "md5", "-c:a", "pcm_s16le", "-"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert sound.stdout.strip() == f"MD5={blocks(flac)[0][18:].hex()}"
