"""Write what a reader hears to a file; only a whole job gets the file's name."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import soundfile

from seriatim.entries import Audio, SentenceStart
from seriatim.errors import UnknownFormat, Unwritable
from tasks.reading import Heard

FORMATS = {".wav": "WAV", ".flac": "FLAC", ".ogg": "OGG", ".mp3": "MP3"}


def save(entries: Iterable[Heard], path: Path) -> None:
    """Write a job to `path`, as it comes; memory does not grow with it.

    Raises:
        UnknownFormat: the extension is none of FORMATS.
        Unwritable: the file cannot be written.
    """
    form = FORMATS.get(path.suffix.lower())
    if form is None:
        raise UnknownFormat(f"no format for {path.name!r}; use one of {', '.join(FORMATS)}")
    part = path.with_name(path.name + ".part")
    try:
        _write(entries, part, form)
        part.replace(path)
    except (OSError, soundfile.LibsndfileError) as error:
        raise Unwritable(f"cannot write {str(path)!r}: {error}") from None
    finally:
        part.unlink(missing_ok=True)


def _write(entries: Iterable[Heard], part: Path, form: str) -> None:
    file: soundfile.SoundFile | None = None
    try:
        for entry in entries:
            if isinstance(entry, SentenceStart) and file is None:
                file = soundfile.SoundFile(part, "w", entry.rate_hz or 24_000, 1, format=form)
            elif isinstance(entry, Audio) and file is not None:
                file.write(np.frombuffer(entry.pcm, "<i2"))
    finally:
        if file is not None:
            file.close()
