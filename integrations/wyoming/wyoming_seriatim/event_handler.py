"""Event handler: one connection of Home Assistant, which asks for voices and speech."""

import asyncio
import contextlib
import logging
from typing import Any

import httpx
from websockets.exceptions import WebSocketException
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.error import Error
from wyoming.event import Event
from wyoming.info import Attribution, Describe, Info, TtsProgram, TtsVoice
from wyoming.ping import Ping, Pong
from wyoming.server import AsyncEventHandler
from wyoming.tts import (
    Synthesize,
    SynthesizeChunk,
    SynthesizeStart,
    SynthesizeStop,
    SynthesizeStopped,
    SynthesizeVoice,
)

from wyoming_seriatim.gateway import Gateway, GatewayError, Speech

log = logging.getLogger(__name__)

ATTRIBUTION = Attribution(name="Seriatim", url="")
FAILURES = (GatewayError, httpx.HTTPError, WebSocketException, OSError)


class SeriatimEventHandler(AsyncEventHandler):
    """Answers events; a streamed text is spoken while it is still being received."""

    def __init__(self, gateway: Gateway, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        super().__init__(reader, writer)
        self._gateway = gateway
        self._streamed: Speech | None = None  #: the text that is being received
        self._answering: asyncio.Task[None] | None = None  #: sends its audio
        self._stack = contextlib.AsyncExitStack()

    async def handle_event(self, event: Event) -> bool:
        """Answer an event; False ends the connection."""
        try:
            await self._answer(event)
        except FAILURES as error:
            log.warning("request failed: %s", error)
            await self._end_stream()
            await self.write_event(Error(text=str(error), code=type(error).__name__).event())
        return True

    async def disconnect(self) -> None:
        """Cancel what is being spoken for a client that left."""
        await self._end_stream()

    async def _answer(self, event: Event) -> None:
        if Describe.is_type(event.type):
            await self.write_event(_info(await self._gateway.voices()).event())
        elif Ping.is_type(event.type):
            await self.write_event(Pong(text=Ping.from_event(event).text).event())
        elif SynthesizeStart.is_type(event.type):
            await self._start_stream(SynthesizeStart.from_event(event).voice)
        elif SynthesizeChunk.is_type(event.type) and self._streamed is not None:
            await self._streamed.write(SynthesizeChunk.from_event(event).text)
        elif SynthesizeStop.is_type(event.type) and self._streamed is not None:
            await self._finish_stream(self._streamed)
        elif Synthesize.is_type(event.type) and self._streamed is None:  # in a stream it repeats its text
            await self._speak(Synthesize.from_event(event))

    async def _speak(self, request: Synthesize) -> None:
        """Speak a text that is complete."""
        async with self._gateway.speech(**_voice_fields(request.voice)) as speech:
            await speech.write(request.text)
            await speech.close()
            await self._send_audio(speech)

    async def _start_stream(self, voice: SynthesizeVoice | None) -> None:
        await self._end_stream()
        self._streamed = await self._stack.enter_async_context(self._gateway.speech(**_voice_fields(voice)))
        self._answering = asyncio.create_task(self._send_audio(self._streamed))

    async def _finish_stream(self, speech: Speech) -> None:
        """Speak the rest of a streamed text.

        Raises:
            GatewayError: it could not be spoken.
        """
        await speech.close()
        if self._answering is not None:
            await self._answering
        await self._end_stream()
        await self.write_event(SynthesizeStopped().event())

    async def _end_stream(self) -> None:
        if self._answering is not None:
            self._answering.cancel()
            with contextlib.suppress(asyncio.CancelledError, *FAILURES):
                await self._answering
        self._streamed = self._answering = None
        await self._stack.aclose()

    async def _send_audio(self, speech: Speech) -> None:
        started, at_ms = False, 0.0
        async for audio in speech.audio():
            sound = {"rate": speech.rate_hz, "width": 2, "channels": 1}
            if not started:
                started = True
                await self.write_event(AudioStart(**sound, timestamp=0).event())
            await self.write_event(AudioChunk(**sound, audio=audio, timestamp=round(at_ms)).event())
            at_ms += len(audio) / 2 / speech.rate_hz * 1000
        if not started:  # a text without words
            await self.write_event(AudioStart(rate=speech.rate_hz or 22_050, width=2, channels=1, timestamp=0).event())
        await self.write_event(AudioStop(timestamp=round(at_ms)).event())


def _voice_fields(voice: SynthesizeVoice | None) -> dict[str, str]:
    """The fields of `start` for a voice; a name is `MODEL/VOICE`, as `Describe` lists it."""
    if voice is None:
        return {}
    if voice.name:
        model, _, name = voice.name.rpartition("/")
        return {"model": model, "voice": name}
    return {"language": voice.language or ""}


def _info(voices: list[dict[str, Any]]) -> Info:
    """The answer to `Describe`."""
    listed = [
        TtsVoice(
            name=f"{voice['model']}/{voice['id']}",
            description=voice["description"] or voice["name"],
            attribution=ATTRIBUTION,
            installed=True,
            version=None,
            languages=voice["languages"] or ["en"],
        )
        for voice in voices
    ]
    program = TtsProgram(
        name="seriatim",
        description="Seriatim: sentences are spoken in parallel and heard in order",
        attribution=ATTRIBUTION,
        installed=True,
        version="0.2.0",
        voices=listed,
        supports_synthesize_streaming=True,
    )
    return Info(tts=[program])
