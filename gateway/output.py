"""Where speech goes: a file that bears its name only when it is whole, or a pipe."""

import os
import stat
from enum import Enum
from pathlib import Path

from gateway.journal import Fingerprint
from gateway.spokenfile import SpokenFile
from gateway.spokenpipe import SpokenPipe
from seriatim.errors import BadInput
from tasks.encode.formats import STDOUT, format_of
from tasks.encode.sink import writing

_STDOUT_FD = 1


class Begin(Enum):
    """What to do about an interrupted run of the same output."""

    NEW = "new"  #: refuse if there is one that holds sound
    RESUME = "--resume"  #: go on with it
    RESTART = "--restart"  #: throw it away


Output = SpokenFile | SpokenPipe  #: what speech is written to; leaving its context without `finish` abandons it


def open_output(
    output: str, fingerprint: Fingerprint, *, format_name: str | None = None, begin: Begin = Begin.NEW
) -> Output:
    """Begin to write speech, before there is any, so that nothing is spoken in vain when the output cannot be written.

    Args:
        output: a path, or `-` for standard output. A device or a named pipe is written to as it is.
        fingerprint: the text and options, for a later run that resumes this one.
        format_name: None takes it from the output's ending.
        begin: what to do about an interrupted run.

    Raises:
        UnknownFormat: no such format.
        Unwritable: no such directory, no permission, and the like.
        BadInput: standard output is a terminal; an interrupted run is there, or is not there, or is of another text.
    """
    audio_format = format_of(output, format_name)
    if _is_file(output):
        if begin is Begin.RESUME:
            return SpokenFile.resume(output, audio_format, fingerprint)
        return SpokenFile.create(output, audio_format, fingerprint, restart=begin is Begin.RESTART)
    if begin is Begin.RESUME:
        raise BadInput(f"cannot resume {output}: only files can be resumed")
    if output == STDOUT:
        return SpokenPipe(_STDOUT_FD, "standard output", audio_format)
    with writing(output):
        return SpokenPipe(os.open(output, os.O_WRONLY), output, audio_format, owned=True)


def _is_file(output: str) -> bool:
    """Is it a regular file, or will it be one? Renaming something over a device would destroy the device."""
    if output == STDOUT:
        return False
    try:
        mode = Path(output).stat().st_mode
    except OSError:  # it is not there yet; what else is wrong is found, and told, when it is opened
        return True
    return stat.S_ISREG(mode) or stat.S_ISDIR(mode)
