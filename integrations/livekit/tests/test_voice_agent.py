"""The example of a voice agent: LiveKit's whole pipeline with the plugin, against a running system."""

import asyncio
import re
import sys
from pathlib import Path

import aiohttp

EXAMPLE = Path(__file__).parents[3] / "examples" / "voice_agent.py"
WAIT_S = 60.0
N_ANSWERS = 3


async def speech_of(session: aiohttp.ClientSession, gateway: str, text: str) -> bytes:
    body = {"input": text, "response_format": "pcm", "sample_rate": 24_000}
    async with session.post(f"{gateway}/v1/audio/speech", json=body) as response:
        assert response.status == 200
        return await response.read()


async def test_an_agent_answers_with_every_sample_of_its_answers(
    gateway: str, session: aiohttp.ClientSession, tmp_path: Path
) -> None:
    answers = re.findall(r'(?m)^    "(.*)",$', EXAMPLE.read_text("utf-8"))
    assert len(answers) == N_ANSWERS
    sound = tmp_path / "answers.pcm"
    command = [sys.executable, str(EXAMPLE), gateway, str(sound), str(N_ANSWERS)]
    agent = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    async with asyncio.timeout(WAIT_S):
        report, _ = await agent.communicate()
    assert agent.returncode == 0
    expected = rf"{N_ANSWERS} answers: first sound p50 \d+ ms, p95 \d+ ms after the first token\n"
    assert re.fullmatch(expected, report.decode())
    assert sound.read_bytes() == b"".join([await speech_of(session, gateway, answer) for answer in answers])
