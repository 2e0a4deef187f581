"""Forked commands: what tests start from the fork server is what a fresh interpreter would be."""

import signal
import subprocess
from pathlib import Path

import pytest

from tests.support.command_line import SERIATIM, TONE, environment
from tests.support.forked_command import ForkedCommand, run_command
from tests.support.process_system import alive, wait_until

LIMIT_S = 90.0


@pytest.mark.parametrize(
    "arguments",
    [["--version"], ["speak", "--no-such-option"], ["text", "-"], ["speak", "missing.txt", "-o", "x.wav", *TONE]],
)
def test_output_and_exit_status_are_those_of_a_fresh_interpreter(arguments: list[str], tmp_path: Path) -> None:
    command, text = [*SERIATIM, *arguments], "Good morning. How are you? – “Fine.”".encode()
    forked = run_command(command, stdin=text, limit_s=LIMIT_S, env=environment(), cwd=tmp_path)
    fresh = subprocess.run(
        command, input=text, capture_output=True, check=False, env=environment(), cwd=tmp_path, timeout=LIMIT_S
    )
    assert (forked.returncode, forked.stdout, forked.stderr) == (fresh.returncode, fresh.stdout, fresh.stderr)


def test_a_signal_ends_it_and_a_dead_command_waits_to_be_reaped(tmp_path: Path) -> None:
    command = [*SERIATIM, "speak", "-", "-o", "x.wav", *TONE]
    pipe = subprocess.PIPE
    with ForkedCommand(command, stdin=pipe, stderr=pipe, env=environment(), cwd=tmp_path) as waiting:
        waiting.kill()
        wait_until(lambda: not alive(waiting.pid), "it is dead")
        assert Path(f"/proc/{waiting.pid}").exists()  # its number is not given to another process
        assert waiting.wait() == -signal.SIGKILL
        assert not Path(f"/proc/{waiting.pid}").exists()


def test_another_environment_gets_a_fresh_interpreter(tmp_path: Path) -> None:
    for changes, forked in (({"SERIATIM_LOG_LEVEL": "debug"}, True), ({"HOME": str(tmp_path)}, False)):
        done = ForkedCommand([*SERIATIM, "--version"], stdout=subprocess.DEVNULL, env=environment() | changes)
        assert (done.wait(), done._server is not None) == (0, forked)
