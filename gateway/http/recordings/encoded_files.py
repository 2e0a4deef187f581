"""Files of a recording in a format, made once, into the store, where every gateway finds them.

WAV and PCM are the recording itself. The others are encoded when they are first asked for: a book takes minutes, in
threads of their own behind those of people who listen now.
"""

import asyncio
import contextlib
import os
import secrets
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from gateway.http.encoding.stream_formats import PLAIN, WHOLE, audio_format
from gateway.http.recordings.recording import FinishedRecording, samples
from seriatim.audio.encoder import open_encoder
from seriatim.audio.output_file import FileDescriptorOutput, translate_write_errors
from seriatim.audio.pcm import BYTES_PER_SAMPLE
from seriatim.audio.title_tags import riff_info
from seriatim.audio.uncompressed_encoders import wav_header

SHORT_S = 60.0  #: a recording that is encoded while its client waits: half a second
FROM_START = ("", "bytes=0-")  #: browsers ask so for all of it
NICE = 10  #: priority of the threads, as nice(1) has it


async def file_of(found: FinishedRecording, name: str, wanted_range: str, title: str) -> Path | None:
    """The recording in a format, with its title in its tags.

    None: who wants all of it should not wait until a long one is encoded.

    Raises:
        Unwritable: the disk is full, or not writable.
    """
    path = found.folder / f"audio.{name}" if name != "pcm" else found.audio
    if path.exists():
        return path
    encoding = _running.get(path)
    if encoding is None:  # however many ask for it, it is made once
        encoding = asyncio.get_running_loop().run_in_executor(_threads, _encode, found, name, path, title)
        _running[path] = encoding
        encoding.add_done_callback(lambda done: _ended(path, done))
    if name != WHOLE and wanted_range in FROM_START and found.n_bytes / BYTES_PER_SAMPLE / found.rate_hz > SHORT_S:
        return None
    return await asyncio.shield(encoding)  # others may wait for it, too


def _ended(path: Path, encoding: "asyncio.Future[Path]") -> None:
    del _running[path]
    if not encoding.cancelled():
        encoding.exception()  # or the loop would complain that nobody looked; whoever asks again tries again


def _behind_listeners() -> None:
    with contextlib.suppress(OSError, AttributeError):  # where a thread has no priority of its own
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)


_running: dict[Path, "asyncio.Future[Path]"] = {}  #: those that this process is making
_threads = ThreadPoolExecutor(max(1, (os.cpu_count() or 1) // 2), "file", _behind_listeners)


def _encode(found: FinishedRecording, name: str, path: Path, title: str) -> Path:
    """Write a recording in another format; only a whole file gets the name. Two who do it at once do no harm.

    Raises:
        Unwritable: the disk is full, or not writable.
    """
    with translate_write_errors(f"job {path.parent.name} as {name}"):
        _write(found, name, path, title)
    return path


def _write(found: FinishedRecording, name: str, path: Path, title: str) -> None:
    part = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
    try:
        with part.open("wb") as file:
            if name in PLAIN:
                _write_wav(found, file.write, title)
            else:
                _write_encoded(found, name, FileDescriptorOutput(file.fileno(), name, str(path.parent)), title)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _write_wav(found: FinishedRecording, write: Callable[[bytes], int], title: str) -> None:
    tail = riff_info(title)  # behind the samples: some programs take it for granted that they begin at byte 44
    room = found.n_bytes >= 2**32 - 4096
    write(wav_header(found.rate_hz, found.n_bytes, room=room, tail_bytes=len(tail)))
    for pcm in samples(found):
        write(pcm)
    write(tail)


def _write_encoded(found: FinishedRecording, name: str, sink: FileDescriptorOutput, title: str) -> None:
    """Into a file whose header can be corrected: that of FLAC has the length, without which libsndfile reads none."""
    encoder = open_encoder(sink, audio_format(name), found.rate_hz, title=title)
    try:
        for pcm in samples(found):
            encoder.write(pcm)
    except BaseException:
        encoder.discard()
        raise
    encoder.close()
