"""Answers to the command line that started a process: one line of JSON, or one line of why not."""

import json
import sys
from collections.abc import Callable

from seriatim.errors import SeriatimError, forbidden
from seriatim.exit_codes import status_of
from workers.engines.xtts.model.torchaudio_import import missing


def answer(command: Callable[[], object]) -> int:
    """Print what `command` returns, or why it cannot; returns the exit status."""
    try:
        sys.stdout.write(json.dumps(command(), ensure_ascii=False) + "\n")
    except ModuleNotFoundError as error:
        return _refused(missing(error))
    except PermissionError as error:  # another user's home, or folder
        return _refused(forbidden(error))
    except SeriatimError as error:
        return _refused(error)
    return 0


def _refused(error: SeriatimError) -> int:
    sys.stderr.write(f"{error}\n")
    return status_of(error)
