"""A gRPC server that speaks melodies, as a process of its own: gRPC's threads do not survive a fork of the tests'.

`python -m tests.providers.grpc_speech_server` prints its port. A text names the status with which it ends: BUSY, NEVER,
or BROKEN, which is sent behind the first piece.
"""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc

from tests.providers.provider_simulator import sound_of

PIECE = 4_800
PROTO = "speech_over_grpc/speech.proto"


def serve() -> None:
    """Serve on a free port until the process is ended."""
    messages, services = grpc.protos_and_services(PROTO)

    class Speech(services.SpeechServicer):  # type: ignore[misc,name-defined]  # made of the .proto
        def Speak(self, call: Any, context: Any) -> Iterator[Any]:  # noqa: N802  # as the .proto has it
            if "BUSY" in call.text:
                context.set_trailing_metadata((("retry-after-ms", "1500"),))
                context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "all places are taken")
            if "NEVER" in call.text:
                context.abort(grpc.StatusCode.INVALID_ARGUMENT, "no such text")
            pcm = sound_of(call.text)
            for at in range(0, len(pcm), PIECE):
                if "BROKEN" in call.text and at:
                    context.abort(grpc.StatusCode.UNAVAILABLE, "going down")
                yield messages.SpeakResponse(pcm=pcm[at : at + PIECE])

    server = grpc.server(ThreadPoolExecutor(8))
    services.add_SpeechServicer_to_server(Speech(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)  # noqa: T201  # for the process that started this one
    threading.Event().wait()


if __name__ == "__main__":
    serve()
