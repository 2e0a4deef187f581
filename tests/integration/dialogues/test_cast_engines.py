"""Speakers with engines of their own: each line is spoken by its speaker's engine, and all are heard in order."""

import importlib.util
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import soundfile

from seriatim import Client
from seriatim.audio.resampler import PcmResampler
from seriatim.engine import Utterance
from seriatim.errors import UnknownOption
from seriatim.exit_codes import ExitCode
from seriatim.records import Sentence
from tests.support.book_files import book
from tests.support.command_line import TONE, complaint, seriatim, start_command
from tests.support.expected_audio import RATE_HZ, spoken_pcm
from tests.support.process_system import HOLD, PATIENCE_S, RealSystem, alive, descendants, wait_until
from workers.engines.tone.engine import load
from workers.trim_and_fade import TrimFadeFilter

SCRIPT = "The quay.\n\nANNA: Who is there?\nBEN: Only me.\nANNA: Come in.\n\nA door falls shut."
LOW_HZ = 16_000
CAST: dict[str, Any] = {
    "engines": {"low": {"engine": "tone", "options": {"rate_hz": LOW_HZ}}},
    "speakers": {"ANNA": {"voice": "alto", "engine": "low"}, "BEN": "bass"},
}
LOW = load({"rate_hz": str(LOW_HZ)})


def spoken_low(sentence: Sentence, seed: int) -> bytes:
    """A sentence of the other pool, at the rate of the first."""
    edges = TrimFadeFilter(LOW_HZ, sentence.pause_ms)
    utterance = Utterance(sentence.text, sentence.voice, seed=seed)
    pcm = b"".join(edges.feed(chunk.pcm) for chunk in LOW.speak(utterance, lambda: False)) + edges.finish()
    return PcmResampler(LOW_HZ, RATE_HZ).feed(pcm, last=True)


EXPECTED = b"".join(
    [
        spoken_pcm(Sentence("The quay.", 600), seed=0),
        spoken_low(Sentence("Who is there?", 200, voice="alto"), seed=1),
        spoken_pcm(Sentence("Only me.", 200, voice="bass"), seed=2),
        spoken_low(Sentence("Come in.", 600, voice="alto"), seed=3),
        spoken_pcm(Sentence("A door falls shut.", 200), seed=4),
    ]
)


def write_files(folder: Path, script: str = SCRIPT, cast: dict[str, Any] = CAST) -> tuple[str | Path, ...]:
    """The first words of the command that speaks them."""
    (folder / "script.txt").write_text(script, "utf-8")
    (folder / "cast.json").write_text(json.dumps(cast), "utf-8")
    return ("speak", folder / "script.txt", "-o", folder / "out.wav", "--cast", folder / "cast.json")


def samples_of(path: Path) -> bytes:
    samples, rate_hz = soundfile.read(path, dtype="int16")
    assert rate_hz == RATE_HZ
    return bytes(samples.tobytes())


def test_a_private_system_has_workers_for_each_engine_of_the_cast(tmp_path: Path) -> None:
    done = seriatim(*write_files(tmp_path), "--json", *TONE)
    assert done.returncode == 0, done.stderr.decode()
    assert samples_of(tmp_path / "out.wav") == EXPECTED
    summary = json.loads(done.stdout)
    assert (summary["sentences"], len(summary["sentences_by_worker"])) == (5, 2)


@pytest.fixture(scope="module")
def system(new_system: Callable[..., RealSystem]) -> RealSystem:
    system = new_system(lease_ms=60_000, reader_grace_s=4.0)
    system.reassembler()
    system.workers(1)
    system.workers(1, name="low", pool="low", options={"rate_hz": LOW_HZ})
    return system


def test_the_pools_of_a_running_system_speak_together(system: RealSystem, tmp_path: Path) -> None:
    command = (*write_files(tmp_path), "--engine", "tone", "--redis")
    done = seriatim(*command, settings=system.settings.to_env())
    assert done.returncode == 0, done.stderr.decode()
    assert samples_of(tmp_path / "out.wav") == EXPECTED
    command = (*write_files(tmp_path, cast={"speakers": {"ANNA": {"engine": "none-such"}}}), *command[-3:])
    refused = seriatim(*command, settings=system.settings.to_env())
    assert "no worker of pool 'none-such' is running" in complaint(refused)


def seen_ms(system: RealSystem, pool: str) -> set[bytes | None]:
    """When the jobs of a pool were last reported to have a reader."""
    with system.redis as client:
        return {client.hget(key, "seen") for key in client.scan_iter(f"seriatim:1:{{p:{pool}}}:j:*")}


def test_a_job_whose_turn_has_not_come_has_a_reader(system: RealSystem, tmp_path: Path) -> None:
    script = f"The {HOLD} holds the narrator.\n\nANNA: And the {HOLD} holds me."
    system.gate.unlink(missing_ok=True)
    command = (*write_files(tmp_path, script), "--engine", "tone", "--redis")
    before = seen_ms(system, "low")
    with start_command(*command, settings=system.settings.to_env()) as running:
        first = wait_until(lambda: seen_ms(system, "low") - before, "Anna's job")
        wait_until(lambda: seen_ms(system, "low") - before - first, "a report of its reader, which reads another job")
        system.gate.touch()
        _, errors = running.communicate(timeout=PATIENCE_S)
    assert (running.returncode, samples_of(tmp_path / "out.wav")[-400:]) == (0, bytes(400)), errors.decode()


