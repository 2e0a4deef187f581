"""The HTTP reference in commands: the examples of docs/reference/http.md, one after another, on a bare system."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import soundfile

from tests.support.command_line import ROOT, environment, installed
from tests.support.free_ports import free_port
from tests.support.process_system import wait_until

BLOCK = re.compile(r"^```(sh|python)\n(.*?)^```", re.MULTILINE | re.DOTALL)
PAGE = (ROOT / "docs" / "reference" / "http.md").read_text("utf-8")
SENTENCES = 16  #: of the example's text
#: the first example starts a whole system, which took over a minute at a load of 12; this only ends a test that hangs
LIMIT_S = 270.0


@dataclass(slots=True)
class Newcomer:
    """A folder in which examples are pasted. Ports alone are others than those of the page."""

    folder: Path
    shell: "subprocess.Popen[bytes]"
    ports: dict[str, str]
    n_commands: int = field(default=0)

    def here(self, example: str) -> str:
        """The example with ports that are free here."""
        for port, ours in self.ports.items():
            example = example.replace(port, ours)
        return re.sub(r"^pip install .*\n", "", example, flags=re.MULTILINE).replace(
            "seriatim up &", f"seriatim up --port {self.ports['7379']} --http {self.ports['8000']} &"
        )  # fmt: skip

    def paste(self, example: str) -> None:
        """Paste into the shell, which is left at once where a command fails, and wait until it is through."""
        assert self.shell.stdin
        self.n_commands += 1
        done = self.folder / f"done-{self.n_commands}"
        self.shell.stdin.write(f"{self.here(example)}\ntouch {done.name}\n".encode())
        self.shell.stdin.flush()

        def through() -> bool:
            assert self.shell.poll() is None, (self.folder / "output").read_text()
            return done.exists()

        wait_until(through, "the example is through", LIMIT_S)


def examples() -> tuple[list[str], list[str]]:
    """Those for a shell, and those in Python."""
    found = BLOCK.findall(PAGE)
    return [text for kind, text in found if kind == "sh"], [text for kind, text in found if kind == "python"]


@pytest.fixture(scope="module")
def newcomer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newcomer]:
    installed("curl", package="curl")
    folder = tmp_path_factory.mktemp("newcomer")
    programs = folder / "bin"
    programs.mkdir()
    (programs / "seriatim").write_text(f'#!/bin/sh\nexec "{sys.executable}" -P -m gateway.cli.main "$@"\n')
    (programs / "seriatim").chmod(0o755)
    (folder / "book.txt").write_bytes((ROOT / "examples" / "harbour.txt").read_bytes())
    ports = {port: str(free_port()) for port in ("7379", "8000")}
    with (folder / "output").open("wb") as output:
        shell = subprocess.Popen(
            ["bash", "-euo", "pipefail"], cwd=folder, stdin=subprocess.PIPE, stdout=output, stderr=subprocess.STDOUT,
            env=environment({}) | {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}", "no_proxy": "*"},
            start_new_session=True,
        )  # fmt: skip
    try:
        made = Newcomer(folder, shell, ports)
        made.paste(examples()[0][0])
        yield made
    finally:
        os.killpg(shell.pid, signal.SIGTERM)
        shell.communicate(timeout=LIMIT_S)
        wait_until(lambda: ended(shell.pid), "what was started has ended", LIMIT_S)


def ended(group: int) -> bool:
    """Is no process left of a group?"""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    return False


def seconds(path: Path) -> float:
    return float(soundfile.info(path).duration)


def test_the_first_commands_speak(newcomer: Newcomer) -> None:
    assert 1 < seconds(newcomer.folder / "morning.mp3") < 5


def test_openais_client_speaks(newcomer: Newcomer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(newcomer.folder)
    monkeypatch.setenv("no_proxy", "*")
    ran = subprocess.run(
        [sys.executable, "-c", newcomer.here(examples()[1][0])], check=False, capture_output=True, timeout=LIMIT_S
    )
    assert ran.returncode == 0, ran.stderr.decode()
    samples, rate_hz = soundfile.read(newcomer.folder / "morning.wav")
    assert 1 < len(samples) / rate_hz < 5


def test_a_book_is_recorded_where_the_gateway_finds_it(newcomer: Newcomer) -> None:
    newcomer.paste(examples()[0][1])
    assert seconds(newcomer.folder / "book.flac") > SENTENCES
    assert (newcomer.folder / "book.srt").read_text("utf-8").count("-->") >= SENTENCES


def test_a_document_is_planned_and_becomes_a_book(newcomer: Newcomer) -> None:
    newcomer.paste(examples()[0][2])
    output = (newcomer.folder / "output").read_text("utf-8")
    decoder, start = json.JSONDecoder(), output.index('{"object":"book.plan"')
    plan, end = decoder.raw_decode(output, start)
    card = re.compile(r'\{"id":"[0-9a-f]{32}","object":"book"').search(output, end)
    assert card, output
    assert decoder.raw_decode(output, card.start())[0]["title"] == plan["title"]
    assert plan["estimated_s"] > SENTENCES


@pytest.mark.thorough
def test_a_voice_agent_hears_what_it_writes(newcomer: Newcomer) -> None:
    space: dict[str, Any] = {}
    exec(newcomer.here(examples()[1][1]), space)  # the page's own example
    session: Callable[[AsyncIterator[str], Callable[[bytes], None]], Awaitable[dict[str, Any]]] = space["talk"]
    audio = bytearray()

    async def words() -> AsyncIterator[str]:
        for word in ("Good ", "morning. How ", "are you today? It", " is a fine day."):
            yield word

    async def main() -> dict[str, Any]:
        return await asyncio.wait_for(session(words(), audio.extend), LIMIT_S)

    end = asyncio.run(main())
    assert (end["type"], end["state"], end["sentences"]) == ("end", "done", 3)
    assert len(audio) > 22_050 * 2


@pytest.mark.thorough
def test_the_system_says_where_it_serves(newcomer: Newcomer) -> None:
    line = f"HTTP at http://127.0.0.1:{newcomer.ports['8000']}/"
    wait_until(lambda: line in (newcomer.folder / "output").read_text("utf-8"), f"it says {line}")


def test_no_example_of_the_page_is_left_out() -> None:
    assert [len(found) for found in examples()] == [3, 2]
