"""The formats that speech is written in: their names, the endings of their files, the sample rates they can hold.

The same at every door: Python, the command line, HTTP. `encoder` says what makes which.
"""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from seriatim.errors import UnknownFormat

STDOUT = "-"  #: the output's name that stands for standard output


@dataclass(frozen=True, slots=True)
class AudioFormat:
    """One format, as the table below describes it."""

    name: str  #: what users write after --format
    endings: tuple[str, ...]  #: of file names, lower case, without the dot
    rates_hz: tuple[int, ...] = ()  #: the sample rates it can hold, ascending; (): any

    def rate_for(self, rate_hz: int) -> int:
        """The rate to encode sound of `rate_hz` at: the same, or else the next higher, or else the highest."""
        if not self.rates_hz or rate_hz in self.rates_hz:
            return rate_hz
        return next((rate for rate in self.rates_hz if rate > rate_hz), self.rates_hz[-1])


_AAC_RATES_HZ = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)  # ISO/IEC 14496-3, table 1.18

FORMATS = (
    AudioFormat("wav", ("wav", "wave")),
    AudioFormat("flac", ("flac",)),
    AudioFormat("ogg", ("ogg", "oga")),  # Vorbis
    AudioFormat("opus", ("opus",), (8000, 12000, 16000, 24000, 48000)),  # RFC 6716, 2
    # Below 16 kHz (MPEG 2.5) the header that says how many samples to trim is not read by all.
    AudioFormat("mp3", ("mp3",), (16000, 22050, 24000, 32000, 44100, 48000)),
    AudioFormat("m4a", ("m4a", "mp4"), _AAC_RATES_HZ),  # AAC in a file that knows its length; whole at its end
    AudioFormat("aac", ("aac",), _AAC_RATES_HZ),  # ADTS: a stream without a header
    AudioFormat("pcm", ("pcm", "s16", "raw")),  # s16le mono without a header
)


def format_named(name: str) -> AudioFormat:
    """The format of one of the names above."""
    return next(known for known in FORMATS if known.name == name)


def format_of(output: str, name: str | None = None) -> AudioFormat:
    """The format of an output: the one that was named, or else the one that its file name ends in; `-` is WAV.

    Raises:
        UnknownFormat: no format has that name or ending; the message lists those there are.
    """
    if name is not None:
        return _lookup(name.lower(), f"unknown format {name!r}")
    if output == STDOUT:
        return FORMATS[0]
    ending = Path(output).suffix.lower().lstrip(".")
    if not ending:
        raise UnknownFormat(f"{output!r} has no ending that names a format; {_known()}")
    return _lookup(ending, f"unknown format '.{ending}' of {output!r}")


def _lookup(word: str, complaint: str) -> AudioFormat:
    for known in FORMATS:
        if word == known.name or word in known.endings:
            return known
    near = difflib.get_close_matches(word, _endings(), n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    raise UnknownFormat(f"{complaint}; {hint}{_known()}")


def _endings() -> Iterable[str]:
    return [ending for known in FORMATS for ending in known.endings]


def _known() -> str:
    return "the formats are: " + ", ".join(known.name for known in FORMATS)
