"""LiveKit's turns: agents that speak through LiveKit's own classes, in an environment that has them.

Run as `python -m bench.agents.livekit_turns` with an `AgentRun` as JSON on its input; prints an `AgentAnswer`. Each
agent has a TTS of its own, as agents of LiveKit have. It writes a turn as fast as a language model does, plays what it
gets, and begins the next turn when all of it is played. What is refused is tried again as LiveKit does by itself.
"""

import asyncio
import logging
import sys
import time
from random import Random
from typing import Any, ClassVar

import aiohttp
from livekit.agents import APIError, tts
from livekit.plugins import openai, seriatim
from openai import AsyncOpenAI
from redis import Redis

from bench.agents.agent_plan import (
    PLUGIN,
    SESSION,
    AgentAnswer,
    AgentRun,
    Interruption,
    TurnResult,
    tokens,
    turn_text,
)
from bench.load.player import played
from seriatim.state.pool_record import read_pool

STAGGER_S = 0.7  #: between the first turns of two agents
INTERRUPTED_WITHIN_S = 0.4  #: after the first sound of a turn
SLOT_POLL_S = 0.001
SLOT_WAIT_S = 20.0  #: a slot that is busy for longer after an interruption counts so long


class CountingSocket(aiohttp.ClientWebSocketResponse):  # type: ignore[misc]  # aiohttp is not in every environment
    """A WebSocket that counts sound behind a `cancel`."""

    late_bytes: ClassVar[list[int]] = []  #: of each message with sound behind a cancel, of all connections
    is_cancelled = False

    async def send_json(self, message: dict[str, Any], *arguments: Any, **options: Any) -> None:
        """Send a message, and note whether it cancels."""
        if message["type"] in ("cancel", "start"):
            self.is_cancelled = message["type"] == "cancel"
        await super().send_json(message, *arguments, **options)

    async def receive(self, *arguments: Any, **options: Any) -> Any:
        """Receive a message, and count it."""
        message = await super().receive(*arguments, **options)
        if self.is_cancelled and message.type is aiohttp.WSMsgType.BINARY:
            self.late_bytes.append(len(message.data))
        return message


async def live_through(run: AgentRun) -> AgentAnswer:
    """All turns of all agents, or the interruptions of one."""
    async with aiohttp.ClientSession(ws_response_class=CountingSocket) as http:
        if run.interruptions:
            return AgentAnswer([], await interrupt_turns(run, speech_of(run, 0, http)))
        agents = [speak_turns(run, number, speech_of(run, number, http)) for number in range(run.agents)]
        return AgentAnswer([turn for turns in await asyncio.gather(*agents) for turn in turns], [])


def speech_of(run: AgentRun, agent: int, http: aiohttp.ClientSession) -> Any:
    """The text-to-speech of one agent."""
    if run.contender == PLUGIN:
        return seriatim.TTS(base_url=run.url, http_session=http)
    headers = {"seriatim-session": f"agent-{agent}"} if run.contender == SESSION else {}
    client = AsyncOpenAI(base_url=f"{run.url}/v1", api_key="none", max_retries=0, default_headers=headers)
    return tts.StreamAdapter(tts=openai.TTS(client=client, response_format="pcm"))


async def speak_turns(run: AgentRun, agent: int, speech: Any) -> list[TurnResult]:
    """The turns of one agent, each behind the sound of the one before."""
    speech.prewarm()
    await asyncio.sleep(agent * STAGGER_S)
    return [await speak_turn(speech, turn_text(agent, number), run.tokens_per_s) for number in range(run.turns)]


async def speak_turn(speech: Any, text: str, tokens_per_s: float) -> TurnResult:
    """One turn; returns when its sound is played."""
    began_s, frames, error = time.perf_counter(), [], ""
    async with speech.stream() as stream:
        writing = asyncio.create_task(write_text(stream, text, tokens_per_s))
        try:
            async for event in stream:
                frames.append((time.perf_counter() - began_s, event.frame.duration * 1000))  # noqa: PERF401  # an error leaves these
        except APIError as problem:
            error = str(problem) or type(problem).__name__
        await stop(writing)
    ended_s = time.perf_counter() - began_s
    player = played(frames, ended_s, ended_s=ended_s)
    await asyncio.sleep(max(0.0, (player.dry_s or 0.0) - (time.perf_counter() - began_s)))
    return TurnResult(frames, ended_s, error)


async def write_text(stream: Any, text: str, tokens_per_s: float) -> None:
    """Push a text token by token, as fast as a language model writes it; the first at once."""
    began_s = time.perf_counter()
    for number, token in enumerate(tokens(text)):
        await asyncio.sleep(began_s + number / tokens_per_s - time.perf_counter())
        stream.push_text(token)
    stream.end_input()


async def interrupt_turns(run: AgentRun, speech: Any) -> list[Interruption]:
    """Turns that are interrupted at moments which are the same in each run."""
    random, redis = Random(1), Redis.from_url(run.redis_url)
    found = []
    for number in range(run.interruptions):
        stream = speech.stream()
        writing = asyncio.create_task(write_text(stream, turn_text(0, number), run.tokens_per_s))
        await anext(aiter(stream))
        await asyncio.sleep(random.uniform(0.0, INTERRUPTED_WITHIN_S))
        await stop(writing)
        found.append(await interrupt(run, redis, stream))
    redis.close()
    return found


async def interrupt(run: AgentRun, redis: "Redis", stream: Any) -> Interruption:
    """Close a stream, as a framework does at an interruption, and see when no slot is busy."""
    busy_slots, n_late = read_pool(redis, run.pool).in_flight, len(CountingSocket.late_bytes)
    began_s = time.perf_counter()
    freed = asyncio.create_task(asyncio.to_thread(wait_for_slots, redis, run.pool))
    await stream.aclose()
    late = CountingSocket.late_bytes[n_late:]
    return Interruption(busy_slots, (await freed - began_s) * 1000, len(late), sum(late))


def wait_for_slots(redis: "Redis", pool: str) -> float:
    """The first moment at which no slot of the pool is busy."""
    until_s = time.perf_counter() + SLOT_WAIT_S
    while read_pool(redis, pool).in_flight and time.perf_counter() < until_s:
        time.sleep(SLOT_POLL_S)
    return time.perf_counter()


async def stop(task: "asyncio.Task[None]") -> None:
    """Cancel a task, and wait for its end."""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def main() -> None:
    """Read a run, live through it, print what came of it; refusals are counted, so that LiveKit need not log them."""
    logging.getLogger("livekit").setLevel(logging.CRITICAL)
    logging.getLogger("livekit.agents").setLevel(logging.CRITICAL)
    run = AgentRun.from_json(sys.stdin.read())
    print(asyncio.run(live_through(run)).to_json(), flush=True)


if __name__ == "__main__":
    main()
