"""Speech into pipes (`pipe_output`): heard as it comes, understood without a file's header."""

import io
import os
import threading
import wave
from collections.abc import Iterator

import numpy as np
import pytest

from gateway.output.pipe_output import PipeOutput, is_broken_pipe
from seriatim.audio.formats import format_of
from seriatim.errors import BadInput, EmptyText, Unwritable
from tests.unit.audio.decoded_samples import cut, decoded, encoded, samples, speech

RATE_HZ = 24000


class PipeReader:
    """The program behind a pipe: reads all there is."""

    def __init__(self) -> None:
        self._read_fd, self.fd = os.pipe()
        self._received = b""
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()

    def _listen(self) -> None:
        with os.fdopen(self._read_fd, "rb") as file:
            self._received = file.read()

    def all(self) -> bytes:
        """Everything, once the writer has closed its end."""
        self._thread.join()
        return self._received


def spoken_into_a_pipe(name: str, pcm: bytes) -> bytes:
    listener = PipeReader()
    with PipeOutput(listener.fd, "the pipe", format_of("-", name), owned=True) as pipe:
        for chunk in cut(pcm, 4800):
            pipe.write(chunk, RATE_HZ)
        pipe.finish()
    return listener.all()


@pytest.fixture
def ends() -> Iterator[tuple[int, int]]:
    """The two ends of a pipe: to read from, to write to."""
    read_fd, write_fd = os.pipe()
    yield read_fd, write_fd
    os.close(read_fd)
    os.close(write_fd)


def test_a_wav_stream_is_understood_to_its_end():
    pcm = speech(2.0, RATE_HZ)
    stream = spoken_into_a_pipe("wav", pcm)
    found, rate_hz = decoded(stream)
    assert rate_hz == RATE_HZ
    assert np.array_equal(found, samples(pcm))
    with wave.open(io.BytesIO(stream)) as read:
        assert read.readframes(read.getnframes()) == pcm


def test_a_flac_stream_is_the_file_but_for_what_cannot_be_known_before_the_end(tmp_path):
    """RFC 9639, 8.2: sizes of frames, the number of samples and the checksum of all, each 0 if unknown."""
    pcm = speech(2.0, RATE_HZ)
    stream = spoken_into_a_pipe("flac", pcm)
    with (tmp_path / "speech.flac").open("w+b") as file:
        encoded(file.fileno(), format_of("-", "flac"), RATE_HZ, [pcm])
        file.seek(0)
        whole = file.read()
    assert np.array_equal(decoded(whole)[0], samples(pcm))
    assert frames_of(stream) == frames_of(whole)
    n_samples = int.from_bytes(stream[21:26]) & 0xFFFFFFFFF
    assert (n_samples, stream[26:42]) == (0, bytes(16))


def frames_of(flac: bytes) -> bytes:
    """What is behind the blocks of metadata."""
    at, last = 4, False
    while not last:
        last, at = bool(flac[at] & 0x80), at + 4 + int.from_bytes(flac[at + 1 : at + 4])
    return flac[at:]


@pytest.mark.parametrize("name", ["ogg", "opus"])
def test_an_ogg_stream_is_as_good_as_a_file(name):
    found, _ = decoded(spoken_into_a_pipe(name, speech(2.0, RATE_HZ)))
    assert len(found) == 2 * RATE_HZ


def test_an_mp3_stream_is_as_long_as_the_speech_but_for_the_encoders_padding():
    """How many samples to trim stands in the header that only a file can have."""
    found, _ = decoded(spoken_into_a_pipe("mp3", speech(2.0, RATE_HZ)))
    assert 0 <= len(found) - 2 * RATE_HZ < 5 * 576


def test_raw_pcm_is_heard_byte_for_byte():
    pcm = speech(1.0, RATE_HZ)
    assert spoken_into_a_pipe("pcm", pcm) == pcm


def test_sound_is_in_the_pipe_as_soon_as_it_is_written(ends):
    """A player behind the pipe starts with the first chunk, not with the first full buffer."""
    read_fd, write_fd = ends
    pipe = PipeOutput(write_fd, "the pipe", format_of("-"))
    pipe.write(b"\1\0", RATE_HZ)
    assert os.read(read_fd, 1000)[44:] == b"\1\0"
    pipe.write(b"\2\0\3\0", RATE_HZ)
    assert os.read(read_fd, 1000) == b"\2\0\3\0"
    pipe.abandon()


def test_a_player_that_was_closed_is_no_fault():
    """`seriatim speak … | head` is no fault of anybody's."""
    read_fd, write_fd = os.pipe()
    os.close(read_fd)
    pipe = PipeOutput(write_fd, "standard output", format_of("-"), owned=True)
    with pipe, pytest.raises(Unwritable, match=r"^cannot write standard output: its reader has gone$") as refused:
        pipe.write(b"\0\0", RATE_HZ)
    assert is_broken_pipe(refused.value)


def test_a_full_disk_is_a_fault():
    pipe = PipeOutput(os.open("/dev/full", os.O_WRONLY), "standard output", format_of("-"), owned=True)
    with pipe, pytest.raises(Unwritable, match="the disk is full") as refused:
        pipe.write(b"\0\0", RATE_HZ)
    assert not is_broken_pipe(refused.value)


def test_a_terminal_is_spared():
    ours, terminal = os.openpty()
    try:
        with pytest.raises(BadInput, match=r"^standard output is a terminal; pipe it into a player"):
            PipeOutput(terminal, "standard output", format_of("-"))
    finally:
        os.close(ours)
        os.close(terminal)


def test_a_text_without_any_sound_is_no_stream(ends):
    with PipeOutput(ends[1], "standard output", format_of("-")) as pipe:
        pipe.complete_sentence(0)
        with pytest.raises(EmptyText, match="the text produced no audio"):
            pipe.finish()


def test_the_sample_rate_cannot_change_in_the_middle(ends):
    with PipeOutput(ends[1], "standard output", format_of("-")) as pipe:
        pipe.write(b"\0\0", 24000)
        with pytest.raises(
            BadInput, match=r"^audio at 22050 Hz after audio at 24000 Hz in standard output; speak all with one engine$"
        ):
            pipe.write(b"\0\0", 22050)


def test_an_interrupted_ogg_stream_lacks_its_end():
    """The last page of an Ogg stream bears a mark (RFC 3533, 6: header type 4), from which a player can tell."""
    listener = PipeReader()
    with PipeOutput(listener.fd, "the pipe", format_of("-", "opus"), owned=True) as pipe:
        for chunk in cut(speech(5.0, RATE_HZ), 4800):
            pipe.write(chunk, RATE_HZ)
    stream = listener.all()
    whole = spoken_into_a_pipe("opus", speech(5.0, RATE_HZ))
    assert whole[whole.rindex(b"OggS") + 5] & 4
    assert not stream[stream.rindex(b"OggS") + 5] & 4


def test_sentences_are_counted_in_order(ends):
    with PipeOutput(ends[1], "standard output", format_of("-")) as pipe:
        assert pipe.ms_done == 0
        pipe.write(bytes(48), RATE_HZ)
        pipe.complete_sentence(0)
        assert (pipe.sentences_done, pipe.bytes_done, pipe.ms_done) == (1, 48, 1.0)
        with pytest.raises(ValueError, match="sentence 2 is complete, but 1 is the next one"):
            pipe.complete_sentence(2)
