"""The webhook outbox of a command: a message is sent until it is accepted, whatever becomes of the command."""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.webhooks.outbox_sender import OutboxSender
from gateway.webhooks.webhook_outbox import WebhookOutbox
from seriatim.errors import Misconfigured, UnknownOption
from seriatim.settings import Settings
from tests.support.webhook_receiver import SECRET, WebhookReceiver


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "secret").write_text(SECRET)
    return Settings(
        webhook_secret_file=str(tmp_path / "secret"), webhook_hosts="127.0.0.1", webhook_retry_s="0,0,120",
        webhook_timeout_s=60.0,
    )  # fmt: skip


def sender(folder: Path, url: str, settings: Settings) -> OutboxSender:
    return OutboxSender.of(WebhookOutbox(folder), url, "ann", settings)


def test_a_message_is_tried_again_until_it_is_accepted_with_one_id(
    receiver: WebhookReceiver, settings: Settings, tmp_path: Path
) -> None:
    receiver.answers = [500, 302]
    with sender(tmp_path / "out", receiver.url, settings) as webhooks:
        webhooks.add("book.done", output="a.m4b", gaps=0, reason="x" * 501)
    assert len(receiver.ids) == 3
    assert len(set(receiver.ids)) == 1
    (message,) = receiver.accepted
    data = {"user": "ann", "output": "a.m4b", "gaps": 0, "reason": "x" * 500}
    assert (message["type"], message["data"]) == ("book.done", data)
    assert not (tmp_path / "out").exists(), "nothing is left of what was accepted"


def test_what_is_not_accepted_is_kept_and_sent_by_the_next_command(
    receiver: WebhookReceiver, settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    receiver.answers = [503] * 3
    with sender(tmp_path / "out", receiver.url, settings) as webhooks:
        webhooks.add("book.done")
    assert len(receiver.ids) == 3, "a pause of two minutes is not waited for at the end"
    assert "1 webhook not delivered (the receiver answered 503); kept in" in capsys.readouterr().err
    with sender(tmp_path / "out", receiver.url, settings):
        """The command has nothing of its own to say."""
    assert [message["type"] for message in receiver.accepted] == ["book.done"]
    assert len(set(receiver.ids)) == 1
    assert capsys.readouterr().err == ""


def test_an_interrupted_command_waits_for_no_further_try(
    receiver: WebhookReceiver, settings: Settings, tmp_path: Path
) -> None:
    receiver.answers = [503]
    patient = replace(settings, webhook_retry_s="50")
    with suppress(KeyboardInterrupt), sender(tmp_path / "out", receiver.url, patient) as webhooks:
        webhooks.add("file.done")
        raise KeyboardInterrupt
    assert (len(receiver.ids), len(WebhookOutbox(tmp_path / "out").messages())) == (1, 1)


def test_a_receiver_that_wants_no_more_is_left_alone(
    receiver: WebhookReceiver, settings: Settings, tmp_path: Path
) -> None:
    receiver.answers = [410]
    with sender(tmp_path / "out", receiver.url, settings) as webhooks:
        webhooks.add("book.done")
    assert (len(receiver.ids), WebhookOutbox(tmp_path / "out").messages()) == (1, [])


def test_a_prepared_message_waits_for_its_output(receiver: WebhookReceiver, settings: Settings, tmp_path: Path) -> None:
    outbox = WebhookOutbox(tmp_path / "out")
    with sender(outbox.folder, receiver.url, settings) as webhooks:
        webhooks.prepare("speech.done", output="dropped.wav")
        webhooks.settle(complete=False)
        webhooks.prepare("speech.done", output="a.wav")
        assert outbox.messages() == []
    assert receiver.ids == []
    with sender(outbox.folder, receiver.url, settings) as webhooks:
        webhooks.settle(complete=True)
    assert [message["data"]["output"] for message in receiver.accepted] == ["a.wav"]


def test_a_file_that_is_no_message_stops_none(receiver: WebhookReceiver, settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    for name, text in (("000-a.webhook", "{"), ("000-b.webhook", "[]"), ("readme.txt", "mine")):
        (tmp_path / "out" / name).write_text(text)
    with sender(tmp_path / "out", receiver.url, settings) as webhooks:
        webhooks.add("book.done")
    assert len(receiver.accepted) == 1
    assert len(list((tmp_path / "out").iterdir())) == 3


def test_what_could_never_be_sent_is_refused_before_any_work(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(UnknownOption, match="expected https"):
        sender(tmp_path, "http://example.org/", settings)
    with pytest.raises(UnknownOption, match="webhook='nonsense'"):
        sender(tmp_path, "nonsense", settings)
    with pytest.raises(Misconfigured, match="SERIATIM_WEBHOOK_SECRET_FILE is not set"):
        sender(tmp_path, "https://example.org/", Settings())
    with pytest.raises(Misconfigured, match=r"cannot read .*/none: no such file or directory$"):
        sender(tmp_path, "https://example.org/", replace(settings, webhook_secret_file=str(tmp_path / "none")))
    with sender(tmp_path / "out", "", Settings()) as webhooks:
        webhooks.add("book.done")
        webhooks.prepare("book.done")
        webhooks.settle(complete=True)
    assert not (tmp_path / "out").exists(), "without a URL nothing is kept"
