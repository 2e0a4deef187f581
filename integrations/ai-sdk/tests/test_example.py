"""The example of the AI SDK, with the genuine SDK in Node, against a running system."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import httpx

EXAMPLE = Path(__file__).parents[3] / "examples" / "ai_sdk.mjs"
ENVIRONMENT = Path(sys.prefix)  #: with Node, and node_modules beside it
WAIT_S = 60.0


def speech_of(gateway: str, text: str) -> bytes:
    body = {"model": "gpt-4o-mini-tts", "voice": "alloy", "input": text, "response_format": "pcm"}
    response = httpx.post(f"{gateway}/v1/audio/speech", json=body, timeout=WAIT_S, trust_env=False)
    return response.raise_for_status().content


def test_the_sdk_speaks_an_answer_sentence_by_sentence(gateway: str, tmp_path: Path) -> None:
    answer = re.search(r'(?m)^const ANSWER = "(.*)";$', EXAMPLE.read_text("utf-8"))
    assert answer
    program = Path(shutil.copy(EXAMPLE, tmp_path))
    (tmp_path / "node_modules").symlink_to(ENVIRONMENT / "node_modules")  # where Node looks for what it imports
    sound = tmp_path / "answer.pcm"
    command = [str(ENVIRONMENT / "bin" / "node"), str(program), f"{gateway}/v1", str(sound)]
    subprocess.run(command, check=True, timeout=WAIT_S)
    sentences = [text.strip() for text in re.findall(r"[^.]+\.", answer[1])]
    assert sound.read_bytes() == b"".join(speech_of(gateway, text) for text in sentences)
