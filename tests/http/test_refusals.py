"""What an engine refuses is the caller's mistake: told at once, once, and nobody else's trouble."""

import httpx2
import pytest

from seriatim.errors import JobFailed
from tests.http.gateways import Gateway
from tests.integration.test_reading import enqueue

TEMPERATURE = {"temperature": 0.5}  # the tone engine has no options per sentence


def trouble(gateway: Gateway) -> tuple[int, int, int]:
    """Retries, sentences given up, dead letters."""
    return gateway.system.count("retries"), gateway.system.count("given_up"), gateway.system.redis.zcard(DEAD)


DEAD = "seriatim:1:{p:tone}:dead:at"


def test_an_option_that_the_engine_does_not_have_is_400_at_the_first_attempt(
    client: httpx2.Client, gateway: Gateway
) -> None:
    before = trouble(gateway)
    answer = client.post("/v1/audio/speech", json={"input": "Hello there.", "options": TEMPERATURE})
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert (error["type"], error["code"]) == ("invalid_request_error", "unknown_option")
    assert "temperature" in error["message"]
    assert trouble(gateway) == before


def test_a_nights_work_whose_options_are_wrong_fails_instead_of_being_silent(gateway: Gateway) -> None:
    job = enqueue(gateway.system, ["One.", "Two.", "Three."], kind="batch", options=TEMPERATURE)
    with pytest.raises(JobFailed, match="sentence 0: UnknownOption: the tone engine has no options per sentence"):
        list(job.pcm())
