"""Webhooks of commands: the end of a file, a book or a batch is posted signed, at least once, with one id."""

from pathlib import Path
from typing import Any

import pytest

from seriatim.exit_codes import ExitCode
from tests.support.book_files import HARBOUR, SEA, book
from tests.support.command_line import QUICK, TONE, complaint, seriatim, start_command
from tests.support.process_system import PATIENCE_S, wait_until
from tests.support.webhook_receiver import SECRET, WebhookReceiver


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "secret").write_text(SECRET)
    return QUICK | {
        "SERIATIM_WEBHOOK_SECRET_FILE": str(tmp_path / "secret"), "SERIATIM_WEBHOOK_HOSTS": "127.0.0.1",
        "SERIATIM_WEBHOOK_RETRY_S": "0.1,0.1,0.1", "SERIATIM_WEBHOOK_TIMEOUT_S": "60",
    }  # fmt: skip


def summary(message: Any) -> tuple[str, dict[str, Any]]:
    return message["type"], message["data"]


def test_the_end_of_a_file_is_posted(receiver: WebhookReceiver, settings: dict[str, str], tmp_path: Path) -> None:
    receiver.answers = [500]
    out = tmp_path / "out.wav"
    command = ("speak", "-", "-o", out, "--webhook", receiver.url, "--user", "ann", *TONE)
    done = seriatim(*command, "--json", stdin=b"It rains. It pours.", settings=settings)
    assert done.returncode == 0, done.stderr.decode()
    event, data = summary(receiver.accepted[0])
    assert (event, data | {"audio_ms": 0}) == (
        "speech.done", {"user": "ann", "output": str(out), "sentences": 2, "gaps": 0, "audio_ms": 0},
    )  # fmt: skip
    assert len(set(receiver.ids)) == 1, "what was not accepted came again with its id"
    failing = ("--engine-option", "fail_on=rains", "--gap", "fail", "-q")
    failed = seriatim(*command, *failing, stdin=b"It rains.", settings=settings)
    assert failed.returncode == ExitCode.FAILED
    event, data = summary(receiver.accepted[1])
    assert (event, data["output"], "sentence 0" in data["reason"]) == ("speech.failed", str(out), True), data
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.wav", "secret"]


def test_a_command_that_is_killed_leaves_its_message_to_the_next(
    receiver: WebhookReceiver, settings: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "in.txt").write_text("It rains.")
    receiver.stop()
    out = tmp_path / "out.wav"
    command = ("speak", tmp_path / "in.txt", "-o", out, "--webhook", receiver.url, *TONE)
    with start_command(*command, settings=settings | {"SERIATIM_WEBHOOK_RETRY_S": "59"}) as running:
        waiting = tmp_path / "out.wav.webhooks"
        wait_until(
            lambda: (out.exists() and list(waiting.glob("*.webhook"))) or running.poll() is not None,
            "the end of its work",
        )
        running.kill()
        running.communicate(timeout=PATIENCE_S)
    (kept,) = waiting.iterdir()
    receiver.start()
    again = seriatim(*command, "--resume", settings=settings)
    assert (again.returncode, "it is complete" in complaint(again)) == (ExitCode.BAD_INPUT, True)
    assert [message["type"] for message in receiver.accepted] == ["speech.done"]
    assert receiver.ids[0] in kept.name
    assert not waiting.exists()


@pytest.mark.thorough
def test_the_end_of_a_book_is_posted(receiver: WebhookReceiver, settings: dict[str, str], tmp_path: Path) -> None:
    source, out = book(tmp_path / "in.epub", HARBOUR, SEA), tmp_path / "out.m4b"
    command = ("book", source, "-o", out, "--webhook", receiver.url, *TONE)
    done = seriatim(*command, settings=settings)
    assert done.returncode == 0, done.stderr.decode()
    event, data = summary(receiver.accepted[0])
    assert (event, data["output"], data["chapters"], data["gaps"]) == ("book.done", str(out), 2, 0)
    failed = seriatim("book", book(tmp_path / "in.epub", ["A new awkward line."]), *command[2:], "--gap", "fail",
                      "--engine-option", "fail_on=awkward", settings=settings)  # fmt: skip
    assert failed.returncode == ExitCode.FAILED
    event, data = summary(receiver.accepted[1])
    assert (event, "sentence" in data["reason"]) == ("book.failed", True)


def test_each_file_of_a_batch_and_its_end_are_posted(
    receiver: WebhookReceiver, settings: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.txt").write_text("It rains.")
    (tmp_path / "in" / "b.txt").write_bytes(b"\x89PNG\r\n")
    command = ("batch", tmp_path / "in", "-o", tmp_path / "out", "--format", "wav", "--webhook", receiver.url, *TONE)
    done = seriatim(*command, settings=settings)
    assert done.returncode == ExitCode.FAILED
    found = dict(map(summary, receiver.accepted))
    assert sorted(found) == ["batch.done", "file.done", "file.failed"]
    assert (found["file.done"]["file"], found["file.done"]["output"]) == ("a.txt", "a.wav")
    assert "is an image" in found["file.failed"]["reason"]
    assert (found["batch.done"]["files"], found["batch.done"]["failed"]) == (2, 1)
    assert len(set(receiver.ids)) == 3


def test_a_webhook_that_could_not_be_sent_is_refused_before_any_work(settings: dict[str, str], tmp_path: Path) -> None:
    command = ("speak", "-", "-o", tmp_path / "out.wav", *TONE, "--webhook")
    refused = seriatim(*command, "http://example.org/", stdin=b"Hi.", settings=settings)
    assert (refused.returncode, "expected https" in complaint(refused)) == (ExitCode.BAD_INPUT, True)
    unsigned = seriatim(*command, "https://example.org/", stdin=b"Hi.")
    assert unsigned.returncode == ExitCode.CANNOT_START
    assert "SERIATIM_WEBHOOK_SECRET_FILE is not set" in complaint(unsigned)
    piped = seriatim(
        "speak", "-", "-o", "-", *TONE, "--webhook", "https://example.org/", stdin=b"Hi.", settings=settings
    )
    assert "--webhook needs an output file" in complaint(piped)