@pytest.mark.thorough
def test_an_interrupted_dialogue_goes_on_with_the_same_bytes(tmp_path: Path) -> None:
    gate, options = tmp_path / "gate", ("--engine-option", "hold_on=falls", "--workers", "1")
    command = (*write_files(tmp_path), *TONE, *options, "--engine-option", f"gate={gate}")
    journal = tmp_path / "out.wav.part.json"
    with start_command(*command) as running:
        wait_until(
            lambda: (journal.exists() and len(journal.read_bytes().splitlines()) > 2) or running.poll() is not None,
            "two sentences, one of each engine",
        )
        children = descendants(running.pid)
        running.kill()
        running.communicate(timeout=PATIENCE_S)
    wait_until(lambda: not any(alive(pid) for pid in children), "its processes end with it")
    gate.touch()
    done = seriatim(*command, "--resume")
    assert done.returncode == 0, done.stderr.decode()
    assert samples_of(tmp_path / "out.wav") == EXPECTED


@pytest.mark.thorough
def test_a_failure_of_one_engine_ends_the_others(tmp_path: Path) -> None:
    failing = {**CAST, "engines": {"low": {"engine": "tone", "options": {"rate_hz": LOW_HZ, "fail_on": "Come"}}}}
    done = seriatim(*write_files(tmp_path, cast=failing), "--gap", "fail", "-q", *TONE)
    assert (done.returncode, (tmp_path / "out.wav").exists()) == (ExitCode.FAILED, False), done.stderr.decode()
    gaps = seriatim(*write_files(tmp_path, cast=failing), "--restart", "--json", *TONE)
    assert [gap.partition(":")[0] for gap in json.loads(gaps.stdout)["gaps"]] == ["sentence 3"], gaps.stderr.decode()


@pytest.mark.thorough
def test_a_book_keeps_the_engines_of_its_speakers(tmp_path: Path) -> None:
    source = book(tmp_path / "in.epub", ["“Who is there?” said Anna."], ["“Only me.”"])
    cast = {"quotes": "narrator", "engines": CAST["engines"], "speakers": {"Anna": {"voice": "alto", "engine": "low"}}}
    (tmp_path / "cast.json").write_text(json.dumps(cast), "utf-8")
    done = seriatim(
        "book", source, "-o", tmp_path / "out/", "--format", "flac", "--cast", tmp_path / "cast.json", *TONE
    )
    assert done.returncode == 0, done.stderr.decode()
    assert samples_of(tmp_path / "out" / "01 - Harbour.flac") == b"".join(
        [
            spoken_pcm(Sentence("Harbour", 600), seed=0),
            spoken_low(Sentence("“Who is there?”", 200, voice="alto"), seed=1),
            spoken_pcm(Sentence("said Anna.", 600), seed=2),
        ]
    )
    fixed = seriatim("book", "fix", tmp_path / "out", "--sentence", "1.2", "--again", "--json")
    assert fixed.returncode == 0, fixed.stderr.decode()
    assert samples_of(tmp_path / "out" / "01 - Harbour.flac").endswith(spoken_pcm(Sentence("said Anna.", 600), seed=2))


def test_a_program_is_refused_with_what_to_do(system: RealSystem) -> None:
    with Client(settings=system.settings) as client:
        for begin in (partial(client.enqueue_job, SCRIPT), client.open_job):
            with pytest.raises(UnknownOption, match="a job speaks in one pool; seriatim speak, book and batch"):
                begin(engine="tone", cast=CAST)


@pytest.mark.skipif(importlib.util.find_spec("espeakng_loader") is None, reason="espeak is not installed")
def test_two_real_engines_share_a_dialogue(tmp_path: Path) -> None:
    cast = {"speakers": {"ANNA": {"voice": "en-us+f3", "engine": "espeak"}}}
    done = seriatim(*write_files(tmp_path, "The quay.\n\nANNA: Who is there?\n\nIt rains.", cast), *TONE)
    assert done.returncode == 0, done.stderr.decode()
    found = samples_of(tmp_path / "out.wav")
    head, tail = spoken_pcm(Sentence("The quay.", 600), seed=0), spoken_pcm(Sentence("It rains.", 200), seed=2)
    assert found.startswith(head)
    assert found.endswith(tail)
    alone = seriatim("speak", "-", "-o", tmp_path / "anna.wav", "--engine", "espeak", "--voice", "en-us+f3",
                     "--pause-ms", "600", "--seed", "1", "--workers", "1", stdin=b"Who is there?")  # fmt: skip
    assert alone.returncode == 0, alone.stderr.decode()
    samples, rate_hz = soundfile.read(tmp_path / "anna.wav", dtype="int16")
    assert found[len(head) : -len(tail)] == PcmResampler(rate_hz, RATE_HZ).feed(samples.tobytes(), last=True)
