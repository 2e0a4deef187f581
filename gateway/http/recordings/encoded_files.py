"""Encoded files of a recording, made once and put into the store, where every gateway finds them.

PCM is the recording itself. Other formats are encoded at the first request: a book takes minutes, in threads with a
lower priority than those of live listeners.
"""

import asyncio
import os
import secrets
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from gateway.http.encoding.stream_formats import STREAMABLE, UNCOMPRESSED, audio_format
from gateway.http.encoding.thread_priority import lower_priority
from gateway.http.recordings.recording import FinishedRecording
from gateway.http.recordings.stored_file import StoredFile
from seriatim.audio.encoder import open_encoder
from seriatim.audio.output_file import FileDescriptorOutput, translate_write_errors
from seriatim.audio.pcm import BYTES_PER_SAMPLE
from seriatim.audio.title_tags import riff_info
from seriatim.audio.uncompressed_encoders import wav_header
from seriatim.recording_store import RecordingStore
from seriatim.recordings.bucket_store import BucketStore

SHORT_S = 60.0  #: up to this duration the client waits for the encoded file: about half a second
WHOLE_RANGES = ("", "bytes=0-")  #: Range headers of browsers that request all of it

EncodingKey = tuple[RecordingStore, str, str]  #: store, job, name of the format


async def encoded_file(recording: FinishedRecording, name: str, range_header: str, title: str) -> StoredFile | None:
    """The file of a recording in a format, with its title in its tags; encodes it if it does not exist.

    None: it is long and requested as a whole, so it should be streamed while it is encoded.

    Raises:
        Unwritable: the disk is full, or not writable.
        StoreUnavailable, Misconfigured: the bucket cannot be used.
    """
    if name == "pcm":
        return await asyncio.to_thread(recording.samples)
    found = await _find_file(recording.store, recording.job, f"audio.{name}")
    if found is not None:
        return found
    key = (recording.store, recording.job, name)
    encoding = _running.get(key)
    if encoding is None:  # one encoding for all concurrent requests
        encoding = asyncio.get_running_loop().run_in_executor(_threads, _encode_file, recording, name, title)
        _running[key] = encoding
        encoding.add_done_callback(lambda done: _remove_encoding(key, done))
    if (
        name in STREAMABLE
        and range_header in WHOLE_RANGES
        and recording.n_bytes / BYTES_PER_SAMPLE / recording.rate_hz > SHORT_S
    ):
        return None
    return await asyncio.shield(encoding)  # other requests may wait for it


async def _find_file(store: RecordingStore, job: str, name: str) -> StoredFile | None:
    if isinstance(store, BucketStore):
        return await asyncio.to_thread(store.find_file, job, name)
    return store.find_file(job, name)  # at once: no other request may finish the file between this look and the next


def _remove_encoding(key: EncodingKey, encoding: "asyncio.Future[StoredFile | None]") -> None:
    del _running[key]
    if not encoding.cancelled():
        encoding.exception()  # marks the error as retrieved; the next request tries again


_running: dict[EncodingKey, "asyncio.Future[StoredFile | None]"] = {}  #: the encodings that run in this process
_threads = ThreadPoolExecutor(max(1, (os.cpu_count() or 1) // 2), "file", lower_priority)


def _encode_file(recording: FinishedRecording, name: str, title: str) -> StoredFile | None:
    """Encode a recording into a side file, which is there once it is complete; concurrent encodings do no harm.

    Raises:
        Unwritable: the disk is full, or not writable.
        StoreUnavailable, Misconfigured: the bucket cannot be used.
    """
    store, job, file_name = recording.store, recording.job, f"audio.{name}"
    with translate_write_errors(f"job {job} as {name}"):
        if isinstance(store, BucketStore):
            with tempfile.TemporaryDirectory(prefix="seriatim-") as folder:
                path = Path(folder) / file_name
                _write_file(recording, name, path, title)
                store.client.upload(path, store.key(job, file_name))
        else:
            _write_file(recording, name, store.job_folder(job) / file_name, title)
    return store.find_file(job, file_name)


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
    for pcm in recording.read_samples():
        write(pcm)
    write(tail)


def _write_encoded(recording: FinishedRecording, name: str, output: FileDescriptorOutput, title: str) -> None:
    """Encode into a file whose header can be patched: libsndfile needs the length in FLAC's header."""
    encoder = open_encoder(output, audio_format(name), recording.rate_hz, title=title)
    try:
        for pcm in recording.read_samples():
            encoder.write(pcm)
    except BaseException:
        encoder.discard()
        raise
    encoder.close()
