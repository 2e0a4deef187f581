"""Synthesize stream: one turn of an agent, whose text is sent as the language model writes it.

If the connection is lost in the middle of a turn, the turn is resumed at the audio that was received last: Seriatim
keeps the job for 20 s, at any of its gateways. If the turn is interrupted, its job is cancelled, and the connection is
used again. An agent's turn is played for longer than its stream lives: reports of its playback go on behind its end.
"""

import asyncio
import contextlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import aiohttp
from livekit.agents import APIConnectionError, APIError, APITimeoutError, tts, utils
from livekit.agents.types import TimedString
from livekit.plugins.seriatim.gateway_errors import error_of_body
from livekit.plugins.seriatim.playback import Playback

if TYPE_CHECKING:
    from livekit.plugins.seriatim.tts import TTS

RESUME_ATTEMPTS = 6
RESUME_INTERVAL_S = 1.0  #: between two attempts
CANCEL_TIMEOUT_S = 1.0  #: for the end of a cancelled job; a connection that takes longer is not used again
CLOSED = (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSING, aiohttp.WSMsgType.ERROR)


class ConnectionLost(Exception):
    """The connection broke before the end of the turn."""


@dataclass
class Turn:
    """What was sent and received of a turn, on however many connections."""

    messages: list[dict[str, Any]] = field(default_factory=list)  #: the text so far, and `flush` and `close`
    changed: asyncio.Event = field(default_factory=asyncio.Event)  #: there is another message
    token: str = ""  #: with which the turn is resumed; "": its job has not started
    after: str = ""  #: id of the last audio that was received
    audio_s: float = 0.0  #: seconds of audio that were received
    socket: aiohttp.ClientWebSocketResponse | None = None  #: the connection that speaks it, or has spoken it
    playback: Playback | None = None  #: by the output of an agent; set with the first audio

    def add(self, kind: str, **fields: str) -> None:
        """Add a message for the gateway."""
        self.messages.append({"type": kind, **fields})
        self.changed.set()

    @property
    def job(self) -> str:
        """Id of the job; "" before it has started."""
        return self.token.partition("-")[0]

    async def send(self, kind: str, **fields: float) -> None:
        """Send a message about playback, also behind the end of the job; without a connection it is dropped."""
        if self.job and self.socket is not None and not self.socket.closed:
            with contextlib.suppress(ConnectionError, aiohttp.ClientError):
                await self.socket.send_json({"type": kind, "job": self.job, **fields})

    async def wait_for_message(self, number: int) -> dict[str, Any]:
        """The message with a number, from 0 on; waits for it."""
        while len(self.messages) <= number:
            self.changed.clear()
            await self.changed.wait()
        return self.messages[number]


