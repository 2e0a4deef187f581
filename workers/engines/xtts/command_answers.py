"""Answers to the command line that started a process: one line of JSON, or one line of why not."""

import json
import sys
from collections.abc import Callable

from seriatim.errors import SeriatimError, forbidden
from seriatim.process.error_report import report_error
from workers.engines.xtts.model.torchaudio_import import missing


def answer(command: Callable[[], object]) -> int:
    """Print what `command` returns, or why it cannot; returns the exit status."""
    try:
        sys.stdout.write(json.dumps(command(), ensure_ascii=False) + "\n")
    except ModuleNotFoundError as error:
        return report_error(missing(error))
    except PermissionError as error:  # another user's home, or folder
        return report_error(forbidden(error))
    except SeriatimError as error:
        return report_error(error)
    return 0
