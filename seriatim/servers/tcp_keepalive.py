"""TCP keepalive: a connection whose packets are swallowed is noticed in seconds, though nothing is sent over it.

A network that drops packets without a word, as after a failed host, a NAT that forgot or a pulled cable, leaves both
ends with a connection that looks idle. The kernel asks for a sign of life and gives the connection up without one; what
was sent and never acknowledged counts, too, where the system has TCP_USER_TIMEOUT (Linux, RFC 5482).
"""

import socket
from typing import Any

IDLE_S = 3  #: after so long without a packet the kernel asks,
ASK_S = 1  #: and asks again
ASK_MOST = 3
UNHEARD_MS = 6_000  #: what was sent and is not acknowledged for so long was sent in vain

#: option of the kernel -> what a connection has; where a system lacks one it goes without
OPTIONS: dict[int, int | bytes] = {
    getattr(socket, name): value
    for name, value in (
        ("TCP_KEEPIDLE", IDLE_S),
        ("TCP_KEEPINTVL", ASK_S),
        ("TCP_KEEPCNT", ASK_MOST),
        ("TCP_USER_TIMEOUT", UNHEARD_MS),
    )
    if hasattr(socket, name)
}
#: the same, as redis-py and kombu have it
KEPT_ALIVE: dict[str, Any] = {"socket_keepalive": True, "socket_keepalive_options": OPTIONS}
