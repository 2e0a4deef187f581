"""Audio formats: their names, file name endings, and the sample rates that they can hold.

The same for Python, the command line and HTTP. A new format is a row of the table, and its encoder.
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
    encoder: str  #: `module:callable` with the arguments output, rate in Hz, and title; imported on first use
    media_type: str = ""  #: over HTTP; "": not offered there
    rates_hz: tuple[int, ...] = ()  #: the sample rates it can hold, ascending; (): any
    streamable: bool = True  #: its beginning can be sent before its end is known
    threaded: bool = True  #: its encoder is a library that Ctrl-C must not interrupt, so it gets a thread

    def rate_for(self, rate_hz: int) -> int:
        """The rate at which to encode audio of `rate_hz`: the same, or else the next higher, or else the highest."""
        if not self.rates_hz or rate_hz in self.rates_hz:
            return rate_hz
        return next((rate for rate in self.rates_hz if rate > rate_hz), self.rates_hz[-1])


_AAC_RATES_HZ = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)  # ISO/IEC 14496-3, table 1.18

_AUDIO = "seriatim.audio"
FORMATS = (
    AudioFormat("wav", ("wav", "wave"), f"{_AUDIO}.uncompressed_encoders:wav_encoder", "audio/wav", threaded=False),
    AudioFormat("flac", ("flac",), f"{_AUDIO}.flac_encoder:FlacEncoder", "audio/flac"),
    AudioFormat("ogg", ("ogg", "oga"), f"{_AUDIO}.vorbis_encoder:VorbisEncoder"),
    AudioFormat(
        "opus", ("opus",), f"{_AUDIO}.ffmpeg_encoders:opus_encoder", "audio/ogg; codecs=opus",
        (8000, 12000, 16000, 24000, 48000),  # RFC 6716, 2
    ),
    AudioFormat(
        "mp3", ("mp3",), f"{_AUDIO}.lame_encoder:LameEncoder", "audio/mpeg",
        # Below 16 kHz (MPEG 2.5) not all players read the header with the number of samples to trim.
        (16000, 22050, 24000, 32000, 44100, 48000), threaded=False,
    ),
    # AAC in a file that begins with an index of all of it
    AudioFormat(
        "m4a", ("m4a", "mp4"), f"{_AUDIO}.ffmpeg_encoders:M4aEncoder", "audio/mp4", _AAC_RATES_HZ, streamable=False
    ),
    # ADTS: a stream without a header
    AudioFormat("aac", ("aac",), f"{_AUDIO}.ffmpeg_encoders:aac_encoder", "audio/aac", _AAC_RATES_HZ),
    # s16le mono without a header
    AudioFormat(
        "pcm", ("pcm", "s16", "raw"), f"{_AUDIO}.uncompressed_encoders:pcm_encoder", "application/octet-stream",
        threaded=False,
    ),
    # of telephones: a byte for each sample, without a header
    AudioFormat(
        "ulaw", ("ulaw", "ul", "mulaw"), f"{_AUDIO}.telephone_encoders:mu_law_encoder", "audio/PCMU", (8000,),
        threaded=False,
    ),
    AudioFormat(
        "alaw", ("alaw", "al"), f"{_AUDIO}.telephone_encoders:a_law_encoder", "audio/PCMA", (8000,), threaded=False
    ),
)  # fmt: skip


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
    names = [audio_format.name for audio_format in FORMATS]
    near = difflib.get_close_matches(word, names, n=1) or difflib.get_close_matches(word, _all_endings(), n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    raise UnknownFormat(f"{problem}; {hint}{_list_formats()}")


def _all_endings() -> Iterable[str]:
    return [ending for audio_format in FORMATS for ending in audio_format.endings]


def _list_formats() -> str:
    return "the formats are: " + ", ".join(audio_format.name for audio_format in FORMATS)
