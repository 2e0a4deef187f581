"""Open the output of a command: a file that gets its name only when it is complete, or a pipe."""

import os
import stat
from enum import Enum
from pathlib import Path

from gateway.output.file_output import FileOutput
from gateway.output.journal import TextFingerprint
from gateway.output.pipe_output import PipeOutput
from seriatim.audio.formats import STDOUT, format_of
from seriatim.audio.output_file import translate_write_errors
from seriatim.errors import BadInput

_STDOUT_FD = 1


class ResumePolicy(Enum):
    """Treatment of an interrupted run of the same output."""

    NEW = "new"  #: refuse to start if there is one with audio
    RESUME = "--resume"  #: continue it
    RESTART = "--restart"  #: discard it


Output = FileOutput | PipeOutput  #: leaving its context without `finish` abandons it


def open_output(
    output: str, fingerprint: TextFingerprint, *, format_name: str | None = None, begin: ResumePolicy = ResumePolicy.NEW
) -> Output:
    """Open the output before anything is spoken, so that no work is wasted if it cannot be written.

    Args:
        output: a path, or `-` for standard output. A device or a named pipe is written to directly.
        fingerprint: the text and options, for a later run that resumes this one.
        format_name: None: by the output's file name extension.
        begin: treatment of an interrupted run.

    Raises:
        UnknownFormat: no such format.
        Unwritable: no such directory, no permission, and the like.
        BadInput: standard output is a terminal; an interrupted run exists, is missing, or has another text.
    """
    audio_format = format_of(output, format_name)
    if _is_file(output):
        if begin is ResumePolicy.RESUME:
            return FileOutput.resume(output, audio_format, fingerprint)
        return FileOutput.create(output, audio_format, fingerprint, restart=begin is ResumePolicy.RESTART)
    if begin is ResumePolicy.RESUME:
        raise BadInput(f"cannot resume {output}: only files can be resumed")
    if output == STDOUT:
        return PipeOutput(_STDOUT_FD, "standard output", audio_format)
    with translate_write_errors(output):
        return PipeOutput(os.open(output, os.O_WRONLY), output, audio_format, owned=True)


def _is_file(output: str) -> bool:
    """Whether `output` is or will be a regular file: renaming a file over a device would destroy the device."""
    if output == STDOUT:
        return False
    try:
        mode = Path(output).stat().st_mode
    except OSError:  # it does not exist yet; other errors are reported when it is opened
        return True
    return stat.S_ISREG(mode) or stat.S_ISDIR(mode)
