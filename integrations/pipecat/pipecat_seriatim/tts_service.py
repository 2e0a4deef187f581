"""TTS service: each audio context of Pipecat is a job of a Seriatim gateway, on a connection of its own.

A connection is used for one context after another; one is opened before it is needed. An interruption cancels the job.
Audio is played for longer than it takes to synthesize it: what the output transport says of it is reported to the
gateway, also behind the end of its job.
"""

import asyncio
import contextlib
import json
import os
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any

from pipecat.frames.frames import (
    CancelFrame,
    EndFrame,
    ErrorFrame,
    Frame,
    InterruptionFrame,
    TTSAudioRawFrame,
    TTSStoppedFrame,
)
from pipecat.processors.frame_processor import FrameDirection, FrameProcessorSetup
from pipecat.services.settings import TTSSettings
from pipecat.services.tts_service import TTSService
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException
from websockets.protocol import State

from pipecat_seriatim.playback import PlaybackReports, SpokenContext

BASE_URL = "http://127.0.0.1:8000"
CANCEL_TIMEOUT_S = 1.0  #: for the end of a cancelled job; a connection that takes longer is closed
MAX_IDLE = 2  #: connections that are kept for the next contexts


@dataclass
class SeriatimTTSSettings(TTSSettings):
    """Settings that can change while the pipeline runs; they apply from the next turn on."""

    speed: float = 1.0  #: times the normal rate


