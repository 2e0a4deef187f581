"""Encoded files of a recording, made once and put into the store, where every gateway finds them.

PCM is the recording itself. Other formats are encoded at the first request: a book takes minutes, in threads with a
lower priority than those of live listeners.
"""

import asyncio
import contextlib
import os
import secrets
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from gateway.http.encoding.stream_formats import STREAMABLE, UNCOMPRESSED, audio_format
from gateway.http.recordings.recording import FinishedRecording, read_samples
from seriatim.audio.encoder import open_encoder
from seriatim.audio.output_file import FileDescriptorOutput, translate_write_errors
from seriatim.audio.pcm import BYTES_PER_SAMPLE
from seriatim.audio.title_tags import riff_info
from seriatim.audio.uncompressed_encoders import wav_header

SHORT_S = 60.0  #: up to this duration the client waits for the encoded file: about half a second
WHOLE_RANGES = ("", "bytes=0-")  #: Range headers of browsers that request all of it
NICE = 10  #: niceness of the threads: nice(1)


async def encoded_file(recording: FinishedRecording, name: str, range_header: str, title: str) -> Path | None:
    """The file of a recording in a format, with its title in its tags; encodes it if it does not exist.

    None: it is long and requested as a whole, so it should be streamed while it is encoded.

    Raises:
        Unwritable: the disk is full, or not writable.
    """
    path = recording.folder / f"audio.{name}" if name != "pcm" else recording.audio
    if path.exists():
        return path
    encoding = _running.get(path)
    if encoding is None:  # one encoding for all concurrent requests
        encoding = asyncio.get_running_loop().run_in_executor(_threads, _encode_file, recording, name, path, title)
        _running[path] = encoding
        encoding.add_done_callback(lambda done: _remove_encoding(path, done))
    if (
        name in STREAMABLE
        and range_header in WHOLE_RANGES
        and recording.n_bytes / BYTES_PER_SAMPLE / recording.rate_hz > SHORT_S
    ):
        return None
    return await asyncio.shield(encoding)  # other requests may wait for it


def _remove_encoding(path: Path, encoding: "asyncio.Future[Path]") -> None:
    del _running[path]
    if not encoding.cancelled():
        encoding.exception()  # marks the error as retrieved; the next request tries again


def _lower_priority() -> None:
    with contextlib.suppress(OSError, AttributeError):  # systems where threads have no priority of their own
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)


_running: dict[Path, "asyncio.Future[Path]"] = {}  #: path -> the encoding that runs in this process
_threads = ThreadPoolExecutor(max(1, (os.cpu_count() or 1) // 2), "file", _lower_priority)


def _encode_file(recording: FinishedRecording, name: str, path: Path, title: str) -> Path:
    """Encode a recording into `path`, which only a complete file gets; concurrent encodings do no harm.

    Raises:
        Unwritable: the disk is full, or not writable.
    """
    with translate_write_errors(f"job {path.parent.name} as {name}"):
        _write_file(recording, name, path, title)
    return path


def _write_file(recording: FinishedRecording, name: str, path: Path, title: str) -> None:
    part = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
    try:
        with part.open("wb") as file:
            if name in UNCOMPRESSED:
                _write_wav(recording, file.write, title)
            else:
                _write_encoded(recording, name, FileDescriptorOutput(file.fileno(), name, str(path.parent)), title)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _write_wav(recording: FinishedRecording, write: Callable[[bytes], int], title: str) -> None:
    tail = riff_info(title)  # after the samples: some programs expect them at byte 44
    room = recording.n_bytes >= 2**32 - 4096
    write(wav_header(recording.rate_hz, recording.n_bytes, room=room, tail_bytes=len(tail)))
    for pcm in read_samples(recording):
        write(pcm)
    write(tail)


def _write_encoded(recording: FinishedRecording, name: str, output: FileDescriptorOutput, title: str) -> None:
    """Encode into a file whose header can be patched: libsndfile needs the length in FLAC's header."""
    encoder = open_encoder(output, audio_format(name), recording.rate_hz, title=title)
    try:
        for pcm in read_samples(recording):
            encoder.write(pcm)
    except BaseException:
        encoder.discard()
        raise
    encoder.close()
