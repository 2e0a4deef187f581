"""The example of the OpenAI Agents SDK, with the genuine SDK, against a running system."""

import re
import subprocess
import sys
from pathlib import Path

import httpx

EXAMPLE = Path(__file__).parents[3] / "examples" / "agents_sdk.py"
WAIT_S = 60.0


def speech_of(gateway: str, text: str) -> bytes:
    body = {"model": "gpt-4o-mini-tts", "voice": "ash", "input": text, "response_format": "pcm"}
    return httpx.post(f"{gateway}/v1/audio/speech", json=body, timeout=WAIT_S).raise_for_status().content


def test_the_sdk_speaks_an_answer_sentence_by_sentence(gateway: str, tmp_path: Path) -> None:
    answer = re.search(r'(?m)^ANSWER = "(.*)"$', EXAMPLE.read_text("utf-8"))
    assert answer
    sound = tmp_path / "answer.pcm"
    subprocess.run([sys.executable, str(EXAMPLE), f"{gateway}/v1", str(sound)], check=True, timeout=WAIT_S)
    assert sound.read_bytes() == b"".join(speech_of(gateway, text) for text in re.findall(r"[^.]+\.", answer[1]))
