"""Encoded files hold what was spoken: all of it, at the right speed, not clipped."""

import itertools
import os
import signal
import tempfile
import tracemalloc
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seriatim.audio.encoder import open_encoder
from seriatim.audio.formats import FORMATS, format_of
from seriatim.audio.output_file import FileDescriptorOutput
from seriatim.errors import Unwritable
from tests.http.decoded_audio import decoded as decoded_by_ffmpeg
from tests.unit.audio.decoded_samples import cut, decoded, duration, encoded, samples, speech

LOSSLESS = ["wav", "flac"]
LOSSY = ["ogg", "opus", "mp3"]
RATES_HZ = [16000, 22050, 24000]


def file_of(name: str, rate_hz: int, chunks: list[bytes]) -> bytes:
    with tempfile.TemporaryFile() as file:
        encoded(file.fileno(), format_of("-", name), rate_hz, chunks)
        file.seek(0)
        return file.read()


def likeness(actual: np.ndarray, expected: np.ndarray) -> float:
    """The correlation of two sounds, 1 if they are the same but for their volume."""
    n = min(len(actual), len(expected))
    return float(np.corrcoef(actual[:n], expected[:n])[0, 1])


@pytest.mark.parametrize("rate_hz", RATES_HZ)
@pytest.mark.parametrize("name", LOSSLESS)
def test_lossless_formats_give_back_every_sample(name, rate_hz):
    pcm = speech(2.3, rate_hz)
    found, file_rate_hz = decoded(file_of(name, rate_hz, cut(pcm, 4410)))
    assert file_rate_hz == rate_hz
    assert np.array_equal(found, samples(pcm))


@pytest.mark.parametrize("rate_hz", RATES_HZ)
@pytest.mark.parametrize("name", LOSSY)
def test_lossy_formats_give_back_the_same_sound_for_the_same_time(name, rate_hz):
    pcm = speech(3.0, rate_hz)
    found, file_rate_hz = decoded(file_of(name, rate_hz, cut(pcm, 4410)))
    assert file_rate_hz == format_of("-", name).rate_for(rate_hz)
    assert len(found) == round(len(pcm) / 2 * file_rate_hz / rate_hz)
    expected = samples(pcm)
    if file_rate_hz != rate_hz:  # compare at the times of the samples that were spoken
        spoken_at, heard_at = np.arange(len(expected)) / rate_hz, np.arange(len(found)) / file_rate_hz
        found = np.interp(spoken_at, heard_at, found)
    assert likeness(found, expected) > 0.97
    assert 0.6 < np.abs(found).max() < 0.9, "neither clipped nor faded: 0.7 was spoken"


def test_raw_pcm_is_the_sound_and_nothing_else():
    pcm = speech(1.0, 22050)
    assert file_of("pcm", 22050, cut(pcm, 1000)) == pcm


@pytest.mark.parametrize("rate_hz", [*RATES_HZ, 48000])
def test_aac_is_a_stream_whose_padding_is_heard(rate_hz):
    """No header says what to trim: 1,024 samples before the sound, and what fills the last frame of as many."""
    pcm = speech(3.0, rate_hz)
    found, file_rate_hz = decoded_by_ffmpeg(file_of("aac", rate_hz, cut(pcm, 4410)))
    assert file_rate_hz == rate_hz
    assert 1024 <= len(found) - len(pcm) // 2 <= 3 * 1024
    assert likeness(found[1024:], samples(pcm)) > 0.97


@pytest.mark.parametrize("rate_hz", [*RATES_HZ, 48000])
def test_an_m4a_file_says_what_to_trim(rate_hz):
    pcm = speech(3.0, rate_hz)
    data = file_of("m4a", rate_hz, cut(pcm, 4410))
    found, file_rate_hz = decoded_by_ffmpeg(data)
    assert file_rate_hz == rate_hz
    assert 0 <= len(found) - len(pcm) // 2 < 1024, "FFmpeg plays the last frame whole"
    assert likeness(found, samples(pcm)) > 0.97
    assert duration(data) == pytest.approx(3.0, abs=0.001)
    assert data.index(b"moov") < data.index(b"mdat"), "a player begins before it has all"


def test_nothing_is_left_of_an_m4a_that_was_given_up(tmp_path):
    """It grows beside its output: the folder for temporary files is often in memory."""
    with (tmp_path / "out").open("wb") as file:
        encoder = open_encoder(
            FileDescriptorOutput(file.fileno(), "the output", str(tmp_path)), format_of("x.m4a"), 24000
        )
        encoder.write(speech(1.0, 24000))
        assert len(list(tmp_path.iterdir())) == 2
        encoder.discard()
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


