"""Dialogues: each speaker is pcm in the right voice at the right place, whichever way the text is sent."""

import importlib.util
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import soundfile

from seriatim import Client, Sentence
from tests.support.command_line import TONE, complaint, seriatim
from tests.support.expected_audio import stream_of
from tests.support.process_system import RealSystem, wait_until

SCRIPT = "The quay.\n\nANNA: Who is there?\nBEN: Only me.\nCARL: And I.\n\nA door falls shut."
CAST = "narrator: flute\nothers: [alto]\nspeakers:\n  ANNA: alto\n  BEN: {voice: bass, speed: 1.5, pause_ms: 50}\n"
EXPECTED = stream_of(
    [
        Sentence("The quay.", 600, voice="flute"), Sentence("Who is there?", 200, voice="alto"),
        Sentence("Only me.", 50, voice="bass", speed=1.5), Sentence("And I.", 600, voice="alto"),
        Sentence("A door falls shut.", 200, voice="flute"),
    ]
)  # fmt: skip


@pytest.fixture
def script(tmp_path: Path) -> Path:
    (tmp_path / "script.txt").write_text(SCRIPT, "utf-8")
    (tmp_path / "cast.yaml").write_text(CAST, "utf-8")
    return tmp_path / "script.txt"


@pytest.fixture(scope="module")
def system(new_system: Callable[..., RealSystem]) -> RealSystem:
    system = new_system(lease_ms=60_000)  # its worker is there, however busy the machine is
    system.reassembler()
    system.workers(1)
    return system


