"""Engines of other distributions: installed with pip, found by their entry point or by their module's name."""

import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from seriatim.client.job_options import JobRequest
from tests.support.process_system import RealSystem, wait_until
from tests.support.thorough_cases import mostly_thorough

ENGINE = """
from seriatim.engine import AudioChunk, Continuity, Voice
from seriatim.engine_abilities import Abilities


class Buzz:
    name, rate_hz, continuity = "buzz", 8_000, Continuity.EXACT
    limit_chars, limits, merge_chars, rtf = 200, {}, 0, 0.01
    abilities = Abilities("buzz")
    slots, gauges = 1, {}
    voices = (Voice("bee", ""),)

    def __init__(self, options):
        self.level = int(options.get("level", "1000"))

    def speak(self, utterance, cancelled):
        wave = self.level.to_bytes(2, "little") + (-self.level).to_bytes(2, "little", signed=True)
        yield AudioChunk(wave * 100 * len(utterance.text))

    def close(self):
        pass


def load(options):
    return Buzz(options)
"""
METADATA = "Metadata-Version: 2.1\nName: buzz-engine\nVersion: 1.0\n"
WHEEL = "Wheel-Version: 1.0\nGenerator: a test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which pip has installed an engine of another distribution."""
    folder = tmp_path_factory.mktemp("buzz")
    wheel = folder / "buzz_engine-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("buzz/__init__.py", "")
        archive.writestr("buzz/engine.py", ENGINE)
        archive.writestr("buzz_engine-1.0.dist-info/METADATA", METADATA)
        archive.writestr("buzz_engine-1.0.dist-info/WHEEL", WHEEL)
        archive.writestr("buzz_engine-1.0.dist-info/entry_points.txt", "[seriatim.engines]\nbuzz = buzz.engine\n")
        archive.writestr("buzz_engine-1.0.dist-info/RECORD", "")
    pip = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
        "--target",
        str(folder / "site"),
    ]
    subprocess.run([*pip, "--target", str(folder / "site"), str(wheel)], check=True)
    return folder / "site"


@pytest.mark.parametrize("engine", mostly_thorough(["buzz", "buzz.engine"], 2))
def test_a_text_is_spoken_by_a_third_party_engine(
    new_system: Callable[..., RealSystem], installed: Path, monkeypatch: pytest.MonkeyPatch, engine: str
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(installed))
    system = new_system()
    system.reassembler()
    system.start("workers", "-m", "workers", "--engine", engine, "--engine-option", "level=500")
    wait_until(lambda: system.worker_pids(engine), "it offers its slots")
    job = system.producer().enqueue("Good morning.", JobRequest(engine=engine))
    assert max(abs(sample) for (sample,) in struct.iter_unpack("<h", b"".join(job.pcm()))) == 500


def test_a_module_that_is_no_engine_is_refused_in_one_line(new_system: Callable[..., RealSystem]) -> None:
    system = new_system()
    reasons = {"json.tool": "no function load", "no.such": "is it installed", "bzz": "unknown engine 'bzz'"}
    children = {name: system.start(f"workers-{name}", "-m", "workers", "--engine", name) for name in reasons}
    for name, why in reasons.items():
        assert children[name].wait(60) != 0
        assert why in system.log(f"workers-{name}")
        assert "Traceback" not in system.log(f"workers-{name}")