class SynthesizeStream(tts.SynthesizeStream):
    """One turn."""

    _tts: "TTS"

    async def _run(self, output_emitter: tts.AudioEmitter) -> None:
        output_emitter.initialize(
            request_id=utils.shortuuid(),
            sample_rate=self._tts.sample_rate,
            num_channels=1,
            mime_type="audio/pcm",
            stream=True,
        )
        turn = Turn()
        reading = asyncio.create_task(self._read_input(turn))
        try:
            if (await turn.wait_for_message(0))["type"] != "close":  # otherwise there is no text
                self._mark_started()
                self._tts.current_turn = turn
                await self._speak_turn(turn, output_emitter)
        except TimeoutError:
            raise APITimeoutError() from None
        except APIError:
            raise
        except aiohttp.WSServerHandshakeError as error:
            raise error_of_body({"error": {"message": error.message}}, error.status) from None
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise APIConnectionError(f"{type(error).__name__}: {error}") from error
        finally:
            await utils.aio.gracefully_cancel(reading)

    async def _read_input(self, turn: Turn) -> None:
        has_text = False
        async for piece in self._input_ch:
            if not isinstance(piece, self._FlushSentinel):
                turn.add("text", text=piece)
                has_text = True
            elif has_text:
                turn.add("flush")
        turn.add("close")

    async def _speak_turn(self, turn: Turn, output_emitter: tts.AudioEmitter) -> None:
        """Speak the turn; a lost connection is replaced.

        Raises:
            APIConnectionError: it could not be replaced.
        """
        for attempt in range(RESUME_ATTEMPTS):
            if attempt:
                await asyncio.sleep(RESUME_INTERVAL_S)
            try:
                await self._speak_on_connection(turn, output_emitter)
            except (ConnectionLost, aiohttp.ClientConnectionError, ConnectionError) as error:
                if not turn.token:
                    raise APIConnectionError(f"the connection was lost: {error}") from error
                self._tts.log_resume(turn.token, turn.after)
            else:
                return
        raise APIConnectionError(f"the turn could not be resumed in {RESUME_ATTEMPTS} attempts", retryable=False)

    async def _speak_on_connection(self, turn: Turn, output_emitter: tts.AudioEmitter) -> None:
        pool = self._tts.connections
        socket = await pool.get(timeout=self._conn_options.timeout)
        self._acquire_time, self._connection_reused = pool.last_acquire_time, pool.last_connection_reused
        reusable = False
        sending = asyncio.create_task(self._send_text(socket, turn))
        turn.socket = socket
        try:
            await self._receive_audio(socket, turn, output_emitter)
            reusable = True
        except asyncio.CancelledError:  # the user interrupts
            await utils.aio.gracefully_cancel(sending)
            reusable = await _cancel_job(socket, turn)
            raise
        finally:
            await utils.aio.gracefully_cancel(sending)
            (pool.put if reusable else pool.remove)(socket)

    async def _send_text(self, socket: aiohttp.ClientWebSocketResponse, turn: Turn) -> None:
        """Send all text of the turn, from its beginning: a resumed job knows what it has."""
        start = {"type": "start", "format": "pcm", "words": True, **self._tts.options.request_fields()}
        if turn.token:
            start |= {"resume": turn.token, "after": turn.after}
        number = 0
        with contextlib.suppress(ConnectionError, aiohttp.ClientError):  # the receiving side notices, too
            await socket.send_json(start)
            while (message := await turn.wait_for_message(number))["type"] != "close":
                await socket.send_json(message)
                number += 1
            await socket.send_json(message)

    async def _receive_audio(
        self, socket: aiohttp.ClientWebSocketResponse, turn: Turn, output_emitter: tts.AudioEmitter
    ) -> None:
        """Pass audio and sentences on until the end of the job.

        Raises:
            ConnectionLost: before its end.
            APIError: the gateway refused the turn, or the job failed.
        """
        while (event := await _receive_event(socket))["type"] != "end":
            match event["type"]:
                case "started" if not turn.token:
                    turn.token = event["resume"]
                    output_emitter.start_segment(segment_id=event["job"])
                case "sentence":
                    output_emitter.push_timed_transcript(timed_words(event, turn.audio_s))
                case "audio":
                    self._pass_on(event["audio"], turn, output_emitter)
                    turn.after = event["id"]
                case "error":
                    raise error_of_body(event)
        if event["state"] != "done":
            raise APIError(f"{event['state']}: {event['reason']}", body=event, retryable=False)
        self._pass_on(event["audio"], turn, output_emitter)
        if turn.playback is not None:
            turn.playback.job_ended = True
        output_emitter.end_segment()

    def _pass_on(self, audio: bytes, turn: Turn, output_emitter: tts.AudioEmitter) -> None:
        """Pass audio on, and follow its playback from the first on."""
        audio_s = len(audio) / 2 / self._tts.sample_rate
        turn.audio_s += audio_s
        if audio and turn.playback is None:
            turn.playback = self._tts.follow_playback(turn.send)
        if turn.playback is not None:
            turn.playback.add_audio(audio_s)
        output_emitter.push(audio)


def timed_words(sentence: dict[str, Any], start_s: float) -> list[TimedString]:
    """The text of a sentence that begins at `start_s`, in parts of one word each, with their times in the turn."""
    text, words = sentence["text"] + " ", sentence.get("words", [])
    starts, position = [], 0
    for word in words:
        position = max(position, text.find(word["text"], position))
        starts.append(position)
        position += len(word["text"])
    if not words:
        return [TimedString(text, start_time=start_s)]
    ends = [*starts[1:], len(text)]
    return [
        TimedString(
            text[first if number else 0 : end],
            start_time=start_s + word["start_ms"] / 1000,
            end_time=start_s + word["end_ms"] / 1000,
        )
        for number, (word, first, end) in enumerate(zip(words, starts, ends, strict=True))
    ]


async def _receive_event(socket: aiohttp.ClientWebSocketResponse) -> dict[str, Any]:
    """The next message of the gateway, with the bytes that it announces as `audio`.

    Raises:
        ConnectionLost: there is none.
    """
    message = await socket.receive()
    if message.type in CLOSED:
        raise ConnectionLost(f"code {socket.close_code}")
    event: dict[str, Any] = json.loads(message.data)
    event["audio"] = b""
    if event.get("bytes"):
        audio = await socket.receive()
        if audio.type is not aiohttp.WSMsgType.BINARY:
            raise ConnectionLost(f"code {socket.close_code}")
        event["audio"] = audio.data
    return event


async def _cancel_job(socket: aiohttp.ClientWebSocketResponse, turn: Turn) -> bool:
    """Cancel the job of a turn, and wait for its end; returns whether the connection can be used again."""
    with contextlib.suppress(TimeoutError, ConnectionLost, ConnectionError, aiohttp.ClientError):
        async with asyncio.timeout(CANCEL_TIMEOUT_S):
            if turn.playback is not None:
                await turn.send("heard", ms=turn.playback.position_ms)
            await socket.send_json({"type": "cancel"})
            while (event := await _receive_event(socket))["type"] not in ("end", "error"):
                pass
            return bool(event["type"] == "end")
    return False