def test_the_command_speaks_each_line_in_its_speakers_voice(script: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.wav"
    done = seriatim("speak", script, "-o", out, "--cast", tmp_path / "cast.yaml", *TONE)
    assert done.returncode == 0, done.stderr.decode()
    samples, rate_hz = soundfile.read(out, dtype="int16")
    assert (rate_hz, samples.tobytes()) == (8000, EXPECTED)


def test_the_plan_names_speakers_lines_and_voices(script: Path, tmp_path: Path) -> None:
    command = ("speak", script, "-o", tmp_path / "out.wav", "--plan", *TONE)
    done = seriatim(*command, "--cast", tmp_path / "cast.yaml")
    assert [line.split() for line in done.stdout.decode().splitlines()] == [
        ["(narrator)", "flute"], ["ANNA", "alto", "1", "line"],
        ["BEN", "bass", "1", "line", "speed", "1.5"], ["CARL", "alto", "1", "line"],
    ]  # fmt: skip
    found = json.loads(seriatim(*command, "--cast", "auto", "--json").stdout)
    assert [(row["speaker"], row["voice"]) for row in found] == [
        ("", "alto"), ("ANNA", "soprano"), ("BEN", "mezzo"), ("CARL", "contralto"),
    ]  # fmt: skip
    assert not (tmp_path / "out.wav").exists()


NOVEL = "The quay.\n\n“Who is there?” said Anna.\n\n“Only me,” Ben said.\n\n“So I see.”\n\nHe laughed. “Do you?”"
NOVEL_CAST = {"quotes": "soprano", "speakers": {"Anna": "alto", "Mr. Cole": {"voice": "bass", "names": ["Ben"]}}}


def test_quoted_speech_of_a_novel_is_in_the_voices_of_those_who_say_it(tmp_path: Path) -> None:
    (tmp_path / "novel.txt").write_text(NOVEL, "utf-8")
    (tmp_path / "cast.json").write_text(json.dumps(NOVEL_CAST), "utf-8")
    command = ("speak", tmp_path / "novel.txt", "-o", tmp_path / "out.wav", "--cast", tmp_path / "cast.json", *TONE)
    planned = json.loads(seriatim(*command, "--plan", "--json").stdout)
    assert {row["speaker"]: (row["voice"], row.get("quotations")) for row in planned} == {
        "": ("alto", None), "Anna": ("alto", ["“Who is there?”", "“So I see.”"]), "Mr. Cole": ("bass", ["“Only me,”"]),
        "?": ("soprano", ["“Do you?”"]),
    }  # fmt: skip
    shown = seriatim(*command, "--plan").stdout.decode()
    assert "Mr. Cole    bass      0 lines      1 quotation\n" in shown
    assert shown.endswith("(not sure)  soprano      1 quotation\n  not sure: “Do you?”\n")
    done = seriatim(*command)
    assert done.returncode == 0, done.stderr.decode()
    samples, _ = soundfile.read(tmp_path / "out.wav", dtype="int16")
    assert samples.tobytes() == stream_of(
        [
            Sentence("The quay.", 600), Sentence("“Who is there?”", 200, voice="alto"), Sentence("said Anna.", 600),
            Sentence("“Only me,”", 0, voice="bass"), Sentence("Ben said.", 600),
            Sentence("“So I see.”", 600, voice="alto"),
            Sentence("He laughed.", 200), Sentence("“Do you?”", 200, voice="soprano"),
        ]
    )  # fmt: skip


def test_two_hosts_speak_an_outline(tmp_path: Path) -> None:
    (tmp_path / "outline.md").write_text(
        "# Harbour news\nGood evening.\n\n- Ten boats came *home*.\n- It rains.", "utf-8"
    )
    done = seriatim("speak", tmp_path / "outline.md", "-o", tmp_path / "out.wav", "--hosts", "flute,bass", *TONE)
    assert done.returncode == 0, done.stderr.decode()
    samples, _ = soundfile.read(tmp_path / "out.wav", dtype="int16")
    assert samples.tobytes() == stream_of(
        [
            Sentence("Harbour news.", 200, voice="flute"), Sentence("Good evening.", 200, voice="flute"),
            Sentence("Ten boats came home.", 200, voice="bass"), Sentence("It rains.", 200, voice="flute"),
        ]
    )  # fmt: skip


def test_a_cast_that_cannot_be_used_is_refused(script: Path, tmp_path: Path) -> None:
    (tmp_path / "cast.yaml").write_text("speakers: {ANNA: {spede: 1}}", "utf-8")
    done = seriatim("speak", script, "-o", tmp_path / "out.wav", "--cast", tmp_path / "cast.yaml", *TONE)
    assert (done.returncode, "unknown field 'spede'" in complaint(done)) == (2, True)


def test_a_program_gives_a_cast_and_leaves_voices_open(system: RealSystem, script: Path, tmp_path: Path) -> None:
    with Client(settings=system.settings) as client:
        for cast in (tmp_path / "cast.yaml", {"others": ["alto"], "speakers": {
            "BEN": {"voice": "BASS", "speed": 1.5, "pause_ms": 50}}}):  # fmt: skip
            job = client.enqueue_job(script, engine="tone", voice="flute", cast=cast)
            assert b"".join(job.pcm()) == EXPECTED
        opened = client.open_job(engine="tone", cast=tmp_path / "cast.yaml")
        for part in SCRIPT.replace("CARL", "ANNA").partition("NNA"):
            opened.say(part)
        opened.close()
        assert b"".join(opened.job.pcm()) == EXPECTED


@pytest.mark.skipif(importlib.util.find_spec("espeakng_loader") is None, reason="espeak is not installed")
def test_a_real_engine_has_another_voice_for_each_speaker(new_system: Callable[..., RealSystem]) -> None:
    system = new_system(lease_ms=60_000)
    system.reassembler()
    system.start("espeak", "-m", "workers", "--engine", "espeak")
    wait_until(lambda: system.slots("espeak"), "a worker")
    with Client(settings=system.settings) as client:
        cast = {"speakers": {"ANNA": "en-us+f3", "BEN": {"voice": "German"}}}
        pcm = b"".join(client.enqueue_job("ANNA: Good evening.\nBEN: Guten Abend.", engine="espeak", cast=cast).pcm())
        lines = [Sentence("Good evening.", voice="en-us+f3"), Sentence("Guten Abend.", 200, voice="de")]
        assert pcm == b"".join(client.enqueue_job(lines, engine="espeak").pcm())
        plain = [Sentence("Good evening."), Sentence("Guten Abend.", 200)]
        assert pcm != b"".join(client.enqueue_job(plain, engine="espeak").pcm())
