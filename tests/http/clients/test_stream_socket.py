"""The WebSocket /v1/stream: text as it is written, sound as it is spoken, over one connection."""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from socket import SHUT_RDWR
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from seriatim.keys import ordered_stream, pool_prefix
from tests.http.decoded_audio import seconds, seconds_of_pcm
from tests.http.gateways import ADDRESS, Gateway, clear, start
from tests.support.expected_audio import stream_of
from tests.support.process_system import PATIENCE_S, RealSystem, wait_until

TEXTS = clear(6, "Talk")
LONG = clear(250, "Long")


@dataclass(slots=True)
class SocketClient:
    """A client: the messages and the audio that it received."""

    socket: ClientConnection
    messages: list[dict[str, Any]] = field(default_factory=list)
    sound: bytearray = field(default_factory=bytearray)

    def say(self, kind: str, **more: object) -> None:
        self.socket.send(json.dumps({"type": kind, **more}))

    def next(self) -> dict[str, Any]:
        """The next message, with its bytes taken."""
        message: dict[str, Any] = json.loads(self.socket.recv(PATIENCE_S))
        if message.get("bytes"):
            sound = self.socket.recv(PATIENCE_S)
            assert isinstance(sound, bytes)
            assert len(sound) == message["bytes"]
            self.sound += sound
        self.messages.append(message)
        return message

    def until(self, kind: str) -> dict[str, Any]:
        while (message := self.next())["type"] != kind:
            assert message["type"] != "error", message
        return message


@contextmanager
def calling(gateway: Gateway, **more: Any) -> Iterator[SocketClient]:
    options: dict[str, Any] = {"proxy": None, "close_timeout": 0.2} | more
    with connect(f"ws://127.0.0.1:{gateway.port}/v1/stream", **options) as socket:
        yield SocketClient(socket)


def shorten_grace(gateway: Gateway, job: str, grace_s: int) -> None:
    """Let the pool wait only so long for a job's reader from now on."""
    with gateway.system.redis as redis:
        redis.hset(f"{pool_prefix('tone')}:j:{job}", "grace", grace_s * 1000)
    gateway.system.make_due(f"{pool_prefix('tone')}:act", job)  # it is looked at in the next sweep


def test_text_in_pieces_is_heard_as_one(gateway: Gateway) -> None:
    with calling(gateway) as caller:
        caller.say("start")
        assert set(caller.next()) == {"type", "job", "resume", "rate_hz"}
        text = " ".join(TEXTS)
        for at in range(0, len(text), 7):
            caller.say("text", text=text[at : at + 7])
        caller.say("close")
        end = caller.until("end")
    assert (end["state"], end["sentences"]) == ("done", len(TEXTS))
    assert [m["text"] for m in caller.messages if m["type"] == "sentence"] == TEXTS
    assert bytes(caller.sound) == stream_of(TEXTS)


def test_sentences_have_the_times_of_their_words(gateway: Gateway) -> None:
    """Estimated ones are corrected by what the sentences before lasted; the tone engine's pace is its own."""
    with calling(gateway) as caller:
        caller.say("start", words=True)
        rate_hz = caller.next()["rate_hz"]
        caller.say("text", text=" ".join(TEXTS))
        caller.say("close")
        caller.until("end")
    sentences = [m for m in caller.messages if m["type"] == "sentence"]
    assert [[word["text"] for word in m["words"]] for m in sentences] == [text.rstrip(".").split() for text in TEXTS]
    assert {m["words_from"] for m in sentences} == {"estimate"}
    last_ms = sentences[-1]["words"][-1]["end_ms"]
    assert 0 < last_ms < 1.1 * len(stream_of(TEXTS[-1:])) / 2 / rate_hz * 1000


def test_sound_comes_before_the_text_is_whole(gateway: Gateway) -> None:
    with calling(gateway) as caller:
        caller.say("start")
        caller.say("text", text=f"{TEXTS[0]} {TEXTS[1]} And")
        caller.until("audio")
        caller.say("text", text=" the rest.")
        caller.say("close")
        caller.until("end")
    assert [m["text"] for m in caller.messages if m["type"] == "sentence"] == [TEXTS[0], TEXTS[1], "And the rest."]


def test_flush_says_half_a_sentence(gateway: Gateway) -> None:
    with calling(gateway) as caller:
        caller.say("start")
        caller.say("text", text="One moment")
        caller.say("flush")
        assert caller.until("sentence")["text"] == "One moment"
        caller.until("audio")
        caller.say("close")
        assert caller.until("end")["state"] == "done"


def test_cancel_stops_at_once_and_another_job_may_begin(gateway: Gateway) -> None:
    with calling(gateway) as caller:
        caller.say("start")
        caller.say("text", text=" ".join(LONG))
        caller.until("audio")
        caller.say("cancel")
        assert caller.until("end")["state"] == "cancelled"
        caller.say("start")
        caller.until("started")
        caller.say("text", text=TEXTS[0])
        caller.say("close")
        caller.sound.clear()
        assert caller.until("end")["state"] == "done"
        assert bytes(caller.sound) == stream_of(TEXTS[:1])


