"""Engine queries, answered by a worker process: the command line imports no engine and loads no model."""

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator
from typing import Any

from seriatim.errors import BadInput, EngineUnavailable
from seriatim.exit_codes import ExitCode
from seriatim.process.interpreter import python_command
from seriatim.settings import Settings, other_variables


def ask_engine(
    module: str,
    *arguments: str,
    limit_s: float | None = None,
    stdin_text: str = "",
    settings: Settings | None = None,
) -> Any:
    """Run `python -m module arguments` and return what it printed, one line of JSON.

    `stdin_text`: what it reads on its standard input. `settings`: its own; None: those of this process's environment.

    Raises:
        BadInput: the module refuses the arguments; the message is its own.
        EngineUnavailable: the module cannot answer, or not within `limit_s`; the message gives the reason.
    """
    command = python_command(module, *arguments)
    environment = other_variables(os.environ) | settings.to_env() if settings else None
    try:
        done = subprocess.run(
            command, capture_output=True, encoding="utf-8", check=False, timeout=limit_s, input=stdin_text,
            env=environment,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise EngineUnavailable(
            f"{module} has not answered within {limit_s:g} s; is this machine busy? Try again"
        ) from None
    if done.returncode:
        raise _error_of(module, done.returncode, done.stderr)
    return json.loads(done.stdout)


def stream_engine_answers(module: str, *arguments: str) -> Iterator[Any]:
    """Run `python -m module arguments` and yield each line of JSON as it is printed.

    Closing the iterator ends the process.

    Raises:
        BadInput, EngineUnavailable: as `ask_engine`, possibly after some lines.
    """
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as errors:
        command = python_command(module, *arguments)
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True) as process:
            assert process.stdout
            try:
                yield from map(json.loads, process.stdout)
                process.wait()
            finally:
                process.terminate()  # the caller stopped early; no effect on a process that has ended
        if process.returncode:
            errors.seek(0)
            raise _error_of(module, process.returncode, errors.read())


def _error_of(module: str, status: int, errors: str) -> BadInput | EngineUnavailable:
    last_line = errors.strip().rpartition("\n")[2].removeprefix("seriatim worker: ")
    message = last_line or f"{module} ended with status {status}"
    return (BadInput if status == ExitCode.BAD_INPUT else EngineUnavailable)(message)
