"""Webhooks reach a real receiver: at least once, signed, with one id, whatever dies in between."""

import os
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from seriatim.client.job import Job
from seriatim.client.job_options import JobRequest
from seriatim.errors import UnknownOption
from seriatim.keys import job_prefix
from seriatim.webhooks.webhook_delivery import read_counts, read_deliveries
from tests.support.command_line import seriatim
from tests.support.expected_audio import sentences
from tests.support.process_system import RealSystem, alive, wait_until
from tests.support.webhook_receiver import SECRET, WebhookReceiver


@dataclass(frozen=True, slots=True)
class Hooked:
    """A system whose jobs report to receivers on this machine."""

    system: RealSystem
    secret_file: Path

    def job(self, url: str, text: str = "It has ended.", **options: object) -> Job:
        """Enqueue a text whose end is reported to `url`."""
        request = {"engine": "tone", "kind": "batch", "drain": "store", "user": "ann", "webhook": url}
        return self.system.producer().enqueue(text, JobRequest.of(request | options))

    def dead(self) -> dict[str, str]:
        """The jobs whose messages were given up, and why."""
        with self.system.redis as client:
            return {delivery.job: delivery.error for delivery in read_deliveries(client, dead=True)}

    def tries(self, job: str) -> int:
        """Tries of a message that waits, -1 if none does."""
        with self.system.redis as client:
            return next((d.tries for d in read_deliveries(client, dead=False) if d.job == job), -1)


@pytest.fixture(scope="module")
def hooked(new_system: Callable[..., RealSystem], tmp_path_factory: pytest.TempPathFactory) -> Hooked:
    secret_file = tmp_path_factory.mktemp("webhooks") / "secret"
    secret_file.write_text(SECRET + "\n")
    system = new_system(
        webhook_secret_file=str(secret_file), webhook_hosts="127.0.0.1", webhook_retry_s=",".join(["0.1"] * 1_000),
        webhook_timeout_s=60.0,  # no receiver on a busy machine is taken for one that does not answer
    )  # fmt: skip
    system.reassembler()
    system.workers()
    return Hooked(system, secret_file)


def test_the_end_of_a_job_is_posted_signed(hooked: Hooked, receiver: WebhookReceiver) -> None:
    job = hooked.job(receiver.url, " ".join(sentences(3, "webhook")))
    message = wait_until(lambda: receiver.accepted, "a message")[0]
    status = job.status()
    assert message["type"] == "job.done"
    assert message["data"] == {
        "job": job.id, "state": "done", "reason": "", "user": "ann", "sentences": 3, "gaps": 0,
        "audio_ms": round(status.audio_s * 1000),
    }  # fmt: skip
    assert receiver.ids == [job.id]
    wait_until(lambda: hooked.tries(job.id) == -1, "its delivery is reported")
    with hooked.system.redis as client:
        assert read_counts(client).delivered >= 1


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("place", "line"),
    [
        ("webhook_sender:WebhookSender.send_due", "background task failed; restarting"),
        ("webhook_post:post", "a try of a webhook raised an exception"),
    ],
)
def test_a_sender_that_breaks_sends_on(
    new_system: Callable[..., RealSystem], receiver: WebhookReceiver, tmp_path: Path, place: str, line: str
) -> None:
    """Its thread is started again after an error that nothing foresees; one of a single try is a try that failed."""
    secret_file = tmp_path / "secret"
    secret_file.write_text(SECRET + "\n")
    system = new_system(
        webhook_secret_file=str(secret_file), webhook_hosts="127.0.0.1", webhook_retry_s="0.1,0.1,0.1",
        webhook_timeout_s=60.0,
    )  # fmt: skip
    planted = f"reassembler.webhooks.{place}", "1", "2", "reassembler.main"
    system.start("planted", "-m", "tests.support.planted_errors", *planted)
    system.workers()
    job = Hooked(system, secret_file).job(receiver.url)
    wait_until(lambda: receiver.accepted, "a message")
    assert receiver.ids == [job.id]
    assert system.log("planted").count(line) == 2