@pytest.mark.parametrize("name", ["mp3", "opus", "wav"])
def test_sound_comes_in_any_format(gateway: Gateway, name: str) -> None:
    with calling(gateway) as caller:
        caller.say("start", format=name)
        caller.say("text", text=" ".join(TEXTS))
        caller.say("close")
        caller.until("end")
    assert -0.01 < seconds(bytes(caller.sound)) - seconds_of_pcm(stream_of(TEXTS)) < 0.3


def test_another_gateway_goes_on_where_one_was_killed(system: RealSystem, gateway: Gateway) -> None:
    """Half the text was sent and some of it heard when the gateway dies; nothing is lost and nothing comes twice."""
    doomed = start(system, "doomed-talk")
    half = " ".join(LONG[:10]) + " " + LONG[10][:5]
    with calling(doomed) as caller:
        caller.say("start", window_ms=3_000)
        token = caller.next()["resume"]
        caller.say("text", text=half)
        last = caller.until("audio")["id"]
        doomed.system.children["doomed-talk"].kill()
        with suppress(ConnectionClosed):
            while True:
                last = caller.next()["id"]
    first = bytes(caller.sound)
    with calling(gateway) as again:
        again.say("start", resume=token, after=last)
        assert again.next()["resume"] == token
        for at in range(0, len(half), 30):  # in other pieces than the first time
            again.say("text", text=half[at : at + 30])
        again.say("text", text=LONG[10][5:] + " " + " ".join(LONG[11:20]))
        again.say("close")
        assert again.until("end")["state"] == "done"
    assert first + bytes(again.sound) == stream_of(LONG[:20])


def test_a_client_that_does_not_come_back_stops_its_job(gateway: Gateway) -> None:
    with calling(gateway) as caller, gateway.client() as client:
        caller.say("start", window_ms=2_000, reader_grace_s=600)
        job = caller.next()["job"]
        caller.say("text", text=" ".join(LONG))
        caller.until("audio")
        caller.socket.socket.shutdown(SHUT_RDWR)
        shorten_grace(gateway, job, 3)  # only now: while its client was there, no slowness of this machine ended it
        wait_until(lambda: client.get(f"/v1/jobs/{job}").json()["state"] == "cancelled", "its grace is over")
        assert client.get(f"/v1/jobs/{job}").json()["reason"] == "no reader for 3 s"


def test_a_client_that_acknowledges_loses_nothing_that_was_sent(gateway: Gateway) -> None:
    """All of it was sent, most of it was lost with the connection: it is kept until the client says that it has it."""
    with calling(gateway) as caller:
        caller.say("start", acknowledge=True, window_ms=600_000)
        token = caller.next()["resume"]
        caller.say("text", text=" ".join(LONG[:20]))
        caller.say("close")
        last = caller.until("audio")["id"]
        kept = bytes(caller.sound)
        caller.say("received", id=last)
        caller.until("end")
        caller.socket.socket.shutdown(SHUT_RDWR)
    for _ in range(2):  # the end was not acknowledged in between
        with calling(gateway) as again:
            again.say("start", acknowledge=True, resume=token, after=last)
            end = again.until("end")
            assert end["state"] == "done"
            assert kept + bytes(again.sound) == stream_of(LONG[:20])
            again.socket.socket.shutdown(SHUT_RDWR)


def test_audio_that_was_acknowledged_goes(gateway: Gateway) -> None:
    with calling(gateway) as caller, gateway.system.redis as redis:
        caller.say("start", acknowledge=True, window_ms=600_000)
        job = caller.next()["job"]
        caller.say("text", text=" ".join(LONG[:20]))
        caller.say("close")
        end = caller.until("end")
        stream = ordered_stream(job)
        assert redis.xrange(stream, count=1)[0][0] == b"1-0", "nothing was acknowledged"
        caller.say("received", id=end["id"])
        wait_until(lambda: redis.xrange(stream, count=1)[0][0] != b"1-0", "the audio of the first sentence goes")
        caller.say("received", id="the end")
        assert caller.next()["error"]["code"] == "bad_input"


@pytest.mark.parametrize("code", [1000, 1005])
def test_a_client_that_closes_the_connection_cancels_its_job(gateway: Gateway, code: int) -> None:
    """Agents close it when they are interrupted; what is not wanted must not be spoken for the resume time."""
    patient = {"close_timeout": PATIENCE_S, "max_queue": None}  # the answer to the closing comes behind the sound
    with calling(gateway, **patient) as caller, gateway.client() as client:
        caller.say("start", window_ms=2_000, reader_grace_s=600)
        job = caller.next()["job"]
        caller.say("text", text=" ".join(LONG))
        caller.until("audio")
        with caller.socket.send_context():
            caller.socket.protocol.send_close(None if code == 1005 else code)
        wait_until(lambda: client.get(f"/v1/jobs/{job}").json()["state"] == "cancelled", "it is not wanted")
        assert client.get(f"/v1/jobs/{job}").json()["reason"] == "its listener closed the connection"


