"""Free TCP ports for programs that need one as an option: no other test process is given the same one, at any time.

Where a program takes port 0 and says what it got, tests read that instead. A port of the kernel's own range
(`ip_local_port_range`) would be free only until any connection of this machine is given it; so these lie below it, and
each is reserved by a name among the machine's abstract Unix sockets, which the kernel frees when this process ends.
"""

import os
import socket
from collections.abc import Iterator

FIRST, LAST = 20_000, 32_000  #: below 32768, where Linux begins to give out ports by itself
STRIDE = 7_919  #: a prime that does not divide their number: processes begin far from each other

_reserved: list[socket.socket] = []  #: kept until this process ends


def free_port(begin: int | None = None) -> int:
    """A port on which nothing listens, and which no other call in any test process is given until this one ends.

    `begin`: how far into the range to look first; else each process begins elsewhere.
    """
    for port in _candidates(os.getpid() * STRIDE + len(_reserved) if begin is None else begin):
        name = socket.socket(socket.AF_UNIX)
        try:
            name.bind(f"\0seriatim-test-port-{port}")
        except OSError:  # another process has it, or this one has given it away before
            name.close()
            continue
        _reserved.append(name)
        if nothing_listens(port):
            return port
    raise RuntimeError(f"no port is free between {FIRST} and {LAST}")


def _candidates(begin: int) -> Iterator[int]:
    n_ports = LAST - FIRST
    return (FIRST + (begin + i) % n_ports for i in range(n_ports))


def nothing_listens(port: int) -> bool:
    """Could a server be started there now?"""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do: what was closed is no listener
        try:
            probe.bind(("", port))
        except OSError:
            return False
    return True