def test_a_cancelled_job_is_reported_with_its_reason(hooked: Hooked, receiver: WebhookReceiver) -> None:
    text = " ".join(hooked.system.held(["This is heard."]))
    job = hooked.job(receiver.url, text)
    wait_until(lambda: job.status().emitted >= 1, "its first sentence")
    job.cancel("no longer needed")
    message = wait_until(lambda: receiver.accepted, "a message")[0]
    hooked.system.gate.touch()
    assert (message["type"], message["data"]["reason"]) == ("job.cancelled", "no longer needed")


@pytest.mark.thorough
def test_a_receiver_that_is_down_gets_the_message_when_it_is_up(hooked: Hooked, receiver: WebhookReceiver) -> None:
    receiver.stop()
    job = hooked.job(receiver.url)
    wait_until(lambda: hooked.tries(job.id) >= 1, "a try that failed")
    receiver.answers = [500, 302]  # a redirect is not followed: it is a failure like any other
    receiver.start()
    wait_until(lambda: receiver.accepted, "a message")
    assert receiver.ids == [job.id] * 3


def test_a_receiver_that_is_gone_is_not_asked_again_until_an_operator_says_so(
    hooked: Hooked, receiver: WebhookReceiver
) -> None:
    receiver.answers = [410]
    job = hooked.job(receiver.url)
    wait_until(lambda: job.id in hooked.dead(), "it is given up")
    assert receiver.ids == [job.id]
    listed = seriatim("webhooks", "--redis", hooked.system.server.url)
    assert f"{job.id}  dead, job done, 1 try: the receiver answered 410" in listed.stdout.decode()
    again = seriatim("webhooks", "retry", job.id, "--redis", hooked.system.server.url)
    assert again.stdout == b"1 webhook will be sent again\n"
    wait_until(lambda: receiver.accepted, "a message")
    assert job.id not in hooked.dead()


def test_what_a_killed_sender_had_in_hand_is_sent_by_another(hooked: Hooked, receiver: WebhookReceiver) -> None:
    receiver.held = threading.Event()
    job = hooked.job(receiver.url)
    wait_until(lambda: receiver.ids, "the message is in its receiver's hands, and not answered")
    sender = hooked.system.children["reassembler"]
    os.kill(sender.pid, signal.SIGKILL)
    sender.wait()
    assert not alive(sender.pid)
    receiver.held.set()
    hooked.system.make_due(f"{job_prefix(job.id)}:hooks", job.id)  # the time for which the sender had it is over
    hooked.system.reassembler()
    wait_until(lambda: len(receiver.ids) >= 2, "the message comes again")
    assert set(receiver.ids) == {job.id}
    wait_until(lambda: hooked.tries(job.id) == -1, "it is delivered")


@pytest.mark.thorough
def test_messages_wait_for_a_secret_that_can_be_used(hooked: Hooked, receiver: WebhookReceiver) -> None:
    hooked.secret_file.write_text("whsec_short\n")
    job = hooked.job(receiver.url)
    wait_until(lambda: "webhooks are waiting" in hooked.system.log("reassembler"), "a warning")
    wait_until(lambda: hooked.tries(job.id) == 0, "it waits")
    assert receiver.ids == []
    hooked.secret_file.write_text(SECRET + "\n")
    wait_until(lambda: receiver.accepted, "a message")


def test_an_address_that_is_not_public_is_not_reached(hooked: Hooked, receiver: WebhookReceiver) -> None:
    job = hooked.job(f"https://localhost:{receiver.port}/ended")
    wait_until(lambda: job.id in hooked.dead(), "it is given up")
    assert "localhost has the address" in hooked.dead()[job.id]
    assert receiver.ids == []


def test_http_to_a_host_that_is_not_allowed_is_refused_at_once(hooked: Hooked) -> None:
    with pytest.raises(UnknownOption, match="expected https; http is for the hosts that SERIATIM_WEBHOOK_HOSTS names"):
        hooked.job("http://localhost/ended")
