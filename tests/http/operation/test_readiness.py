"""Readiness of a gateway that cannot read: other gateways' clients hear the pool, and its own would hear nothing."""

from collections.abc import Callable

import pytest

from gateway.http.readiness import probe_problem
from seriatim.client.job_options import JobRequest
from seriatim.keys import StreamPosition
from seriatim.stream_entries import Audio, End
from tests.http.gateways import start
from tests.support.expected_audio import Listener, sentences, stream_of
from tests.support.process_system import RealSystem, wait_until
from tests.support.thorough_cases import mostly_thorough


@pytest.mark.parametrize("proof", mostly_thorough(["a probe", "a client", "a busy pool"], 3))
def test_a_gateway_that_cannot_read_what_is_spoken_is_not_ready(
    new_system: Callable[..., RealSystem], proof: str
) -> None:
    """Its user has no right to XREAD.

    Once it can read again it is ready, by a probe where no client hears anything, or by no more than that it can read
    where the pool has no time for a probe.
    """
    system = new_system()
    system.reassembler()
    system.expect_reassembler()
    system.workers(1)
    system.redis.acl_setuser("gateway", enabled=True, nopass=True, keys=["*"], commands=["+@all", "-xread"])
    gateway = start(system, redis_url=f"unix://gateway@{system.server.socket}", http_probe_s=3600)
    with gateway.client() as client:
        first = client.get("/readyz")
        text = sentences(2, "others")
        assert Listener(system.producer().enqueue(text, JobRequest(engine="tone"))).pcm() == stream_of(text)
        for answer in (client.get("/readyz"), first):
            assert answer.status_code == 503
            assert "not ready: Redis refused a command (NOPERM)" in answer.json()["error"]["message"]
        system.redis.execute_command("ACL", "SETUSER", "gateway", "+xread")
        if proof == "a client":
            client.post("/v1/audio/speech", json={"input": "Good morning."}).raise_for_status()
        if proof == "a busy pool":
            system.producer().enqueue(system.held([]), JobRequest(engine="tone"))
            wait_until(system.speaking_pids)
        n_done = system.count("done")
        assert client.get("/readyz").json() == {"status": "ready"}
        assert system.count("done") - n_done == (proof == "a probe")


@pytest.mark.parametrize(
    ("end", "problem"),
    [
        (None, "has not spoken a probe sentence within 5 s"),
        (
            End(StreamPosition(1), "timed_out", "not spoken within 5 s", 0, 0),
            "has not spoken a probe sentence within 5 s",
        ),
        (End(StreamPosition(1), "failed", "the engine is broken", 0, 0), "cannot speak: the engine is broken"),
        (End(StreamPosition(1), "done", "", 0, 0), "gave no audio for a probe"),
    ],
)
def test_a_probe_that_ends_in_time_out_has_the_message_of_one_without_an_end(end: End | None, problem: str) -> None:
    """Both limits are as long: which of the two is noticed first is chance."""
    assert problem in probe_problem("tone", None if end is None else [end])


def test_a_probe_with_audio_proves_its_pool_ready() -> None:
    end = End(StreamPosition(1), "done", "", 2, 1)
    assert not probe_problem("tone", [Audio(StreamPosition(1, 2), b"\0\0"), end])
