"""The official voices of the Piper project: their index at a base URL, and downloads of one voice from there.

A voice is taken from the index `voices.json`, which has the size and the MD5 of each of its files: that detects damage,
not forgery, which is what HTTPS is for. A file that is not complete and compared has another name, `.NAME.part`, so it
is never taken for a voice; an interrupted download goes on where it stopped. A file that is there, complete, is not
fetched again, and one that differs is not overwritten.
"""

import contextlib
import fcntl
import hashlib
import http.client
import json
import os
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from seriatim.errors import BadInput, EngineUnavailable, UnknownVoice, Unwritable
from seriatim.nearest_names import unknown_word

INDEX = "voices.json"
CARD = "MODEL_CARD"
MOST_INDEX_BYTES = 1 << 24  #: the official one has 0.2 MB
TIMEOUT_S = 30  #: without a byte
READ_AT_ONCE = 1 << 16  #: bytes
ADVICE = "try again later, or place its files by hand; `seriatim models` says where"

Report = Callable[[str, int, int], None]  #: file name, bytes that are there, its size


@dataclass(frozen=True, slots=True)
class VoiceFile:
    """A file of a voice, as the index has it."""

    url_path: str  #: below the base URL
    name: str  #: in the folder of voices
    size: int  #: bytes
    md5: str


def fetch_index(base_url: str) -> dict[str, Any]:
    """The index at the base URL: voices by their names.

    Raises:
        EngineUnavailable: it cannot be had, or is no index.
    """
    with _open(f"{base_url}/{INDEX}") as answer:
        text = answer.read(MOST_INDEX_BYTES)
    try:
        index = json.loads(text)
    except ValueError as error:
        raise EngineUnavailable(f"{base_url}/{INDEX} is not an index of voices: {error}") from error
    if not isinstance(index, dict):
        raise EngineUnavailable(f"{base_url}/{INDEX} is not an index of voices: expected an object")
    return index


def files_of(index: dict[str, Any], name: str) -> list[VoiceFile]:
    """The files of a voice: what the engine reads, and the model card with its licence.

    Raises:
        UnknownVoice: with the nearest names.
        EngineUnavailable: the index lacks a file, or says something strange of it.
    """
    if name not in index:
        raise UnknownVoice(unknown_word("voice of Piper", name, index))
    try:
        listed = {PurePosixPath(path).name: (path, entry) for path, entry in index[name]["files"].items()}
        names = {CARD: f"{name}.{CARD}"} if CARD in listed else {}
        names |= {file: file for file in (f"{name}.onnx.json", f"{name}.onnx")}
        return [_voice_file(*listed[file], own_name) for file, own_name in names.items()]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise EngineUnavailable(f"the index of voices lacks what it should say of {name}: {error!r}") from error


def download_voice(base_url: str, name: str, folder: Path, report: Report) -> list[Path]:
    """Download a voice into a folder; returns its files, NAME.onnx last. What is there is not fetched again.

    Raises:
        BadInput: a file of that name is there and differs, or another process downloads it.
        Unwritable: the folder cannot be written.
        EngineUnavailable: the download failed, or what came is not what the index says; the message says what to do.
    """
    files = files_of(fetch_index(base_url), name)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file in files:
            _download_file(base_url, file, folder, report)
        for file in files:  # the model last: without it, the others are no voice
            if _part(folder, file).exists():
                _part(folder, file).replace(folder / file.name)
    except OSError as error:
        raise Unwritable(f"cannot write {folder}: {error.strerror or error}") from error
    return [folder / file.name for file in files]


def licence_lines(card: Path) -> list[str]:
    """The lines of a model card that name a licence, a source or what a voice was trained from."""
    with contextlib.suppress(OSError):
        lines = [line.strip(" *-") for line in card.read_text("utf-8", "replace").splitlines()]
        words = ("license:", "licence:", "finetuned", "fine-tuned", "url:")
        return [line for line in lines if line.lower().startswith(words)]
    return []


def _download_file(base_url: str, file: VoiceFile, folder: Path, report: Report) -> None:
    final, part = folder / file.name, _part(folder, file)
    if final.exists():
        if _md5(final) != file.md5:
            raise BadInput(f"{final} is there, and is another file than the official one: move it away first")
        report(file.name, file.size, file.size)
        return
    with part.open("ab") as out:
        try:
            fcntl.flock(out, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BadInput(f"another process downloads {final}; wait for it") from None
        if out.tell() != file.size:
            _receive(f"{base_url}/{file.url_path}", file, out, report)
        out.flush()
        os.fsync(out.fileno())
        n_bytes = out.tell()
    if n_bytes < file.size:
        raise EngineUnavailable(f"{file.name} stopped at {n_bytes} of {file.size} bytes; the same command continues it")
    if n_bytes > file.size or _md5(part) != file.md5:
        part.unlink()
        raise EngineUnavailable(f"{file.name} came damaged: not the bytes that {INDEX} says; it is removed, try again")
    report(file.name, file.size, file.size)


def _receive(url: str, file: VoiceFile, out: BinaryIO, report: Report) -> None:
    """Append what is missing; all of it where the server cannot continue. Stops early where the connection breaks."""
    if out.tell() > file.size:
        out.truncate(0)
    start = out.tell()
    with _open(url, start) as answer:
        if start and answer.status != http.HTTPStatus.PARTIAL_CONTENT:
            out.truncate(0)
            out.seek(0)
        for piece in _pieces(answer):
            out.write(piece)
            report(file.name, out.tell(), file.size)
            if out.tell() > file.size:
                return


def _pieces(answer: Any) -> Iterator[bytes]:
    with contextlib.suppress(http.client.HTTPException, OSError):  # what came is kept, and the caller counts it
        while piece := answer.read1(READ_AT_ONCE):
            yield piece


def _open(url: str, start: int = 0) -> Any:
    """The answer to a GET from byte `start` on.

    Raises:
        EngineUnavailable: there is none, or an error.
    """
    if not url.startswith(("http://", "https://")):
        raise EngineUnavailable(f"{url}: expected http:// or https:// (setting PIPER_URL)")
    headers = {"Range": f"bytes={start}-"} if start else {}
    try:
        return urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=TIMEOUT_S)
    except urllib.error.HTTPError as error:
        raise EngineUnavailable(f"{url} answers {error.code} {error.reason}; {ADVICE}") from error
    except (OSError, http.client.HTTPException) as error:  # URLError is an OSError
        raise EngineUnavailable(f"{url} cannot be had: {getattr(error, 'reason', error)}; {ADVICE}") from error


def _voice_file(url_path: str, entry: dict[str, Any], name: str) -> VoiceFile:
    path = PurePosixPath(url_path)
    if path.is_absolute() or ".." in path.parts or ":" in url_path:
        raise ValueError(url_path)
    return VoiceFile(url_path, name, int(entry["size_bytes"]), str(entry["md5_digest"]))


def _part(folder: Path, file: VoiceFile) -> Path:
    return folder / f".{file.name}.part"


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, partial(hashlib.md5, usedforsecurity=False)).hexdigest()
