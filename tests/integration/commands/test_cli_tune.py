"""`seriatim tune` on the command line, with the tone engine as the machine to be measured."""

import json
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from seriatim.exit_codes import ExitCode
from tests.support.command_line import QUICK as SETTINGS
from tests.support.command_line import complaint, seriatim
from tests.support.process_system import wait_until
from workers.__main__ import _build_parser as worker_grammar
from workers.tune.device_name import device_name
from workers.tune.tuned_settings import TunedSubject, find_setting

pytestmark = pytest.mark.thorough

QUICK = ("--engine", "tone", "--engine-option", "rtf=0.1", "--seconds", "0.4", "--max-slots", "2")


def tune(*more: str | Path, kept: Path) -> "subprocess.CompletedProcess[bytes]":
    """Measure; again where a machine gave an engine no turn for a whole window: the command says so."""

    def measured() -> "subprocess.CompletedProcess[bytes] | None":
        done = seriatim("tune", *QUICK, *more, settings=SETTINGS | {"SERIATIM_TUNED_FILE": str(kept)})
        return None if b"no audio within" in done.stdout + done.stderr else done

    return wait_until(measured, "audio in every window")


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A folder with what it has written, and what it has printed."""
    folder = tmp_path_factory.mktemp("measured")
    done = tune("--write", folder / "workers.env", kept=folder / "tuned.json")
    assert (done.returncode, done.stderr) == (0, b"")
    return folder, done.stdout.decode()


def test_it_prints_a_line_for_each_setting_and_an_advice_for_each_use(measured: tuple[Path, str]) -> None:
    heading, *lines = measured[1].splitlines()
    assert heading.split()[:2] == ["processes", "slots"]
    assert [tuple(line.split()[:2]) for line in lines[:4]] == [("1", "1"), ("1", "2"), ("2", "1"), ("2", "2")]
    for use in ("live: ", "batch:"):
        assert re.search(rf"^{use} --slots [12] --processes [12]$", measured[1], re.MULTILINE)
    assert re.fullmatch(r"For listeners, start [12] process.* on this machine\.", lines[-1]), "a sentence to act on"


def test_its_verdict_is_kept_for_workers_of_the_same_engine_with_the_same_options(measured: tuple[Path, str]) -> None:
    file = measured[0] / "tuned.json"
    assert f"kept:  {file}; workers with --slots auto use the live setting\n" in measured[1]
    tone = {"rtf": "0.1"}
    found = find_setting(file, TunedSubject.of(device_name("tone", tone), "tone", tone))
    assert found is not None
    assert f"live:  --slots {found.slots} --processes {found.processes}\n" in measured[1]


def test_what_it_writes_are_arguments_that_a_worker_takes(measured: tuple[Path, str]) -> None:
    lines = (measured[0] / "workers.env").read_text("utf-8").splitlines()
    variables = dict(shlex.split(line)[0].split("=", 1) for line in lines if line and not line.startswith("#"))
    assert set(variables) == {"WORKER_LIVE", "WORKER_BATCH"}
    for arguments in variables.values():
        read = worker_grammar().parse_args(shlex.split(arguments))
        assert (read.engine, read.engine_option) == ("tone", ["rtf=0.1"])
        assert f"--slots {read.slots} --processes {read.processes}\n" in measured[1]


def test_figures_come_as_json_too_and_are_those_of_the_engine(tmp_path: Path) -> None:
    done = tune("--processes", "1", "--json", kept=tmp_path / "tuned.json")
    assert (done.returncode, done.stderr) == (0, b"")
    found = json.loads(done.stdout)
    one, two = found["measured"]
    assert (one["setting"], two["setting"]) == (
        {"slots": 1, "processes": 1, "threads": 0},
        {"slots": 2, "processes": 1, "threads": 0},
    )
    for row in (one, two):  # how much, and which is more, depends on what else the machine does
        assert row["audio_s_per_s"] > 0
        assert 0 < row["first_p50_ms"] <= row["first_p95_ms"]
    advised = found["advice"]["batch"]["setting"]
    assert advised in (one["setting"], two["setting"])
    assert found["arguments"]["batch"][:4] == ["--engine", "tone", "--slots", str(advised["slots"])]


def test_an_engine_that_cannot_be_loaded_is_one_line() -> None:
    """Without the heading of a table, which has no rows."""
    done = seriatim("tune", "--engine-option", "rtf=cheap", "--max-slots", "1", settings={"SERIATIM_ENGINE": "tone"})
    assert (done.returncode, done.stdout) == (ExitCode.CANNOT_START, b"")
    assert complaint(done) == "option rtf of the tone engine is 'cheap', expected float from 0 to 1000"


def test_what_it_tries_cannot_be_given() -> None:
    done = seriatim("tune", "--engine", "tone", "--engine-option", "slots=3", "--json")
    assert done.returncode == ExitCode.CANNOT_START
    assert complaint(done) == "--engine-option slots=3: the trials vary this option; leave it out"
