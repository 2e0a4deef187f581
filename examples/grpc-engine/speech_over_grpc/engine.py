"""Engine of sentences that a gRPC server speaks (speech.proto); a slot is a call that waits.

The messages are made of the .proto when the module is imported, so that there is no generated file to keep in step.
"""

import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import grpc

from seriatim.engine import AudioChunk, Continuity, Utterance, Voice
from seriatim.engine_abilities import Abilities
from seriatim.errors import BadInput, EngineBusy, EngineFailed, UnknownOption, UpstreamFailed

messages, services = grpc.protos_and_services("speech_over_grpc/speech.proto")

RETRY_AFTER_S = 1.0  #: where a busy server says no time
CANCEL_POLL_S = 0.05  #: how soon a call ends whose sentence is not needed


class GrpcEngine:
    """The engine; thread-safe: all slots share one channel."""

    name, rate_hz, rtf = "speech-over-grpc", 24_000, 0.3
    continuity = Continuity.NONE  # a second attempt may have other bytes
    limit_chars, limits, merge_chars = 400, {}, 0
    abilities, gauges = Abilities("speech-over-grpc"), {}

    def __init__(self, target: str, slots: int, voices: str, timeout_s: float) -> None:
        self.slots, self._timeout_s = slots, timeout_s
        self.voices = tuple(Voice(name, "") for name in voices.split(",") if name) or (Voice("default", ""),)
        self._channel = grpc.insecure_channel(target)  # or grpc.secure_channel, with the server's credentials
        self._stub = services.SpeechStub(self._channel)

    def speak(self, utterance: Utterance, cancelled: Callable[[], bool]) -> Iterator[AudioChunk]:
        """Pass the server's pieces on as they come.

        Raises:
            EngineBusy: the server takes no call now.
            BadInput: it will never speak this text.
            UpstreamFailed, EngineFailed: this attempt failed.
        """
        fields = {name: getattr(utterance, name) for name in ("text", "voice", "language", "speed", "seed")}
        call = self._stub.Speak(messages.SpeakRequest(**fields), timeout=self._timeout_s)
        ended = threading.Event()
        watch = threading.Thread(target=_cancel_when, args=(cancelled, call, ended), daemon=True)
        watch.start()
        try:
            for response in call:
                yield AudioChunk(response.pcm)
        except grpc.RpcError:
            if not cancelled():
                raise _error_of(call) from None
        finally:
            ended.set()
            call.cancel()  # without effect on one that has ended

    def close(self) -> None:
        """Close the channel."""
        self._channel.close()


def load(options: Mapping[str, str]) -> GrpcEngine:
    """Load the engine; `options` are the KEY=VALUE pairs of --engine-option.

    Raises:
        UnknownOption: `target` is missing.
    """
    if "target" not in options:
        raise UnknownOption("the engine needs the server's address: --engine-option target=HOST:PORT")
    timeout_s = float(options.get("timeout_s", "60"))
    return GrpcEngine(options["target"], int(options.get("slots", "4")), options.get("voices", ""), timeout_s)


def _cancel_when(cancelled: Callable[[], bool], call: Any, ended: threading.Event) -> None:
    """Cancel a call once its sentence is not needed: the slot's own thread waits for the next piece."""
    while not ended.wait(CANCEL_POLL_S):
        if cancelled():
            call.cancel()
            return


def _error_of(call: Any) -> Exception:
    """The error for the status with which a call ended."""
    code, reason = call.code(), f"the server answered {call.code().name}: {call.details()}"[:200]
    if code is grpc.StatusCode.RESOURCE_EXHAUSTED:
        waits = dict(call.trailing_metadata() or ())
        retry_after_ms = str(waits.get("retry-after-ms", ""))
        return EngineBusy(reason, int(retry_after_ms) / 1000 if retry_after_ms.isdecimal() else RETRY_AFTER_S)
    if code is grpc.StatusCode.INVALID_ARGUMENT:
        return BadInput(reason)
    if code in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.INTERNAL):
        return UpstreamFailed(reason)
    return EngineFailed(reason)
