"""Examples of README.md and of the tutorial: what a newcomer pastes, run unchanged on a system with espeak."""

import asyncio
import importlib.util
import os
import re
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import soundfile

from seriatim import Job, enqueue_job
from seriatim.client.default_client import default_client
from tests.support.process_system import PATIENCE_S, ROOT, RealSystem, wait_until

if importlib.util.find_spec("espeakng_loader") is None:
    if os.environ.get("CI"):
        raise RuntimeError("espeakng-loader is not installed where CI is set: pip install -e '.[espeak]'")
    pytest.skip("espeakng-loader is not installed (pip install -e '.[espeak]')", allow_module_level=True)

PYTHON = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
README = PYTHON.findall((ROOT / "README.md").read_text("utf-8"))
EXAMPLES = PYTHON.findall((ROOT / "docs" / "tutorial" / "first-speech.md").read_text("utf-8"))
TEXT = "It is a fine day. The boats are back."


@pytest.fixture(scope="module")
def _system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with RealSystem.on(tmp_path_factory.mktemp("readme")) as system, pytest.MonkeyPatch.context() as environment:
        system.reassembler()
        system.start("espeak", "-m", "workers", "--engine", "espeak", "--processes", "2")
        wait_until(lambda: len(system.worker_pids("espeak")) == 2, "two workers with espeak")
        for name, value in system.settings.to_env().items():
            environment.setenv(name, value)
        default_client.cache_clear()
        yield
        default_client().close()
    default_client.cache_clear()


@pytest.fixture(autouse=True)
def _pasted(_system: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is written lands in a folder of its own."""
    monkeypatch.chdir(tmp_path)


def seconds(path: str) -> float:
    return float(soundfile.info(path).duration)


def test_a_text_is_heard() -> None:
    audio = bytearray()
    exec(EXAMPLES[0], {"play": audio.extend})
    assert 1 < len(audio) / 2 / 22_050 < 5


def test_books_dialogues_open_texts_and_readers_that_go_on() -> None:
    audio = bytearray()
    listeners: list[threading.Thread] = []

    def listen(job: Job) -> None:
        listeners.append(threading.current_thread())
        for pcm in job.pcm():
            audio.extend(pcm)

    space: dict[str, Any] = {
        "book": TEXT,
        "llm": ["Good mor", "ning. How are", " you?"],
        "listen": listen,
        "threading": threading,
        "job_id": enqueue_job(TEXT).id,
    }
    exec(EXAMPLES[1], space)
    for listener in listeners:
        listener.join(PATIENCE_S)
    assert 1 < seconds("book.flac") < 6
    assert 1 < len(audio) / 2 / 22_050 < 5
    assert space["position"].startswith("2-"), "somewhere in the second of two sentences"


def test_the_same_for_asyncio() -> None:
    class Socket:
        audio = b""

        async def send(self, pcm: bytes) -> None:
            self.audio += pcm

    space: dict[str, Any] = {"text": TEXT, "socket": Socket()}
    exec("async def main():\n" + textwrap.indent(EXAMPLES[2], "    "), space)
    asyncio.run(asyncio.wait_for(space["main"](), PATIENCE_S))
    assert 1 < len(space["socket"].audio) / 2 / 22_050 < 6


def test_there_are_no_other_examples() -> None:
    assert EXAMPLES[:1] == README
    assert len(EXAMPLES) == 3