@pytest.mark.parametrize("name", [*LOSSLESS, *LOSSY])
def test_the_shortest_sound_is_a_whole_file(name):
    found, _ = decoded(file_of(name, 24000, [b"\1\0"]))
    assert len(found) == 1


@pytest.mark.parametrize("name", [audio_format.name for audio_format in FORMATS])
@settings(max_examples=8, deadline=None)
@given(cuts=st.lists(st.integers(0, 24000), max_size=8))
def test_how_the_sound_was_cut_into_chunks_cannot_be_heard(name, cuts):
    pcm = speech(0.9, 24000)
    edges = [0, *sorted(2 * at for at in cuts), len(pcm)]
    chunks = [pcm[start:end] for start, end in itertools.pairwise(edges)]
    whole, in_pieces = file_of(name, 24000, [pcm]), file_of(name, 24000, chunks)
    assert whole == in_pieces


def test_resampling_keeps_the_pitch_and_adds_nothing_to_it():
    """A tone of 1 kHz at 22,050 Hz has one line in its spectrum, and so it has in an Opus file at 24,000 Hz."""
    tone = (0.5 * 32767 * np.sin(2 * np.pi * 1000 * np.arange(44100) / 22050)).astype("<i2").tobytes()
    found, rate_hz = decoded(file_of("opus", 22050, cut(tone, 3000)))
    assert rate_hz == 24000
    middle = found[12000:36000] * np.hanning(24000)
    spectrum = np.abs(np.fft.rfft(middle)) ** 2
    assert np.argmax(spectrum) == 1000, "one bin is 1 Hz"
    beside = spectrum.sum() - spectrum[980:1021].sum()
    assert 10 * np.log10(beside / spectrum.sum()) < -40


@pytest.mark.parametrize("name", ["flac", "opus", "m4a", "mp3"])
def test_memory_does_not_grow_with_the_length_of_the_speech(name):
    with tempfile.TemporaryFile() as file:
        encoder = open_encoder(FileDescriptorOutput(file.fileno(), "the output"), format_of("-", name), 22050)
        quarter = speech(0.25, 22050)
        peaks_bytes = []
        tracemalloc.start()
        for _ in range(3):  # the interpreter may enlarge a table of its own in one of them
            tracemalloc.reset_peak()
            before_bytes, _ = tracemalloc.get_traced_memory()
            for _ in range(48):
                encoder.write(quarter)
            peaks_bytes.append(tracemalloc.get_traced_memory()[1] - before_bytes)
        tracemalloc.stop()
        encoder.close()
    assert min(peaks_bytes) < 300_000, "12 s of sound are 0.5 MB"


@pytest.mark.parametrize("name", [audio_format.name for audio_format in FORMATS])
def test_a_full_disk_is_one_clear_line(name):
    fd = os.open("/dev/full", os.O_WRONLY)
    try:
        with pytest.raises(Unwritable, match=r"^cannot write the output: the disk is full$"):
            encoded(fd, format_of("-", name), 24000, [speech(1.0, 24000)])
    finally:
        os.close(fd)


class Interrupted(BaseException):
    """What a signal handler raises in this test."""


@pytest.fixture
def interrupt_after() -> Iterator[Callable[[float], None]]:
    """Raise Interrupted once in the main thread after so many seconds of the process's own work."""

    def interrupt(_signal: int, _frame: object) -> None:
        raise Interrupted

    before = signal.signal(signal.SIGVTALRM, interrupt)  # SIGALRM is the test runner's own
    yield lambda seconds: (signal.setitimer(signal.ITIMER_VIRTUAL, seconds), None)[1]
    signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    signal.signal(signal.SIGVTALRM, before)


@pytest.mark.parametrize("name", ["flac", "ogg", "opus", "aac", "m4a", "mp3"])
def test_an_interrupt_is_never_lost_inside_an_encoder(name, interrupt_after, capfd):
    """What is raised in a callback from C is printed and swallowed, so Ctrl-C would sometimes do nothing."""
    chunks = cut(speech(1.0, 24000), 4800)
    for turn in range(20):
        with tempfile.TemporaryFile() as file:
            encoder = open_encoder(FileDescriptorOutput(file.fileno(), "the output"), format_of("-", name), 24000)
            with pytest.raises(Interrupted):  # noqa: PT012 (wherever in there it comes)
                interrupt_after(0.001 + turn * 0.00006)
                for chunk in itertools.cycle(chunks):  # until it comes
                    encoder.write(chunk)
            encoder.discard()
    assert capfd.readouterr().err == ""
