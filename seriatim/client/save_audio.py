"""Save a job's audio to a file, which gets its name only when the job is complete."""

import os
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path

from seriatim.audio.encoder import Encoder, open_encoder
from seriatim.audio.formats import AudioFormat, format_of
from seriatim.audio.output_file import FileDescriptorOutput, translate_write_errors
from seriatim.audio.pcm import short_silence
from seriatim.audio.title_tags import first_words
from seriatim.errors import EmptyText
from seriatim.reader_state import PlayableEntry
from seriatim.stream_entries import Audio, SentenceStart


def save_audio(entries: Iterable[PlayableEntry], path: Path, silence_hz: Callable[[], int]) -> None:
    """Write a job to `path` while it is spoken, in constant memory; a job of no sentences is a short silence.

    `silence_hz` gives the sample rate of that silence.

    Raises:
        UnknownFormat: the file's ending is unknown.
        Unwritable: the file cannot be written.
        EmptyText: the job has sentences, but no audio.
    """
    audio_format = format_of(str(path))
    part = path.with_name(path.name + ".part")
    with translate_write_errors(str(path)):
        fd = os.open(part, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o666)
    try:
        _encode_entries(entries, FileDescriptorOutput(fd, str(path)), audio_format, path, silence_hz)
        with translate_write_errors(str(path)):
            part.replace(path)
    finally:
        os.close(fd)
        part.unlink(missing_ok=True)


def _encode_entries(
    entries: Iterable[PlayableEntry],
    sink: FileDescriptorOutput,
    audio_format: AudioFormat,
    path: Path,
    silence_hz: Callable[[], int],
) -> None:
    rate_hz, title, entry = 0, "", None
    with ExitStack() as undo:
        encoder: Encoder | None = None
        for entry in entries:
            if isinstance(entry, SentenceStart):
                rate_hz, title = entry.rate_hz, title or first_words(entry.text)
            elif isinstance(entry, Audio):
                if encoder is None:
                    encoder = open_encoder(sink, audio_format, rate_hz, title=title)
                    undo.callback(encoder.discard)
                encoder.write(entry.pcm)
        if entry is None:
            rate_hz = silence_hz()
            encoder = open_encoder(sink, audio_format, rate_hz)
            undo.callback(encoder.discard)
            encoder.write(short_silence(rate_hz))
        undo.pop_all()
    if encoder is None:
        raise EmptyText(f"the job has no audio; nothing is written to {str(path)!r}")
    encoder.close()
