"""Playback of an agent's turns: the gateway learns how far it is without code of the agent, also behind their end."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
from livekit import rtc
from livekit.agents import Agent, AgentSession
from livekit.agents.voice import io
from livekit.plugins import seriatim
from livekit.plugins.seriatim.playback import PlaybackClock

TEXT = " ".join(f"The {fox} fox sings of green hills." for fox in ("red", "old", "sly", "shy", "wet", "big", "sad"))
RATE_HZ = 24_000
WAIT_S = 60.0
INTERRUPTED_AT_S = 0.5


class ControlledOutput(io.AudioOutput):
    """An output that takes sound at once; the test says when it has been played."""

    def __init__(self) -> None:
        super().__init__(label="test", capabilities=io.AudioOutputCapabilities(pause=True), sample_rate=RATE_HZ)
        self.audio_s = 0.0
        self.first, self.whole, self.over = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def capture_frame(self, frame: rtc.AudioFrame) -> None:
        await super().capture_frame(frame)
        self.audio_s += frame.duration
        if not self.first.is_set():
            self.on_playback_started(created_at=time.time())
            self.first.set()

    def flush(self) -> None:
        super().flush()
        self.whole.set()

    def clear_buffer(self) -> None:
        self._finish(INTERRUPTED_AT_S, interrupted=True)

    def play_to_the_end(self) -> None:
        self._finish(self.audio_s, interrupted=False)

    def _finish(self, position_s: float, *, interrupted: bool) -> None:
        if self.first.is_set() and not self.over.is_set():
            self.over.set()
            self.on_playback_finished(playback_position=position_s, interrupted=interrupted)


@dataclass
class PlayingAgent:
    """An agent in a session with the plugin, and what the plugin sends to the gateway."""

    session: "AgentSession[None]"
    plugin: seriatim.TTS
    output: ControlledOutput
    sent: list[dict[str, Any]]

    @property
    def turn(self) -> Any:
        return self.plugin.current_turn

    async def reported(self) -> None:
        """All reports of the turn were sent."""
        await until(lambda: not self.plugin._playbacks)

    def messages(self, kind: str) -> list[dict[str, Any]]:
        return [message for message in self.sent if message["type"] == kind]


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(WAIT_S):
        while not condition():
            await asyncio.sleep(0.01)


@asynccontextmanager
async def playing_agent(gateway: str) -> AsyncIterator[PlayingAgent]:
    sent: list[dict[str, Any]] = []

    class RecordingSocket(aiohttp.ClientWebSocketResponse):
        async def send_json(self, message: dict[str, Any], *arguments: Any, **options: Any) -> None:
            sent.append(message)
            await super().send_json(message, *arguments, **options)

    async with (
        aiohttp.ClientSession(ws_response_class=RecordingSocket) as http,
        seriatim.TTS(base_url=gateway, sample_rate=RATE_HZ, http_session=http) as plugin,
    ):
        session: AgentSession[None] = AgentSession(
            tts=plugin, vad=None, turn_handling={"turn_detection": "manual"},
        )  # fmt: skip
        session.output.audio = output = ControlledOutput()
        await session.start(Agent(instructions="Say what you are given."))
        yield PlayingAgent(session, plugin, output, sent)
        await session.aclose()


async def unfinished(text: str) -> AsyncIterator[str]:
    """A text whose end does not come."""
    yield f"{text} "
    await asyncio.Event().wait()


async def test_what_is_played_is_reported_up_to_the_end_of_a_turn(gateway: str) -> None:
    async with playing_agent(gateway) as agent:
        speech = agent.session.say(TEXT)
        await until(agent.output.whole.is_set)
        agent.output.play_to_the_end()
        await speech
        await agent.reported()
        reports = agent.messages("heard")
        assert {report["job"] for report in reports} == {agent.turn.job}
        assert reports[0]["ms"] < reports[-1]["ms"], "one when playback began, and one when it was over"
        assert reports[-1]["ms"] > agent.output.audio_s * 1000, "the gateway may count a little more"
        assert agent.messages("cancel") == []


async def test_a_turn_that_is_interrupted_behind_its_end_gives_its_share_back(gateway: str) -> None:
    """All of its sound is there, and not played yet: the gateway keeps a share for its listener meanwhile."""
    async with playing_agent(gateway) as agent:
        speech = agent.session.say(TEXT)
        await until(lambda: agent.output.whole.is_set() and agent.turn.playback.job_ended)
        speech.interrupt()
        await speech
        await agent.reported()
        job = agent.turn.job
        played = {"type": "heard", "job": job, "ms": round(INTERRUPTED_AT_S * 1000)}
        assert agent.sent[-2:] == [played, {"type": "cancel", "job": job}]


async def test_an_interruption_in_mid_turn_reports_the_position_and_then_cancels(gateway: str) -> None:
    async with playing_agent(gateway) as agent:
        speech = agent.session.say(unfinished(TEXT))
        await until(agent.output.first.is_set)
        speech.interrupt()
        await speech
        await agent.reported()
        kinds = [message["type"] for message in agent.sent]
        assert kinds.count("cancel") == 1
        report = agent.sent[kinds.index("cancel") - 1]
        assert (report["type"], report["job"]) == ("heard", agent.turn.job)
        assert report["ms"] <= agent.turn.audio_s * 1000


async def test_playback_stands_still_while_the_agent_does_not_speak(gateway: str) -> None:
    """LiveKit pauses its output while it waits whether a noise is an interruption."""
    async with playing_agent(gateway) as agent:
        speech = agent.session.say(unfinished(TEXT))
        await until(lambda: agent.session.agent_state == "speaking")
        clock = agent.turn.playback.clock
        running = [clock.running_since_s is not None]
        for state in ("listening", "speaking"):
            agent.session._update_agent_state(state)
            running.append(clock.running_since_s is not None)
        speech.interrupt()
        await speech
        await agent.reported()
    assert running == [True, False, True]


async def test_a_text_that_no_agent_plays_is_reported_by_hand_alone_also_behind_its_end(gateway: str) -> None:
    async with playing_agent(gateway) as agent, agent.plugin.stream() as stream:
        stream.push_text(TEXT)
        stream.end_input()
        assert [event async for event in stream]
        assert agent.messages("heard") == []
        await agent.plugin.report_played(1.25)
        assert agent.sent[-1] == {"type": "heard", "job": agent.turn.job, "ms": 1250}


def test_a_clock_of_playback_moves_up_to_what_has_arrived_and_stands_still_while_paused() -> None:
    clock = PlaybackClock()
    clock.add(2.0, 10.0)
    assert clock.position(11.0) == 0
    clock.start(11.0)
    assert clock.position(12.5) == 1.5
    assert clock.position(20.0) == 2.0
    clock.add(3.0, 20.0)
    assert clock.position(21.0) == 3.0
    clock.pause(21.0)
    assert clock.position(30.0) == 3.0
    clock.start(30.0)
    assert clock.position(31.0) == 4.0
