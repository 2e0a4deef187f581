"""GET /v1/jobs/{id}/audio: the sound of a job in any format, while it is spoken or afterwards, any part of it.

While it is spoken it is a stream, which a position (`after`, or Last-Event-ID) resumes. When it is done and recorded
it is a file with a length, of which ranges can be asked for. WAV and PCM are the recording itself; the others are
encoded once, into the store, where every gateway finds them: two encodings of one text may differ in some bytes, and
parts of both are no file.
"""

import asyncio
import os
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import FileResponse, Response

from gateway.http.access import AtDoor, FromCaller
from gateway.http.events import After, LastId, position_of
from gateway.http.formats import PLAIN, Tray, encoder_of, media_type, threads
from gateway.http.jobs import JobId
from gateway.http.playing import Playing, Wish
from gateway.http.recording import Recorded, recorded, samples
from gateway.http.shapes import LOOKUPS, SOUND
from gateway.http.wanted import FormatName
from seriatim.pcm import BYTES_PER_SAMPLE
from tasks.encode.plain import wav_header
from tasks.encode.sink import writing

router = APIRouter(tags=["jobs"])

SHORT_S = 60.0  #: a recording that is encoded while its client waits: half a second
FROM_START = ("", "bytes=0-")  #: browsers ask so for all of it


@router.get("/v1/jobs/{job_id}/audio", response_class=Response, responses=SOUND | {206: SOUND[200]} | LOOKUPS)
async def audio(
    job_id: JobId, request: Request, door: AtDoor, caller: FromCaller,
    format: Annotated[FormatName, Query()] = "mp3",  # noqa: A002  # its name for clients
    sse: Annotated[bool, Query(description="as server-sent events with positions, in base64")] = False,
    after: After = "", last_event_id: LastId = "",
) -> Response:  # fmt: skip
    """The sound of a job. Of a job that drains to its listener, this is the listener."""
    asked_s = time.monotonic()
    job = await door.own(job_id, caller)
    position = position_of(after or last_event_id)
    found = None if sse or after or last_event_id else await asyncio.to_thread(recorded, job)
    path = await _file(found, format, request.headers.get("range", "")) if found else None
    if found is None or path is None:
        return Playing(door, job, Wish(format, sse, position, asked_s=asked_s))
    headers = {"seriatim-job": job.id, "cache-control": "private, max-age=3600", "etag": f'"{job.id}.{format}"'}
    return FileResponse(path, media_type=media_type(format, found.rate_hz), headers=headers)


async def _file(found: Recorded, name: str, wanted_range: str) -> Path | None:
    """The recording in a format. None: who wants all of it should not wait until a long one is encoded."""
    path = found.folder / f"audio.{name}" if name != "pcm" else found.audio
    if path.exists():
        return path
    encoding = asyncio.get_running_loop().run_in_executor(threads, _encode, found, name, path)
    if wanted_range in FROM_START and found.n_bytes / BYTES_PER_SAMPLE / found.rate_hz > SHORT_S:
        _background.add(encoding)  # or else nobody holds it, and it may be collected
        encoding.add_done_callback(_background.discard)
        return None
    return await encoding


_background: set["asyncio.Future[Path]"] = set()


def _encode(found: Recorded, name: str, path: Path) -> Path:
    """Write a recording in another format; only a whole file gets the name. Two who do it at once do no harm.

    Raises:
        Unwritable: the disk is full, or not writable.
    """
    with writing(f"job {path.parent.name} as {name}"):
        _write(found, name, path)
    return path


def _write(found: Recorded, name: str, path: Path) -> None:
    part = path.with_name(f"{path.name}.{secrets.token_hex(4)}.part")
    try:
        with part.open("wb") as file:
            write = file.write
            if name in PLAIN:
                _write_wav(found, write)
            else:
                _write_encoded(found, name, write)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _write_wav(found: Recorded, write: Callable[[bytes], int]) -> None:
    write(wav_header(found.rate_hz, found.n_bytes, room=found.n_bytes >= 2**32 - 1024))
    for pcm in samples(found):
        write(pcm)


def _write_encoded(found: Recorded, name: str, write: Callable[[bytes], int]) -> None:
    tray = Tray()
    encoder = encoder_of(tray, name, found.rate_hz)
    try:
        for pcm in samples(found):
            encoder.write(pcm)
            write(tray.take())
    except BaseException:
        encoder.discard()
        raise
    encoder.close()
    write(tray.take())
