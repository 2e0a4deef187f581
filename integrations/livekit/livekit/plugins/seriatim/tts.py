"""TTS: text-to-speech by a Seriatim gateway, as LiveKit Agents uses it."""

import asyncio
import logging
import os
from dataclasses import dataclass, replace
from typing import Any

import aiohttp
from livekit.agents import DEFAULT_API_CONNECT_OPTIONS, APIConnectOptions, tts, utils
from livekit.plugins.seriatim.chunked_stream import ChunkedStream
from livekit.plugins.seriatim.playback import Playback, Send, playback_of_agent
from livekit.plugins.seriatim.synthesize_stream import SynthesizeStream, Turn

log = logging.getLogger("livekit.plugins.seriatim")

BASE_URL = "http://127.0.0.1:8000"
CONNECTION_LIFE_S = 3600.0  #: a connection that was idle for longer is replaced
HEARTBEAT_S = 20.0  #: between pings, which show that the gateway is there
SAMPLE_RATE = 24_000


@dataclass(frozen=True, slots=True)
class GatewayOptions:
    """Where the gateway is, and how it speaks."""

    base_url: str
    api_key: str
    voice: str
    model: str
    language: str
    speed: float
    sample_rate: int

    @property
    def headers(self) -> dict[str, str]:
        """Headers of a request."""
        return {"authorization": f"Bearer {self.api_key}"} if self.api_key else {}

    def request_fields(self) -> dict[str, Any]:
        """Fields of a request that both interfaces have; what is not set is the gateway's choice."""
        fields = {"voice": self.voice, "model": self.model, "language": self.language}
        return {name: text for name, text in fields.items() if text} | {
            "speed": self.speed, "sample_rate": self.sample_rate,
        }  # fmt: skip


class TTS(tts.TTS):
    """Text-to-speech by a Seriatim gateway."""

    def __init__(
        self,
        *,
        base_url: str = "",
        api_key: str = "",
        voice: str = "",
        model: str = "",
        language: str = "",
        speed: float = 1.0,
        sample_rate: int = SAMPLE_RATE,
        http_session: aiohttp.ClientSession | None = None,
    ) -> None:
        """Create it; nothing is connected yet.

        Args:
            base_url: of the gateway; by default SERIATIM_BASE_URL, or http://127.0.0.1:8000.
            api_key: by default SERIATIM_API_KEY; a gateway without keys needs none.
            voice: one of `GET /v1/voices`; "": the model's default.
            model: a pool, one of `GET /v1/models`; "": the gateway's choice.
            language: as `de` or `German`; "": that of the voice, or of the text.
            speed: times the normal rate.
            sample_rate: of the audio, in Hz.
            http_session: for all requests; by default that of the agent's job.
        """
        super().__init__(
            capabilities=tts.TTSCapabilities(streaming=True, aligned_transcript=True),
            sample_rate=sample_rate,
            num_channels=1,
        )
        url = (base_url or os.environ.get("SERIATIM_BASE_URL", "") or BASE_URL).rstrip("/").removesuffix("/v1")
        key = api_key or os.environ.get("SERIATIM_API_KEY", "")
        self.options = GatewayOptions(url, key, voice, model, language, speed, sample_rate)
        self.connections: utils.ConnectionPool[aiohttp.ClientWebSocketResponse] = utils.ConnectionPool(
            connect_cb=self._connect,
            close_cb=self._disconnect,
            max_session_duration=CONNECTION_LIFE_S,
            mark_refreshed_on_get=True,
        )
        self.current_turn: Turn | None = None  #: the latest one
        self._playbacks: set[asyncio.Task[None]] = set()  #: reports of turns that are played
        self._session = http_session

    @property
    def model(self) -> str:
        """The model."""
        return self.options.model or "default"

    @property
    def provider(self) -> str:
        """The provider."""
        return "seriatim"

    def update_options(
        self, *, voice: str | None = None, language: str | None = None, speed: float | None = None
    ) -> None:
        """Change how the next turns are spoken."""
        changes = {"voice": voice, "language": language, "speed": speed}
        self.options = replace(self.options, **{name: new for name, new in changes.items() if new is not None})

    def synthesize(self, text: str, *, conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS) -> ChunkedStream:
        """Speak a text that is complete."""
        return ChunkedStream(tts=self, input_text=text, conn_options=conn_options)

    def stream(self, *, conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS) -> SynthesizeStream:
        """Speak one turn, whose text is pushed as it is written."""
        return SynthesizeStream(tts=self, conn_options=conn_options)

    async def report_played(self, position_s: float) -> None:
        """Report how much of the latest turn was really played, so that the gateway speaks just ahead of that.

        The output of an agent is followed by itself; this is for others.
        """
        if self.current_turn is not None:
            await self.current_turn.send("heard", ms=round(position_s * 1000))

    def follow_playback(self, send: Send) -> Playback | None:
        """Report the playback of the speech that the current task synthesizes; None outside an agent."""
        playback = playback_of_agent(send)
        if playback is not None:
            task = asyncio.create_task(playback.report(), name="report playback")
            self._playbacks.add(task)
            task.add_done_callback(self._playbacks.discard)
        return playback

    def prewarm(self) -> None:
        """Open a connection in the background, so that the first turn need not wait for it."""
        self.connections.prewarm()

    async def aclose(self) -> None:
        """Close all connections."""
        await utils.aio.cancel_and_wait(*self._playbacks)
        await self.connections.aclose()

    def http_session(self) -> aiohttp.ClientSession:
        """The session that requests are sent with."""
        if self._session is None:
            self._session = utils.http_context.http_session()
        return self._session

    def log_resume(self, token: str, after: str) -> None:
        """Log that a turn is resumed on a new connection."""
        log.warning("connection lost; resuming the turn", extra={"job": token.partition("-")[0], "after": after})

    async def _connect(self, timeout: float) -> aiohttp.ClientWebSocketResponse:  # noqa: ASYNC109  # as LiveKit calls it
        url = "ws" + self.options.base_url.removeprefix("http") + "/v1/stream"
        async with asyncio.timeout(timeout):
            return await self.http_session().ws_connect(url, headers=self.options.headers, heartbeat=HEARTBEAT_S)

    async def _disconnect(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        await socket.close()
