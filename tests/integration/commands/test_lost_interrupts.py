"""Interrupts that come while Python runs a finalizer, which prints an exception and goes on: they are not lost."""

import subprocess
import sys

import pytest

#: a program that sends itself a signal within a finalizer, and then runs on as `seriatim up` does
PROGRAM = """
import os, signal, sys, time
from gateway.cli.interrupts import end_on_sigterm, keep_interrupts

class Finalized:
    def __del__(self):
        signal.raise_signal(signal.{name})

end_on_sigterm()
keep_interrupts()
try:
    Finalized()
    print("went on", flush=True)
    time.sleep(60)
except KeyboardInterrupt:
    print("interrupted")
"""


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_a_signal_within_a_finalizer_ends_the_command(name: str) -> None:
    command = [sys.executable, "-c", PROGRAM.format(name=name)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=30, check=True)
    assert (ended.stdout.split("\n")[:2], ended.stderr) == (["went on", "interrupted"], "")


def test_other_exceptions_of_finalizers_are_shown() -> None:
    program = (
        PROGRAM.format(name="SIGINT").replace("signal.raise_signal(signal.SIGINT)", "1 / 0").replace("(60)", "(0)")
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=True)
    assert "Exception ignored in" in ended.stderr
    assert "ZeroDivisionError" in ended.stderr
