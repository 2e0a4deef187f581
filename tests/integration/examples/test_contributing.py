"""CONTRIBUTING.md's examples, followed to the letter: files made, lines put in, commands run, in a copy of the tree."""

import os
import re
import shutil
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import soundfile

from seriatim.process.child_processes import dies_with_parent
from tests.support.free_ports import free_port
from tests.support.process_system import wait_until

ROOT = Path(__file__).parents[3]
COPIED = ("seriatim", "tasks", "workers", "reassembler", "gateway", "docs", "tests", "Makefile", "pyproject.toml")
#: a title in prose, and the block below it: `New file X`, or `In X, below Y`, or a command line
BLOCK = re.compile(
    r"(?:(?:New file `(?P<new>[^`]+)`|In `(?P<old>[^`]+)`, below `(?P<anchor>[^\n]+)`:)[^`]*\n\n)?"
    r"^```(?P<kind>python|toml|lua|sh|text)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
LIMIT_S = 200.0


def blocks(title: str) -> list["re.Match[str]"]:
    page = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    chapter = page.split(f"\n## {title}\n")[1].split("\n## ")[0]
    return list(BLOCK.finditer(chapter))


class Copy:
    """A copy of the tree, with the commands that a reader has in the activated environment."""

    def __init__(self, folder: Path) -> None:
        self.folder, programs, self.site = folder / "tree", folder / "bin", folder / "site"
        for name in COPIED:
            source = ROOT / name
            skip = shutil.ignore_patterns("__pycache__")
            (shutil.copytree if source.is_dir() else copy_file)(source, self.folder / name, ignore=skip)
        programs.mkdir()
        python = f"{sys.executable} -P"
        commands = {
            "python": f"exec {sys.executable}",
            "seriatim": f"exec {python} -m gateway.cli.main",
            # as pip does in an environment, without asking an index for hatchling, which is there
            "pip": f"exec {python} -m pip --quiet --disable-pip-version-check",
            "make": f"exec {shutil.which('make')} VENV={sys.prefix} -o {sys.prefix}/.dev",
        }
        for name, command in commands.items():
            (programs / name).write_text(f'#!/bin/sh\n{command} "$@"\n')
            (programs / name).chmod(0o755)
        outside = {name: value for name, value in os.environ.items() if not name.startswith(("SERIATIM_", "PYTEST_"))}
        self.environment = outside | {
            "PATH": f"{programs}:{os.environ['PATH']}", "PYTHONPATH": f"{self.folder}:{self.site}",
            "PIP_TARGET": str(self.site), "PIP_NO_BUILD_ISOLATION": "0", "PIP_NO_DEPS": "1", "PIP_NO_INDEX": "1",
            "HOME": str(folder), "SERIATIM_SWEEP_MS": "100",
        }  # fmt: skip

    def apply(self, title: str) -> list[str]:
        """Make and change the files of a chapter; returns its commands, one a line."""
        commands: list[str] = []
        for block in blocks(title):
            text = block["text"]
            if block["kind"] == "sh":
                commands += text.splitlines()
            elif block["new"]:
                path = self.folder / block["new"]
                path.parent.mkdir(parents=True, exist_ok=True)
                assert not path.exists(), f"{path} is not new"
                path.write_text(text, "utf-8")
            else:
                assert block["old"], f"where does this go?\n{text}"
                put_below(self.folder / block["old"], block["anchor"], text)
        return commands

    def run(self, command: str) -> str:
        done = subprocess.run(
            ["sh", "-c", command],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=LIMIT_S,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        return done.stdout

    @contextmanager
    def running(self, command: str) -> Iterator["subprocess.Popen[bytes]"]:
        """Run a command that lasts until it is ended."""
        log = (self.folder / "up.log").open("wb")
        child = subprocess.Popen(
            ["sh", "-c", f"exec {command}"], cwd=self.folder, env=self.environment, stdout=log, stderr=log,
            preexec_fn=dies_with_parent(signal.SIGTERM),
        )  # fmt: skip
        try:
            yield child
        finally:
            child.terminate()
            child.wait(60)
            log.close()


def copy_file(source: Path, target: Path, ignore: object) -> None:
    shutil.copy(source, target)


def put_below(path: Path, anchor: str, text: str) -> None:
    lines = path.read_text("utf-8").splitlines(keepends=True)
    places = [i for i, line in enumerate(lines) if anchor in line]
    assert len(places) == 1, f"{path.name} has {len(places)} lines with {anchor}"
    lines.insert(places[0] + 1, text)
    path.write_text("".join(lines), "utf-8")


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    return Copy(tmp_path)


@pytest.mark.thorough
def test_an_engine_of_another_distribution_and_of_this_one(copy: Copy) -> None:
    install, voices, speak, own = copy.apply("Add an engine")
    copy.run(install)
    assert [line.split()[0] for line in copy.run(voices).splitlines()] == ["low", "high"]
    copy.run(speak)
    sound, rate_hz = soundfile.read(copy.folder / "hum.wav", dtype="int16")
    assert rate_hz == 16_000
    assert 3_900 <= max(abs(sound)) <= 4_000, "the option counts"
    assert copy.run(own) == copy.run(voices), "one file is an engine of this repository"
    assert "buzz, elevenlabs" in copy.run("seriatim speak --help")


@pytest.mark.thorough
def test_an_output_format(copy: Copy) -> None:
    speak, look, check = copy.apply("Add an output format")
    copy.run(speak)
    assert "AU (Sun/NeXT)" in copy.run(look)
    assert " passed" in copy.run(check)
    assert ", au, " in copy.run("seriatim speak --help")
    copy.run("python -m docs.generate")
    page = (copy.folder / "docs" / "reference" / "http-endpoints.md").read_text("utf-8")
    assert "| `response_format` | `wav`, `flac`, `au`, " in page


@pytest.mark.thorough
def test_an_admission_rule(copy: Copy) -> None:
    options, speak = copy.apply("Add an admission rule")
    assert "--timeout-s N" in copy.run(options)
    reason = "user 'anonymous' has a job with a longer timeout than SERIATIM_USER_TIMEOUT_S allows"
    assert reason in copy.run(f"{{ {speak}; }} 2>&1 || true")
    copy.run(speak.replace("USER_TIMEOUT_S=60", "USER_TIMEOUT_S=1000000"))


@pytest.mark.thorough
def test_a_metric(copy: Copy) -> None:
    docs, up, curl = copy.apply("Add a metric")
    copy.run(docs)
    page = (copy.folder / "docs" / "reference" / "metrics.md").read_text("utf-8")
    assert "| `seriatim_short_sentences_total` | counter | pool | sentences of less than a second |" in page
    http, redis = free_port(), free_port()
    url = re.findall(r"http://\S+", curl)[0].replace("8000", str(http))
    with copy.running(f"{up.replace('8000', str(http))} --port {redis}") as system:
        wait_until(lambda: ends_or_serves(system, copy.folder / "up.log"), "it serves", LIMIT_S)
        short, long = "No.", "A sentence that takes longer than any second could be, and then goes on for a while."
        copy.run(
            f"echo '{short} {long}' | seriatim speak - -o no.wav --engine tone --redis redis://127.0.0.1:{redis}/0"
        )
        row = 'seriatim_short_sentences_total{pool="tone"} 1.0'
        wait_until(lambda: row in scraped(url), "a sentence is reported behind its sound")


def scraped(url: str) -> str:
    with urllib.request.urlopen(url) as answer:
        return str(answer.read().decode())


def ends_or_serves(system: "subprocess.Popen[bytes]", log: Path) -> bool:
    assert system.poll() is None, log.read_text("utf-8")
    return "HTTP at " in log.read_text("utf-8")