class SeriatimTTSService(TTSService):
    """Text-to-speech by a Seriatim gateway."""

    Settings = SeriatimTTSSettings
    _settings: SeriatimTTSSettings

    def __init__(
        self,
        *,
        base_url: str = "",
        api_key: str = "",
        settings: SeriatimTTSSettings | None = None,
        word_timestamps: bool = False,
        **options: Any,  # those of TTSService
    ) -> None:
        """Create it; it connects when the pipeline starts.

        Args:
            base_url: of the gateway; by default SERIATIM_BASE_URL, or http://127.0.0.1:8000.
            api_key: by default SERIATIM_API_KEY; a gateway without keys needs none.
            settings: voice, model, language and speed; what is not set is the gateway's choice.
            word_timestamps: push a text frame for each word when it is spoken, instead of one for each sentence, so
                that the context of an interrupted turn ends with the last word that was spoken. The times are the
                engine's own, or estimates for engines that have none.
            options: those of Pipecat's `TTSService`, such as `sample_rate` or `text_aggregation_mode`.
        """
        effective = SeriatimTTSSettings(model="", voice="", language=None)
        if settings is not None:
            effective.apply_update(settings)
        super().__init__(
            push_start_frame=True, push_text_frames=not word_timestamps, settings=effective, **options
        )  # fmt: skip
        self._word_timestamps = word_timestamps
        url = (base_url or os.environ.get("SERIATIM_BASE_URL", "") or BASE_URL).rstrip("/").removesuffix("/v1")
        key = api_key or os.environ.get("SERIATIM_API_KEY", "")
        self._stream_url = f"ws{url.removeprefix('http')}/v1/stream"
        self._headers = {"authorization": f"Bearer {key}"} if key else {}
        self._idle: list[ClientConnection] = []
        self._contexts: dict[str, SpokenContext] = {}  #: by context id
        self._playback = PlaybackReports()

    def can_generate_metrics(self) -> bool:
        """Whether times to the first audio are measured."""
        return True

    async def setup(self, setup: FrameProcessorSetup) -> None:
        """Open a connection for the first turn."""
        await super().setup(setup)
        with contextlib.suppress(OSError, WebSocketException):  # the first turn tries again, and reports it
            self._idle.append(await self._connect())

    async def stop(self, frame: EndFrame) -> None:
        """Close all connections."""
        await super().stop(frame)
        await self._close_connections()

    async def cancel(self, frame: CancelFrame) -> None:
        """Close all connections."""
        await super().cancel(frame)
        await self._close_connections()

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Process a frame; those about playback are reported to the gateway."""
        if isinstance(frame, InterruptionFrame):  # before the jobs that still run are cancelled
            await self._playback.interrupt()
        await super().process_frame(frame, direction)
        await self._playback.handle_frame(frame)

    async def run_tts(self, text: str, context_id: str) -> AsyncGenerator[Frame | None, None]:
        """Send text of a context; its audio arrives by itself."""
        try:
            if context_id not in self._contexts:
                self._contexts[context_id] = await self._start_job(context_id)
            piece = text if self._is_streaming_tokens else f"{text} "
            await self._contexts[context_id].connection.send(json.dumps({"type": "text", "text": piece}))
            await self.start_tts_usage_metrics(text)
        except (OSError, WebSocketException) as error:
            yield ErrorFrame(error=f"the gateway cannot be reached: {error}")
        yield None

    async def flush_audio(self, context_id: str | None = None) -> None:
        """End the text of a context."""
        if (context := self._contexts.get(context_id or "")) is not None and not context.cancelled:
            with contextlib.suppress(WebSocketException):  # the receiving task notices, too
                await context.connection.send(json.dumps({"type": "close"}))

    async def on_audio_context_interrupted(self, context_id: str) -> None:
        """Cancel the job of a context."""
        if (context := self._contexts.pop(context_id, None)) is not None:
            context.cancelled = True
            self._playback.discard(context)  # its first audio may have come behind the interruption
            with contextlib.suppress(WebSocketException):
                await context.connection.send(json.dumps({"type": "cancel"}))
            self.create_task(self._bound_end(context), name=f"cancel {context_id}")
        await super().on_audio_context_interrupted(context_id)

    async def _start_job(self, context_id: str) -> SpokenContext:
        connection = self._take_idle() or await self._connect()
        settings = self._settings
        fields = {"voice": settings.voice, "model": settings.model, "language": settings.language}
        start = {"type": "start", "format": "pcm", "sample_rate": self.sample_rate, "speed": settings.speed}
        start["words"] = self._word_timestamps
        await connection.send(json.dumps(start | {name: value for name, value in fields.items() if value}))
        context = SpokenContext(connection)
        context.receiving = self.create_task(self._receive_audio(context, context_id), name=f"receive {context_id}")
        return context

    async def _receive_audio(self, context: SpokenContext, context_id: str) -> None:
        """Pass the audio of a context on, until its job ends."""
        problem = await self._pass_audio_on(context, context_id)
        await self._playback.handle_end(context)
        if not problem and len(self._idle) < MAX_IDLE:
            self._idle.append(context.connection)
        else:
            await context.connection.close()
        if self._contexts.get(context_id) is context:
            del self._contexts[context_id]
        if context.cancelled:
            return
        if problem:
            await self.push_error(error_msg=problem)
        if self.audio_context_available(context_id):
            await self.append_to_audio_context(context_id, TTSStoppedFrame(context_id=context_id))
            await self.remove_audio_context(context_id)

    async def _pass_audio_on(self, context: SpokenContext, context_id: str) -> str:
        """Pass audio on until the end of the job; returns what went wrong, or ""."""
        try:
            async for message in context.connection:
                if isinstance(message, bytes):
                    await self._append_audio(context, context_id, message)
                elif (problem := await self._handle_event(context, context_id, json.loads(message))) is not None:
                    return problem
        except WebSocketException as error:
            return f"the connection was lost: {error}"
        return "the gateway closed the connection"

    async def _handle_event(self, context: SpokenContext, context_id: str, event: dict[str, Any]) -> str | None:
        """Handle a message of the gateway; returns what went wrong, or "" at the end of the job, or None before it."""
        match event["type"]:
            case "error":
                return f"{event['error']['code']}: {event['error']['message']}"
            case "started":
                context.job = event["job"]
            case "sentence" if self._word_timestamps and not context.cancelled:
                words = timed_words(event, context.clock.audio_s)
                await self.add_word_timestamps(words, context_id, " " not in event["text"])
            case "end":
                if event["bytes"]:
                    await self._append_audio(context, context_id, await context.connection.recv(decode=False))
                failed = event["state"] != "done" and not context.cancelled
                return f"the job {event['state']}: {event['reason']}" if failed else ""
        return None

    async def _append_audio(self, context: SpokenContext, context_id: str, audio: bytes) -> None:
        await self.stop_ttfb_metrics()
        if not context.cancelled and self.audio_context_available(context_id):
            self._playback.add_audio(context, len(audio) / 2 / self.sample_rate)
            frame = TTSAudioRawFrame(audio, self.sample_rate, 1, context_id=context_id)
            await self.append_to_audio_context(context_id, frame)

    async def _bound_end(self, context: SpokenContext) -> None:
        """Close the connection of a cancelled job whose end does not come."""
        try:
            async with asyncio.timeout(CANCEL_TIMEOUT_S):
                await context.ended.wait()
        except TimeoutError:
            await context.connection.close()

    def _take_idle(self) -> ClientConnection | None:
        while self._idle:
            connection = self._idle.pop()
            if connection.state is State.OPEN:
                return connection
        return None

    async def _connect(self) -> ClientConnection:
        return await connect(self._stream_url, additional_headers=self._headers, proxy=None, max_size=None)

    async def _close_connections(self) -> None:
        for connection in [*self._idle, *(context.connection for context in self._contexts.values())]:
            await connection.close()
        self._idle.clear()


def timed_words(sentence: dict[str, Any], start_s: float) -> list[tuple[str, float]]:
    """The words of a sentence that begins at `start_s`, each with the marks beside it, and its time in the turn."""
    text, starts, position = sentence["text"], [], 0
    for word in sentence["words"]:
        position = max(position, text.find(word["text"], position))
        starts.append(position)
        position += len(word["text"])
    ends = [*starts[1:], len(text)]
    return [
        (text[first if number else 0 : end].strip(), start_s + word["start_ms"] / 1000)
        for number, (word, first, end) in enumerate(zip(sentence["words"], starts, ends, strict=True))
    ]
