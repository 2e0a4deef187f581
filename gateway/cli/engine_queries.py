"""Engine queries: a worker's process answers them, because the command line imports no engine and loads no model."""

import json
import subprocess
import tempfile
from collections.abc import Iterator
from typing import Any

from seriatim.errors import BadInput, EngineUnavailable
from seriatim.exit_codes import ExitCode
from seriatim.process.interpreter import python_command


def ask_engine(module: str, *arguments: str, limit_s: float | None = None) -> Any:
    """Run `python -m module arguments` and return what it printed, one line of JSON.

    Raises:
        BadInput: it says that what it was given cannot be used; the message is its own.
        EngineUnavailable: it cannot answer, or not within `limit_s`; the message says why.
    """
    command = python_command(module, *arguments)
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=limit_s)
    except subprocess.TimeoutExpired:
        raise EngineUnavailable(f"{module} has not answered within {limit_s:g} s") from None
    if done.returncode:
        raise _refusal(module, done.returncode, done.stderr)
    return json.loads(done.stdout)


def stream_engine_answers(module: str, *arguments: str) -> Iterator[Any]:
    """Run `python -m module arguments` and yield each line of JSON as it prints it; it ends if nobody listens on.

    Raises:
        BadInput, EngineUnavailable: as `ask_engine`, where it says so, maybe behind some lines.
    """
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as errors:
        command = python_command(module, *arguments)
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True) as process:
            assert process.stdout
            try:
                yield from map(json.loads, process.stdout)
                process.wait()
            finally:
                process.terminate()  # nobody listens on; one that has ended is left alone
        if process.returncode:
            errors.seek(0)
            raise _refusal(module, process.returncode, errors.read())


def _refusal(module: str, status: int, errors: str) -> BadInput | EngineUnavailable:
    said = errors.strip().rpartition("\n")[2] or f"{module} ended with status {status}"
    return (BadInput if status == ExitCode.BAD_INPUT else EngineUnavailable)(said)
