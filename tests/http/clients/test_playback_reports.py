"""Playback reports of the WebSocket /v1/stream behind the end of a job: its audio is played for much longer."""

import json
from typing import Any

import pytest

from seriatim.keys import pool_prefix
from seriatim.state.job_record import read_job
from tests.http.clients.test_stream_socket import SocketClient, calling
from tests.http.gateways import Gateway, clear
from tests.support.expected_audio import stream_of
from tests.support.process_system import wait_until

TURN = clear(30, "Turn")  #: a minute of sound: its listener cannot hear the end while a test runs
PLAYED_MS = 1e9  #: more than all of it


def held_jobs(gateway: Gateway) -> set[str]:
    """Jobs that are spoken and still played, for which the pool keeps a share of its slots."""
    with gateway.system.redis as redis:
        members = redis.zrange(f"{pool_prefix('tone')}:held", 0, -1)
    return {member.decode().partition("|")[0] for member in members}


def speak_turn(caller: SocketClient, gateway: Gateway) -> str:
    """A turn up to its `end`; its job is spoken, and the listener hears it yet."""
    caller.say("start")
    job = str(caller.until("started")["job"])
    caller.say("text", text=" ".join(TURN))
    caller.say("close")
    assert caller.until("end")["state"] == "done"
    with gateway.system.redis as redis:

        def is_spoken() -> bool:
            record = read_job(redis, "tone", job)
            return record is not None and record.state == "spoken"

        wait_until(is_spoken, "the pool has the end of the job")
    assert job in held_jobs(gateway)
    return job


@pytest.mark.parametrize("report", [{"type": "heard", "ms": PLAYED_MS}, {"type": "cancel"}], ids=["heard", "cancel"])
def test_a_listener_that_hears_no_more_of_a_turn_gives_its_share_back(gateway: Gateway, report: dict[str, Any]) -> None:
    """The end was played, or the listener interrupts."""
    with calling(gateway) as caller:
        job = speak_turn(caller, gateway)
        caller.socket.send(json.dumps(report))
        wait_until(lambda: job not in held_jobs(gateway), "the share is free")


def test_a_report_about_an_earlier_turn_leaves_the_current_one_alone(gateway: Gateway) -> None:
    with calling(gateway) as caller:
        earlier = speak_turn(caller, gateway)
        caller.sound.clear()
        caller.say("start")
        current = str(caller.until("started")["job"])
        caller.say("cancel", job="f" * len(current))  # of no job of this connection
        caller.say("heard", ms=1000, job=earlier)
        caller.say("cancel", job=earlier)
        caller.say("text", text=" ".join(TURN[:3]))
        caller.say("close")
        assert caller.until("end")["state"] == "done"
    assert bytes(caller.sound) == stream_of(TURN[:3])
    assert earlier not in held_jobs(gateway), "messages of one connection are handled in order"
