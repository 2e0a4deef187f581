"""Audio formats: their names, file name endings, and the sample rates that they can hold.

The same for Python, the command line and HTTP. `encoder` has the encoder of each.
"""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from seriatim.errors import UnknownFormat

STDOUT = "-"  #: the output name for standard output


@dataclass(frozen=True, slots=True)
class AudioFormat:
    """One format, as the table below describes it."""

    name: str  #: as in --format
    endings: tuple[str, ...]  #: of file names, lower case, without the dot
    rates_hz: tuple[int, ...] = ()  #: the sample rates it can hold, ascending; (): any

    def rate_for(self, rate_hz: int) -> int:
        """The rate at which to encode audio of `rate_hz`: the same, or else the next higher, or else the highest."""
        if not self.rates_hz or rate_hz in self.rates_hz:
            return rate_hz
        return next((rate for rate in self.rates_hz if rate > rate_hz), self.rates_hz[-1])


_AAC_RATES_HZ = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)  # ISO/IEC 14496-3, table 1.18

FORMATS = (
    AudioFormat("wav", ("wav", "wave")),
    AudioFormat("flac", ("flac",)),
    AudioFormat("ogg", ("ogg", "oga")),  # Vorbis
    AudioFormat("opus", ("opus",), (8000, 12000, 16000, 24000, 48000)),  # RFC 6716, 2
    # Below 16 kHz (MPEG 2.5) not all players read the header with the number of samples to trim.
    AudioFormat("mp3", ("mp3",), (16000, 22050, 24000, 32000, 44100, 48000)),
    AudioFormat("m4a", ("m4a", "mp4"), _AAC_RATES_HZ),  # AAC in a file that knows its length; output at its end
    AudioFormat("aac", ("aac",), _AAC_RATES_HZ),  # ADTS: a stream without a header
    AudioFormat("pcm", ("pcm", "s16", "raw")),  # s16le mono without a header
)


def format_named(name: str) -> AudioFormat:
    """The format of one of the names above."""
    return next(audio_format for audio_format in FORMATS if audio_format.name == name)


def format_of(output: str, name: str | None = None) -> AudioFormat:
    """The format of an output: `name`, or else the one of its file name's ending; `-` is WAV.

    Raises:
        UnknownFormat: no format has that name or ending; the message lists the formats.
    """
    if name is not None:
        return _find_format(name.lower(), f"unknown format {name!r}")
    if output == STDOUT:
        return FORMATS[0]
    ending = Path(output).suffix.lower().lstrip(".")
    if not ending:
        raise UnknownFormat(f"{output!r} has no ending that names a format; {_list_formats()}")
    return _find_format(ending, f"unknown format '.{ending}' of {output!r}")


def _find_format(word: str, problem: str) -> AudioFormat:
    for audio_format in FORMATS:
        if word == audio_format.name or word in audio_format.endings:
            return audio_format
    near = difflib.get_close_matches(word, _all_endings(), n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    raise UnknownFormat(f"{problem}; {hint}{_list_formats()}")


def _all_endings() -> Iterable[str]:
    return [ending for audio_format in FORMATS for ending in audio_format.endings]


def _list_formats() -> str:
    return "the formats are: " + ", ".join(audio_format.name for audio_format in FORMATS)
