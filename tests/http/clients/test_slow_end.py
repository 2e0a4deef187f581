"""The end of a gateway while a client still takes the last bytes of its response."""

import signal
import socket
import subprocess
from contextlib import suppress

from tests.http.clients.raw_connections import head
from tests.http.gateways import clear, start
from tests.support.process_system import PATIENCE_S, RealSystem, wait_until

CUT_S = 3.0  #: within which a gateway used to end that had given its last byte to the connection
BUFFER_BYTES = 4096  #: of the client's side


def test_a_gateway_does_not_end_before_its_clients_have_the_last_bytes(system: RealSystem) -> None:
    """A stream that is played as it comes leaves seconds of audio in the connection when the last sentence is sent."""
    gateway = start(system, "slow-end", http_drain_s=60)
    child, text = system.children["slow-end"], " ".join(clear(4, "Slow"))
    body = b'{"input": "%s", "response_format": "pcm"}' % text.encode()
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER_BYTES)
        client.connect(("127.0.0.1", gateway.port))
        length = f"content-length: {len(body)}"
        client.sendall(head("POST", "/v1/audio/speech", "content-type: application/json", length) + body)
        wait_until(lambda: "route='/v1/audio/speech' status=200" in system.log("slow-end"), "its request is over")
        child.send_signal(signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            child.wait(CUT_S)
        client.settimeout(PATIENCE_S)
        received = b"".join(iter(lambda: client.recv(65536), b""))
    assert received.endswith(b"\r\n0\r\n\r\n"), f"{len(received)} bytes, without the end"
    assert child.wait(PATIENCE_S) == 0, "once it has all"
