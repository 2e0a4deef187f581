"""The encoded chapters of a book that is one MP4 file: kept in its project, and joined without being encoded again.

    OUT.project/chapters/KEY.FINGERPRINT.m4a   a chapter (`seriatim.audio.joined_file`), complete

A fingerprint stands for everything beside the chapter's audio that its encoded bytes depend on: so a change of the
book's gain encodes all chapters again, and a corrected sentence its own chapter alone.
"""

import hashlib
import json
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import av

from gateway.book.book_assembly import CEILING_DB, BookAssembly, SpokenChapter, replace_when_complete
from gateway.output.all_cores import run_on_all_cores
from gateway.output.running_jobs import RunStopped
from seriatim.audio.joined_file import PART_CODEC, EncodedPart, open_part

VERSION = 1  #: of encoded chapters; another version encodes all of them again
NEVER = threading.Event()


def encode_chapters(assembly: BookAssembly, encoding: str) -> list[EncodedPart]:
    """The chapters of a book, in order; those that are not kept are encoded on all cores.

    Raises:
        Unwritable: no permission, or the disk is full.
        BadInput: a file of the project is damaged.
    """
    by_key = {chapter.plan.key: chapter for chapter in assembly.chapters}
    run_on_all_cores((partial(encode_chapter, assembly, one, encoding) for one in by_key.values()), "chapter")
    return [EncodedPart.read(encoded_path(assembly, chapter.plan.key)) for chapter in assembly.chapters]


def encode_chapter(
    assembly: BookAssembly, chapter: SpokenChapter, encoding: str, stopped: threading.Event = NEVER
) -> None:
    """Encode a chapter, unless it is kept; `stopped` ends that.

    Raises:
        Unwritable: no permission, or the disk is full.
        BadInput: a file of the project is damaged.
        RunStopped: it was stopped.
    """
    audio = _until(stopped, assembly.chapter_audio(chapter, encoding))
    encode_audio(assembly, chapter.plan.key, audio, chapter.record.rate_hz)


def encode_audio(assembly: BookAssembly, key: str, audio: Iterator[bytes], rate_hz: int) -> None:
    """Encode the mastered audio of the chapter with a key, unless it is kept.

    Raises:
        as the audio; Unwritable: no permission, or the disk is full.
    """
    path = encoded_path(assembly, key)
    if not path.exists():
        new = path.with_name(path.name + ".new")
        replace_when_complete(open_part(str(new), rate_hz), audio, new, path)


def encoded_path(assembly: BookAssembly, key: str) -> Path:
    """The file of an encoded chapter, whether it exists or not."""
    codec = [PART_CODEC.name, PART_CODEC.bit_rate, dict(PART_CODEC.effort), av.library_versions["libavcodec"]]
    content = json.dumps([VERSION, codec, assembly.gain_db, CEILING_DB, assembly.room_tone_db])
    fingerprint = hashlib.sha256(content.encode()).hexdigest()[:12]
    return assembly.project.chapters / f"{key}.{fingerprint}.m4a"


def remove_other_encoded(assembly: BookAssembly) -> None:
    """Remove the encoded chapters that the book has no more, and what a killed run has left of one."""
    kept = {encoded_path(assembly, chapter.plan.key) for chapter in assembly.chapters}
    for path in {*assembly.project.chapters.glob("*.m4a"), *assembly.project.chapters.glob("*.m4a.new")} - kept:
        path.unlink(missing_ok=True)


def _until(stopped: threading.Event, audio: Iterator[bytes]) -> Iterator[bytes]:
    for pcm in audio:
        if stopped.is_set():
            raise RunStopped
        yield pcm