def test_cancel_overtakes_text_and_nothing_is_heard_after_it(system: RealSystem) -> None:
    """The queue of the job is full, so that hundreds of words wait; the next job begins without waiting for the end."""
    small = start(system, "barge-in", queue_limit_ms=5_000)
    with calling(small) as caller:
        caller.say("start", window_ms=3_000)
        for word in " ".join(LONG).split():
            caller.say("text", text=word + " ")
        caller.until("audio")
        caller.say("cancel")
        caller.say("start")
        first = caller.until("end")
        assert (first["state"], first["reason"], first["bytes"]) == ("cancelled", "cancelled by its listener", 0)
        assert caller.next()["type"] == "started"
        caller.sound.clear()
        caller.say("text", text=TEXTS[0])
        caller.say("close")
        assert caller.until("end")["state"] == "done"
        assert bytes(caller.sound) == stream_of(TEXTS[:1])
    system.end("barge-in")


@pytest.mark.thorough
def test_a_connection_with_a_key_may_wait_for_its_first_job(system: RealSystem) -> None:
    """Agents open connections before they need them; only one that has no right to be there must hurry."""
    path = system.folder / "waiting-keys.toml"
    path.write_text('[[key]]\nuser = "anna"\nkey = "anna-0123456789abcdef"\n', "utf-8")
    hurry = (
        "from gateway.http.routes import text_stream as t; t.START_TIMEOUT_S = 0.2; from gateway.cli.main import main"
    )
    system.start("hurried", "-c", f"{hurry}; main(['serve', '--port', '0'])", http_pool="tone", http_keys_file=path)
    port = wait_until(lambda: ADDRESS.search(system.log("hurried")), "it serves")
    gateway = Gateway(system, "hurried", int(port.group(1)))
    with calling(gateway, additional_headers={"authorization": "Bearer anna-0123456789abcdef"}) as caller:
        with calling(gateway) as stranger:
            assert stranger.next()["error"]["code"] == "too_late"
        caller.say("start")
        assert caller.next()["type"] == "started"
    system.end("hurried")


def test_a_client_that_takes_nothing_stops_the_speaking(gateway: Gateway) -> None:
    with calling(gateway, max_queue=1) as caller, gateway.client() as client:
        caller.say("start", window_ms=5_000)
        job = caller.next()["job"]
        caller.say("text", text=" ".join(LONG[:80]))
        caller.say("close")
        done_counts: list[int] = []

        def stands() -> bool:
            done_counts.append(client.get(f"/v1/jobs/{job}").json()["sentences_done"])
            return len(done_counts) > 30 and done_counts[-1] == done_counts[-30] > 0

        wait_until(stands, "it stands still")
        assert done_counts[-1] < 70
        caller.until("end")
    assert bytes(caller.sound) == stream_of(LONG[:80])


def test_more_text_than_the_queue_holds_waits_for_room(system: RealSystem) -> None:
    small = start(system, "small", queue_limit_ms=5_000)
    with calling(small) as caller:
        caller.say("start", window_ms=3_000)
        caller.next()
        for text in LONG[:60]:
            caller.say("text", text=text + " ")
        caller.say("close")
        assert caller.until("end")["state"] == "done"
    assert bytes(caller.sound) == stream_of(LONG[:60])


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ('{"type": "text", "text": "Hi."}', "bad_input"),
        ('{"type": "sing"}', "bad_input"),
        ("[]", "bad_input"),
        ("not JSON", "bad_input"),
        (b"\x00", "bad_input"),
        ('{"type": "start", "voice": "alcie"}', "unknown_voice"),
        ('{"type": "start", "model": "none"}', "model_not_found"),
        ('{"type": "start", "resume": "x"}', "bad_input"),
        ('{"type": "start", "resume": "%s-80"}' % ("0" * 32), "not_found"),
        ('{"type": "start", "after": "x"}', "bad_input"),
    ],
)
def test_an_impossible_message_is_refused_and_ends_the_connection(
    gateway: Gateway, message: str | bytes, code: str
) -> None:
    with calling(gateway) as caller:
        caller.socket.send(message)
        reply = json.loads(caller.socket.recv(PATIENCE_S))
        assert reply["error"]["code"] == code, reply
        with pytest.raises(ConnectionClosed):
            caller.socket.recv(PATIENCE_S)


def test_a_wrong_key_is_refused_before_the_connection_is(system: RealSystem) -> None:
    path = system.folder / "socket-keys.toml"
    path.write_text('[[key]]\nuser = "anna"\nkey = "anna-0123456789abcdef"\n', "utf-8")
    locked = start(system, "locked-talk", http_keys_file=path)
    with pytest.raises(InvalidStatus) as refused, calling(locked, additional_headers={"authorization": "Bearer no"}):
        pass
    assert refused.value.response.status_code == 401
    for key, kind in (("anna-0123456789abcdef", "started"), ("no", "error"), ("", "error")):
        with calling(locked) as caller:
            caller.say("start", key=key)
            assert caller.next()["type"] == kind
