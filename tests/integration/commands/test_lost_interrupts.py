"""Interrupts that come while Python runs a finalizer, which prints an exception and goes on: they are not lost."""

import subprocess
import sys

import pytest

LIMIT_S = 90  #: an interpreter that starts on a busy machine
#: a program that sends itself a signal within a finalizer, and then runs on as `seriatim up` does
PROGRAM = """
import signal, threading, time, types
from gateway.cli import interrupts

went_on = threading.Event()
interrupts.ONCE_MORE_S = 0.1
sleep = lambda s: went_on.wait() if s == interrupts.AGAIN_S else time.sleep(s)  # it is sent again, and not before that
interrupts.time = types.SimpleNamespace(sleep=sleep)

class Finalized:
    def __del__(self):
        signal.raise_signal(signal.{name})

signal.signal(signal.SIGHUP, signal.SIG_DFL)  # the tests may run under nohup
interrupts.end_on_sigterm()
interrupts.keep_interrupts()
try:
    Finalized()
    print("went on", flush=True)
    went_on.set()
    time.sleep(60)
except KeyboardInterrupt:
    print("interrupted")
"""


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_within_a_finalizer_ends_the_command(name: str) -> None:
    command = [sys.executable, "-c", PROGRAM.format(name=name)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_S, check=True)
    assert (ended.stdout.split("\n")[:2], ended.stderr) == (["went on", "interrupted"], "")


def test_an_interrupt_that_ends_no_system_call_is_sent_once_more() -> None:
    """It came between the main thread's last look and the call, and would wait until that ends."""
    missed = "kill = signal.pthread_kill; kills = iter([lambda *_: None])\n"
    missed += "signal.pthread_kill = lambda *to: next(kills, kill)(*to)\n"
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(name="SIGINT").replace("went_on =", f"{missed}went_on =")],
        capture_output=True, text=True, timeout=LIMIT_S / 3, check=True,
    )  # fmt: skip
    assert (ended.stdout.split("\n")[:2], ended.stderr) == (["went on", "interrupted"], "")


def test_where_ctrl_c_is_ignored_a_request_to_end_is_not_lost() -> None:
    """As in a script that starts the command in the background."""
    program = PROGRAM.format(name="SIGTERM").replace(
        "went_on =", "signal.signal(signal.SIGINT, signal.SIG_IGN)\nwent_on ="
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=LIMIT_S / 3, check=True
    )
    assert (ended.stdout.split("\n")[:2], ended.stderr) == (["went on", "interrupted"], "")


def test_a_handler_that_ends_the_command_in_its_own_way_is_left_to_it() -> None:
    """An event loop cancels its task, and ends by itself."""
    handler = "signal.signal(signal.SIGINT, lambda *_: print('asked', flush=True))\nwent_on ="
    program = PROGRAM.format(name="SIGTERM").replace("went_on =", handler).replace("(60)", "(0.5)")
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=LIMIT_S, check=True)
    assert (ended.stdout.split("\n"), ended.stderr) == (["went on", "asked", ""], "")


def test_a_hangup_that_is_ignored_stays_so() -> None:
    """As under nohup."""
    program = (
        "import signal; from gateway.cli.interrupts import end_on_sigterm; signal.signal(signal.SIGHUP, signal.SIG_IGN)"
        "; end_on_sigterm(); signal.raise_signal(signal.SIGHUP); print('went on')"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=False)
    assert (ended.stdout, ended.stderr, ended.returncode) == ("went on\n", "", 0)


def test_other_exceptions_of_finalizers_are_shown() -> None:
    program = (
        PROGRAM.format(name="SIGINT").replace("signal.raise_signal(signal.SIGINT)", "1 / 0").replace("(60)", "(0)")
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=LIMIT_S, check=True)
    assert "Exception ignored in" in ended.stderr
    assert "ZeroDivisionError" in ended.stderr
