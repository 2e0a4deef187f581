"""`seriatim batch`: every file is spoken once, whatever becomes of the others or of the command."""

import json
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import soundfile

from seriatim.exit_codes import ExitCode
from tests.support.command_line import LIMIT_S, TONE, complaint, environment, seriatim, start_command
from tests.support.expected_audio import stream_of
from tests.support.process_system import PATIENCE_S, alive, descendants, wait_until

FILES = {"a.txt": "The fog has gone.", "b.md": "Ten boats *came* home.", "deep/a.txt": "Who counted them?"}
EXPECTED = {"a.wav": "The fog has gone.", "b.wav": "Ten boats came home.", "deep/a.wav": "Who counted them?"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        write(tmp_path / "in" / name, text)
    return tmp_path / "in"


def write(path: Path, text: str) -> None:
    """Write a file at once: a watching command must not find it empty, however late the text comes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.unfinished")
    unfinished.write_text(text, "utf-8")
    unfinished.replace(path)


def command(source: Path, out: Path, *more: str) -> Sequence[str | Path]:
    return ("batch", source, "-o", out, "--format", "wav", *TONE, *more)


def entries(out: Path) -> list[dict[str, Any]]:
    path = out / "manifest.jsonl"
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []


def samples_of(path: Path) -> bytes:
    samples, rate_hz = soundfile.read(path, dtype="int16")
    assert rate_hz == 8000
    return bytes(samples.tobytes())


def test_each_file_is_spoken_once_and_again_if_it_changes(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    write(folder / ".hidden", "Not me.")
    done = seriatim(*command(folder, out))
    assert done.returncode == 0, done.stderr.decode()
    assert {name: samples_of(out / name) for name in EXPECTED} == {
        name: stream_of([text]) for name, text in EXPECTED.items()
    }
    assert {(entry["file"], entry["output"], entry["state"]) for entry in entries(out)} == {
        ("a.txt", "a.wav", "done"), ("b.md", "b.wav", "done"), ("deep/a.txt", "deep/a.wav", "done"),
    }  # fmt: skip
    assert sorted(path.name for path in out.iterdir()) == [".lock", "a.wav", "b.wav", "deep", "manifest.jsonl"]
    write(folder / "a.txt", "The fog is back.")
    write(folder / "a.md", "Another.")
    done = seriatim(*command(folder, out, "--json"))
    *lines, summary = map(json.loads, done.stdout.decode().splitlines())
    assert {(entry["file"], entry["output"]) for entry in lines} == {("a.txt", "a.wav"), ("a.md", "a.md.wav")}
    assert (done.returncode, summary["files"], summary["done"], summary["this_run"]) == (0, 4, 4, 2)
    assert samples_of(out / "a.wav") == stream_of(["The fog is back."])
    last = seriatim(*command(folder, out))
    assert "4 of 4 files are spoken, 0 were tried in this run; 0 failed" in last.stderr.decode()


@pytest.mark.thorough
def test_a_voice_that_no_file_can_have_is_refused_before_the_first(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = seriatim(*command(folder, out, "--voice", "sopran"))
    assert complaint(done).startswith("unknown voice 'sopran'; pool 'tone' has: soprano")
    assert (done.returncode, entries(out)) == (ExitCode.BAD_INPUT, [])


@pytest.mark.thorough
def test_a_file_that_fails_stops_no_other_and_is_tried_again_by_the_next_run(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    (folder / "b.md").write_bytes(b"\x89PNG\r\n")
    write(folder / "c.txt", "An awkward word.")
    failing = ("--engine-option", "fail_on=awkward", "--gap", "fail", "--retries", "1")
    done = seriatim(*command(folder, out, *failing))
    assert done.returncode == ExitCode.FAILED
    found = {entry["file"]: entry for entry in entries(out)}
    assert {name: entry["state"] for name, entry in found.items()} == {
        "a.txt": "done", "b.md": "failed", "c.txt": "failed", "deep/a.txt": "done",
    }  # fmt: skip
    assert ("is an image" in found["b.md"]["error"], found["b.md"]["tries"]) == (True, 1)
    assert found["c.txt"]["tries"] == 2, "what is no fault of the input is tried again"
    write(folder / "b.md", "Ten boats.")
    write(folder / "c.txt", "A good word.")
    done = seriatim(*command(folder, out, *failing))
    assert (done.returncode, len(entries(out))) == (0, 6), done.stderr.decode()


def test_a_list_names_files(folder: Path, tmp_path: Path) -> None:
    write(tmp_path / "list.txt", "# two of them\nin/b.md\n\nin/deep/a.txt\nin/none.txt\n")
    done = seriatim(*command(tmp_path / "list.txt", tmp_path / "out"))
    assert done.returncode == ExitCode.FAILED
    assert "in/none.txt: failed: cannot read" in done.stderr.decode()
    assert samples_of(tmp_path / "out" / "in" / "b.wav") == stream_of([EXPECTED["b.wav"]])
    write(tmp_path / "list.txt", "# nothing\n")
    refused = seriatim(*command(tmp_path / "list.txt", tmp_path / "out"))
    assert (refused.returncode, "has no files" in complaint(refused)) == (ExitCode.BAD_INPUT, True)


@pytest.mark.thorough
def test_a_killed_batch_goes_on_and_speaks_nothing_twice(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    write(folder / "held.txt", "First. Second. Third. Held here. Last.")
    held = ("--engine-option", "hold_on=Held", "--engine-option", f"gate={tmp_path / 'gate'}", "--workers", "2")
    with start_command(*command(folder, out, *held)) as running:
        wait_until(lambda: len(entries(out)) == 3 or running.poll() is not None, "all other files")
        journal = out / "held.wav.part.json"
        wait_until(
            lambda: journal.exists() and len(journal.read_bytes().splitlines()) > 2, "two sentences of the held file"
        )
        children = descendants(running.pid)
        running.kill()
        running.communicate(timeout=PATIENCE_S)
    wait_until(lambda: not any(alive(pid) for pid in children), "its processes end with it")
    with (out / "manifest.jsonl").open("ab") as manifest:
        manifest.write(b'{"file": "half a li')
    before = {name: (out / name).stat().st_mtime_ns for name in EXPECTED}
    (tmp_path / "gate").touch()
    done = seriatim(*command(folder, out, *held))
    assert (done.returncode, len(entries(out))) == (ExitCode.OK, 4), done.stderr.decode()
    assert {name: (out / name).stat().st_mtime_ns for name in EXPECTED} == before, "what was done is left alone"
    assert samples_of(out / "held.wav") == stream_of(["First.", "Second.", "Third.", "Held here.", "Last."])


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("number", "output"),
    [(signal.SIGKILL, b""), (signal.SIGINT, b"seriatim: interrupted; run the same command again to continue\n")],
)
def test_gaps_before_an_interruption_count(tmp_path: Path, number: signal.Signals, output: bytes) -> None:
    out, gate = tmp_path / "out", tmp_path / "gate"
    write(tmp_path / "in" / "a.txt", "First. An awkward word. Third. Fourth. Held here. Last.")
    options = (
        "--engine-option",
        "fail_on=awkward",
        "--engine-option",
        "hold_on=Held",
        "--engine-option",
        f"gate={gate}",
    )
    with start_command(*command(tmp_path / "in", out, *options, "--workers", "2")) as running:
        journal = out / "a.wav.part.json"
        wait_until(lambda: journal.exists() and len(journal.read_bytes().splitlines()) > 3, "three sentences")
        children = descendants(running.pid)
        running.send_signal(number)
        assert running.communicate(timeout=PATIENCE_S)[1] == output
    wait_until(lambda: not any(alive(pid) for pid in children), "its processes end with it")
    gate.touch()
    done = seriatim(*command(tmp_path / "in", out, *options, "--workers", "2"))
    (entry,) = entries(out)
    assert (done.returncode, entry["state"], len(entry["gaps"])) == (ExitCode.FAILED, "done", 1), done.stderr.decode()
    assert entry["gaps"][0].startswith("sentence 1: ")
    assert sorted(path.name for path in out.iterdir()) == [".lock", "a.wav", "manifest.jsonl"]


#: `seriatim batch` of a folder whose file grows before each look, until it is interrupted at the fifth
GROWING = """
import itertools, sys
from gateway.cli.commands import batch
from gateway.cli.main import main
looks, find = itertools.count(), batch.batch_inputs
def grow(source, output):
    if next(looks) == 4:
        raise KeyboardInterrupt
    with open(sys.argv[1], "a") as file:
        file.write(" More.")
    return find(source, output)
batch.batch_inputs = grow
sys.exit(main(sys.argv[2:]))
"""


@pytest.mark.thorough
def test_a_watch_waits_for_the_first_files_to_settle(tmp_path: Path) -> None:
    growing, out = tmp_path / "in" / "a.txt", tmp_path / "out"
    write(growing, "First.")
    program = (sys.executable, "-P", "-c", GROWING, growing, *command(tmp_path / "in", out, "--watch"))
    done = subprocess.run(program, env=environment(), capture_output=True, check=False, timeout=LIMIT_S)
    assert (done.returncode, growing.read_text("utf-8")) == (ExitCode.INTERRUPTED, "First." + " More." * 4), done.stderr
    assert entries(out) == []


def test_a_watched_folder_is_spoken_as_it_fills(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with start_command(*command(folder, out, "--watch", "-q")) as watching:
        wait_until(lambda: len(entries(out)) == 3 or watching.poll() is not None, "the first files")
        write(folder / "new.txt", "A new one.")
        wait_until(lambda: len(entries(out)) == 4 or watching.poll() is not None, "the new file")
        write(folder / "new.txt", "A newer one.")
        wait_until(lambda: len(entries(out)) == 5 or watching.poll() is not None, "the changed file")
        watching.send_signal(signal.SIGINT)
        _, errors = watching.communicate(timeout=PATIENCE_S)
    assert (watching.returncode, errors) == (ExitCode.INTERRUPTED, b"")
    assert samples_of(out / "new.wav") == stream_of(["A newer one."])
