"""A voice agent of the OpenAI Agents SDK that speaks through a gateway: the SDK unchanged, with another base URL.

pip install 'openai-agents[voice]'
python examples/agents_sdk.py http://127.0.0.1:8000/v1 answer.pcm

No model is asked here: the question and the answer are fixed. An agent has SingleAgentVoiceWorkflow in the place of
FixedAnswer, and its own model of recognition.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
from agents.voice import AudioInput, OpenAIVoiceModelProvider, VoicePipeline, VoiceWorkflowBase
from agents.voice.testing import ScriptedSTTModel
from openai import AsyncOpenAI

ANSWER = "The next ferry leaves the harbour at seven. The one after that leaves at noon. Please be there in time."


class FixedAnswer(VoiceWorkflowBase):
    """Answers word by word, as a language model does."""

    async def run(self, transcription: str) -> AsyncIterator[str]:
        """The words of the answer."""
        for word in ANSWER.split():
            yield f"{word} "


async def main(base_url: str, output: BinaryIO) -> None:
    """Answer one question, and write the sound: s16le mono at 24 kHz."""
    # sentences of one session may be asked for at once, and none is refused once its answer has begun
    client = AsyncOpenAI(base_url=base_url, api_key="none", default_headers={"seriatim-session": "call-42"})
    voices = OpenAIVoiceModelProvider(openai_client=client)
    recognition = ScriptedSTTModel("When does the ferry leave?")
    pipeline = VoicePipeline(
        workflow=FixedAnswer(),
        stt_model=recognition,
        tts_model=voices.get_tts_model("gpt-4o-mini-tts"),
        config={"tracing_disabled": True},
    )
    result = await pipeline.run(AudioInput(np.zeros(24_000, np.int16)))
    async for event in result.stream():
        if event.type == "voice_stream_event_audio":
            output.write(event.data.tobytes())
        elif event.type == "voice_stream_event_error":
            raise event.error


if __name__ == "__main__":
    with Path(sys.argv[2]).open("wb") as file:
        asyncio.run(main(sys.argv[1], file))
