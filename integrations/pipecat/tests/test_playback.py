"""Playback by an output transport: the gateway learns how far it is, also behind the end of a job."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
from pipecat.frames.frames import (
    BotStartedSpeakingFrame,
    BotStoppedSpeakingFrame,
    EndFrame,
    Frame,
    InterruptionFrame,
    LLMFullResponseStartFrame,
    LLMTextFrame,
    OutputAudioRawFrame,
    StartFrame,
    TTSSpeakFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.worker import PipelineParams, PipelineWorker
from pipecat.transports.base_output import BaseOutputTransport
from pipecat.transports.base_transport import TransportParams
from pipecat.workers.runner import WorkerRunner
from pipecat_seriatim import SeriatimTTSService
from pipecat_seriatim.playback import PlaybackClock, PlaybackReports, SpokenContext
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve

TEXT = " ".join(f"The {fox} fox sings of green hills." for fox in ("red", "old", "sly", "shy", "wet", "big", "sad"))
RATE_HZ = 24_000
WAIT_S = 60.0


class GatedOutput(BaseOutputTransport):
    """An output transport that plays nothing before the test opens its gate."""

    def __init__(self) -> None:
        super().__init__(TransportParams(audio_out_enabled=True))
        self.playing, self.gate = asyncio.Event(), asyncio.Event()

    async def start(self, frame: StartFrame) -> None:
        await super().start(frame)
        await self.set_transport_ready(frame)

    async def write_audio_frame(self, _frame: OutputAudioRawFrame) -> bool:
        self.playing.set()
        await self.gate.wait()
        return True


class RecordingService(SeriatimTTSService):
    """The service, and what it sends to the gateway."""

    def __init__(self, gateway: str) -> None:
        super().__init__(base_url=gateway)
        self.sent: list[dict[str, Any]] = []

    async def _connect(self) -> Any:
        connection = await super()._connect()
        send = connection.send

        async def record(message: str) -> None:
            self.sent.append(json.loads(message))
            await send(message)

        connection.send = record  # type: ignore[method-assign]
        return connection

    def messages(self, kind: str) -> list[dict[str, Any]]:
        return [message for message in self.sent if message["type"] == kind]


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(WAIT_S):
        while not condition():
            await asyncio.sleep(0.01)


@asynccontextmanager
async def running(service: RecordingService, output: GatedOutput) -> AsyncIterator[Callable[..., Any]]:
    """A pipeline of both; gives a function that queues frames."""
    params = PipelineParams(audio_out_sample_rate=RATE_HZ)
    worker = PipelineWorker(Pipeline([service, output]), cancel_on_idle_timeout=False, params=params)
    started = asyncio.Event()

    @worker.event_handler("on_pipeline_started")
    async def on_pipeline_started(_worker: Any, _frame: Frame) -> None:
        started.set()

    async def queue(*frames: Frame) -> None:
        for frame in frames:
            await worker.queue_frame(frame)

    runner = WorkerRunner()
    await runner.add_workers(worker)
    task = asyncio.create_task(runner.run())
    async with asyncio.timeout(WAIT_S):
        await started.wait()
    try:
        yield queue
    finally:
        output.gate.set()
        await queue(EndFrame())
        await task


def length_ms(gateway: str, text: str) -> float:
    body = {"input": text, "response_format": "pcm", "sample_rate": RATE_HZ}
    audio = httpx.post(f"{gateway}/v1/audio/speech", json=body, timeout=WAIT_S, trust_env=False).content
    return len(audio) / 2 / RATE_HZ * 1000


async def test_what_is_played_is_reported_up_to_the_end_of_a_turn(gateway: str) -> None:
    service, output, whole_ms = RecordingService(gateway), GatedOutput(), length_ms(gateway, TEXT)
    async with running(service, output) as queue:
        await queue(TTSSpeakFrame(TEXT))
        await until(output.playing.is_set)
        output.gate.set()
        await until(lambda: any(report["ms"] > whole_ms for report in service.messages("heard")))
    reports = service.messages("heard")
    assert reports[0]["ms"] < reports[-1]["ms"], "one when playback began, and one when it was over"
    assert len({report["job"] for report in reports}) == 1
    assert service.messages("cancel") == []


async def test_a_turn_that_is_interrupted_behind_its_end_gives_its_share_back(gateway: str) -> None:
    """All of its sound is there, and not played yet; the turn behind it is followed like any other."""
    service, output = RecordingService(gateway), GatedOutput()
    async with running(service, output) as queue:
        await queue(TTSSpeakFrame(TEXT))
        await until(lambda: output.playing.is_set() and not service._contexts)
        await queue(InterruptionFrame())
        await until(lambda: service.messages("cancel"))
        report, cancel = service.sent[-2:]
        assert report["type"] == "heard"
        assert cancel == {"type": "cancel", "job": report["job"]}
        output.gate.set()
        await queue(TTSSpeakFrame("The next turn."))
        await until(lambda: service.sent[-1]["type"] == "heard" and service.sent[-1]["ms"] > 500)
        assert service.sent[-1]["job"] != report["job"]


async def test_an_interruption_in_mid_turn_reports_the_position_and_then_cancels(gateway: str) -> None:
    service, output = RecordingService(gateway), GatedOutput()
    async with running(service, output) as queue:
        await queue(LLMFullResponseStartFrame(), LLMTextFrame(f"{TEXT} "))  # the end of its text does not come
        await until(lambda: service.messages("heard"))  # of the beginning of playback
        n_reports = len(service.messages("heard"))
        await queue(InterruptionFrame())
        await until(lambda: service.messages("cancel"))
        report, cancel = service.sent[-2:]
        assert (report["type"], cancel) == ("heard", {"type": "cancel"})
        assert report["job"]
        assert len(service.messages("heard")) > n_reports


async def test_an_end_behind_the_playback_of_all_audio_is_reported_and_the_next_context_is_followed() -> None:
    """The transport ceases after a silence of 3 s, and says nothing at the end of a context that adds no audio."""
    received: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def receive(connection: ServerConnection) -> None:
        async for message in connection:
            received.put_nowait(json.loads(message))

    async with serve(receive, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with connect(f"ws://127.0.0.1:{port}", proxy=None) as connection, asyncio.timeout(WAIT_S):
            reports, first, second = PlaybackReports(), *(SpokenContext(connection, job) for job in ("first", "second"))
            for context, position_ms in ((first, 1001), (second, 2001)):
                reports.add_audio(context, position_ms // 1000)
                await reports.handle_frame(BotStartedSpeakingFrame())
                assert (await received.get())["job"] == context.job
                await reports.handle_frame(BotStoppedSpeakingFrame())
                await reports.handle_end(context)
                assert await received.get() == {"type": "heard", "ms": position_ms, "job": context.job}


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
