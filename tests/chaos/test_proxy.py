"""The proxy of chaos runs: it leaves nothing open."""

import gc
import socket
import warnings
from contextlib import ExitStack
from pathlib import Path

from tests.chaos.proxy import Proxy

CLOSINGS = 60  #: of proxies whose clients have just connected: before, one in three left a connection open


def test_connections_that_are_accepted_while_it_closes_are_closed(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server, warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        server.bind(str(tmp_path / "server"))
        server.listen(CLOSINGS * 3)
        for _ in range(CLOSINGS):
            with ExitStack() as clients, Proxy(None, tmp_path / "server") as proxy:
                for _ in range(3):
                    clients.enter_context(socket.create_connection(("127.0.0.1", proxy.port)))
        gc.collect()
    assert [str(warning.message) for warning in found] == []
