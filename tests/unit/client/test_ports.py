"""Ports for tests: no two processes are given the same one."""

import socket
import subprocess
import sys

from tests.support.command_line import ROOT
from tests.support.free_ports import FIRST, LAST, free_port, nothing_listens

N = 5


def test_no_two_processes_are_given_the_same_port() -> None:
    """They begin at the same place here; each holds its ports until it ends."""
    ours = [free_port(begin=100) for _ in range(N)]
    code = f"from tests.support.free_ports import free_port; print(*[free_port(begin=100) for _ in range({N})])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    theirs = [int(port) for port in done.stdout.split()]
    assert len({*ours, *theirs}) == 2 * N
    assert all(FIRST <= port < LAST for port in (*ours, *theirs))


def test_a_port_on_which_something_listens_is_not_free() -> None:
    port = free_port()
    with socket.create_server(("127.0.0.1", port)):
        assert not nothing_listens(port)
    assert nothing_listens(port)
