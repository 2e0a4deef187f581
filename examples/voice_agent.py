"""A voice agent without a cloud: LiveKit's pipeline, a language model that writes fixed answers, and Seriatim's voice.

pip install ./integrations/livekit
python examples/voice_agent.py http://127.0.0.1:8000 answers.pcm 10

It answers ten times, writes the sound (s16le mono at 24 kHz), and prints how long the first sound comes after the first
token of an answer. An agent has a model of its own in the place of ScriptedModel, and a room in that of SoundFile.
"""

import asyncio
import re
import sys
import time
from pathlib import Path
from typing import Any, BinaryIO

import aiohttp
from livekit import rtc
from livekit.agents import Agent, AgentSession, llm
from livekit.agents.voice import io
from livekit.plugins import seriatim

QUESTION = "When does the next ferry leave?"
ANSWERS = (
    "The next ferry leaves the harbour at seven. The one after that leaves at noon, and it is never full.",
    "There is one at seven, and another at noon. Please be there ten minutes early.",
    "I am sorry, there is no ferry today. The wind is too strong, but tomorrow looks calm.",
)
TOKENS_PER_S = 60
RATE_HZ = 24_000


class ScriptedModel(llm.LLM):
    """A language model that gives one fixed answer after another."""

    def __init__(self) -> None:
        super().__init__()
        self.n_answers = 0
        self.first_token_s = 0.0  #: of the latest answer

    def chat(
        self, *, chat_ctx: llm.ChatContext, tools: list[llm.Tool] | None = None, conn_options: Any, **_options: Any
    ) -> llm.LLMStream:
        """Answer; LiveKit calls it for each turn."""
        return ScriptedAnswer(self, chat_ctx=chat_ctx, tools=tools or [], conn_options=conn_options)


class ScriptedAnswer(llm.LLMStream):
    """The tokens of an answer, as a language model writes them."""

    async def _run(self) -> None:
        model: Any = self._llm
        answer = ANSWERS[model.n_answers % len(ANSWERS)]
        model.n_answers += 1
        model.first_token_s = time.perf_counter()
        for number, token in enumerate(re.findall(r"\S+\s*", answer)):
            await asyncio.sleep(model.first_token_s + number / TOKENS_PER_S - time.perf_counter())
            delta = llm.ChoiceDelta(role="assistant", content=token)
            self._event_ch.send_nowait(llm.ChatChunk(id=f"answer-{model.n_answers}", delta=delta))


class SoundFile(io.AudioOutput):
    """Takes what an agent says, and writes it into a file."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__(label="file", capabilities=io.AudioOutputCapabilities(pause=False), sample_rate=RATE_HZ)
        self.file = file
        self.first_sound_s = 0.0  #: of the latest answer
        self.played_s = 0.0  #: of the current answer

    async def capture_frame(self, frame: rtc.AudioFrame) -> None:
        """Take a piece of sound."""
        await super().capture_frame(frame)
        if not self.played_s:
            self.first_sound_s = time.perf_counter()
            self.on_playback_started(created_at=time.time())
        self.played_s += frame.duration
        self.file.write(bytes(frame.data))

    def flush(self) -> None:
        """End an answer."""
        super().flush()
        if self.played_s:
            self.on_playback_finished(playback_position=self.played_s, interrupted=False)
        self.played_s = 0.0

    def clear_buffer(self) -> None:
        """Nothing is held."""


async def main(base_url: str, file: BinaryIO, n_answers: int) -> None:
    """Answer so many questions, and print the waits for the first sound."""
    waits_ms = []
    async with aiohttp.ClientSession() as http:
        model, output = ScriptedModel(), SoundFile(file)
        session: AgentSession[None] = AgentSession(
            llm=model, tts=seriatim.TTS(base_url=base_url, sample_rate=RATE_HZ, http_session=http),
            vad=None, turn_handling={"turn_detection": "manual"},  # a text is a turn, and no sound is listened to
        )  # fmt: skip
        session.output.audio = output
        await session.start(Agent(instructions="Answer questions about ferries."))
        for _ in range(n_answers):
            await session.generate_reply(user_input=QUESTION)
            waits_ms.append((output.first_sound_s - model.first_token_s) * 1000)
        await session.aclose()
    waits_ms.sort()
    p50, p95 = (waits_ms[int(share * len(waits_ms))] for share in (0.5, 0.95))
    print(  # noqa: T201  # a program's answer
        f"{n_answers} answers: first sound p50 {p50:.0f} ms, p95 {p95:.0f} ms after the first token"
    )


if __name__ == "__main__":
    with Path(sys.argv[2]).open("wb") as sound:
        asyncio.run(main(sys.argv[1], sound, int(sys.argv[3])))
