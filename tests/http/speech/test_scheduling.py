"""Scheduling of an answer: its kind, its priority, and whether it is played as it comes or once it is whole."""

import json
from typing import Any

import httpx2
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from seriatim.keys import pool_prefix
from tests.http.gateways import Gateway
from tests.http.operation.test_metrics import at_rest, value
from tests.support.process_system import PATIENCE_S

TEXT = "Good morning, dear listener."


def scheduled(gateway: Gateway, answer: httpx2.Response) -> dict[str, str]:
    """What the pool knows of the job of an answer."""
    answer.raise_for_status()
    return stored(gateway, answer.headers["x-request-id"])


def stored(gateway: Gateway, job: str) -> dict[str, str]:
    """What the pool knows of a job."""
    with gateway.system.redis as redis:
        found = redis.hgetall(f"{pool_prefix('tone')}:j:{job}")
    facts = {name.decode(): value.decode() for name, value in found.items()}
    return {name: facts.get(name, "") for name in ("class", "priority", "play", "gap", "drain")}


USUAL = {"class": "L", "priority": "0", "play": "", "gap": "fail", "drain": "window"}


@pytest.mark.parametrize(
    ("options", "headers", "differs"),
    [
        ({}, {}, {}),
        ({"kind": "batch", "priority": -3}, {}, {"class": "B", "priority": "-3"}),
        ({"kind": "Batch", "gap": "silence"}, {}, {"class": "B", "gap": "silence"}),
        ({"kind": "batch", "detach": True}, {}, {"class": "B", "gap": "silence", "drain": "store"}),
        ({}, {"seriatim-kind": "batch", "seriatim-priority": "9"}, {"class": "B", "priority": "9"}),
        ({"kind": "live", "priority": 0}, {"seriatim-kind": "batch", "seriatim-priority": "9"}, {}),
        ({"play": "whole"}, {}, {"play": "whole"}),
        ({}, {"seriatim-play": "whole"}, {"play": "whole"}),
        ({"stream": False}, {}, {"play": "whole"}),
        ({"stream": False, "play": "stream"}, {}, {}),
        ({"stream": True}, {}, {}),
    ],
)
def test_it_is_spoken_as_urgently_as_was_said(
    client: httpx2.Client, gateway: Gateway, options: dict[str, Any], headers: dict[str, str], differs: dict[str, str]
) -> None:
    answer = client.post("/v1/audio/speech", json={"input": TEXT} | options, headers=headers)
    assert scheduled(gateway, answer) == USUAL | differs
    assert "seriatim-warning" not in answer.headers


def test_openais_client_says_so_once_for_all_its_requests(gateway: Gateway) -> None:
    urgent = {"seriatim-kind": "batch", "seriatim-priority": "2"}
    with gateway.openai(default_headers=urgent) as ai:
        answer = ai.audio.speech.with_raw_response.create(model="tts-1", voice="alloy", input=TEXT)
        found = scheduled(gateway, answer.http_response)
        assert (found["class"], found["priority"]) == ("B", "2")
        body = {"kind": "live", "play": "whole"}
        answer = ai.audio.speech.with_raw_response.create(model="tts-1", voice="alloy", input=TEXT, extra_body=body)
        found = scheduled(gateway, answer.http_response)
        assert (found["class"], found["play"], found["priority"]) == ("L", "whole", "2")


@pytest.mark.parametrize(
    ("options", "headers", "param"),
    [
        ({"kind": "urgent"}, {}, "kind"),
        ({"priority": 10}, {}, "priority"),
        ({"priority": True}, {}, "priority"),
        ({"play": "later"}, {}, "play"),
        ({}, {"seriatim-kind": "urgent"}, "seriatim-kind"),
        ({}, {"seriatim-priority": "high"}, "seriatim-priority"),
        ({}, {"seriatim-priority": "-10"}, "seriatim-priority"),
        ({}, {"seriatim-play": ""}, "seriatim-play"),
    ],
)
def test_another_word_is_refused(
    client: httpx2.Client, options: dict[str, Any], headers: dict[str, str], param: str
) -> None:
    answer = client.post("/v1/audio/speech", json={"input": TEXT} | options, headers=headers)
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, param)


ROUTES = {
    "/v1/text-to-speech/alloy": "text",
    "/v1/text-to-speech/alloy/stream": "text",
    "/v1/text-to-speech/alloy/with-timestamps": "text",
    "/v1/text-to-speech/alloy/stream/with-timestamps": "text",
    "/dev/captioned_speech": "input",
}


@pytest.mark.parametrize("path", ROUTES)
def test_every_speech_route_reads_the_headers(client: httpx2.Client, gateway: Gateway, path: str) -> None:
    body = {ROUTES[path]: TEXT}
    answer = client.post(path, json=body, headers={"seriatim-kind": "Batch", "seriatim-priority": "3"})
    assert answer.status_code == 200, answer.text
    differs = {"class": "B", "priority": "3"}
    assert scheduled(gateway, answer) == USUAL | differs
    answer = client.post(path, json=body, headers={"seriatim-play": "whole"})
    assert scheduled(gateway, answer) == USUAL | {"play": "whole"}
    for name, wrong in (("kind", "bulk"), ("priority", "10"), ("play", "later"), ("session", "x" * 257)):
        answer = client.post(path, json=body, headers={f"seriatim-{name}": wrong})
        assert (answer.status_code, answer.json()["error"]["param"]) == (400, f"seriatim-{name}")


def test_captioned_speech_has_the_fields_too(client: httpx2.Client, gateway: Gateway) -> None:
    request = {"input": TEXT, "kind": "batch", "priority": -2}
    answer = client.post("/dev/captioned_speech", json=request, headers={"seriatim-priority": "3"})
    assert scheduled(gateway, answer) == USUAL | {"class": "B", "priority": "-2"}


def test_a_file_is_no_late_first_sound_and_no_silence(client: httpx2.Client) -> None:
    """It comes when it is whole: counted as a first sound it would call the pool late."""
    names = (
        "seriatim_http_first_audio_seconds_count",
        "seriatim_http_streams_played_total",
        "seriatim_http_audio_seconds_total",
    )
    before = at_rest(client)
    for options in ({"stream": False}, {"kind": "batch"}, {"play": "whole"}):
        client.post("/v1/audio/speech", json={"input": TEXT} | options).raise_for_status()
    after = at_rest(client)
    ttfa, played, sound_s = (value(after, name) - value(before, name) for name in names)
    assert (ttfa, played) == (0, 0)
    assert sound_s > 3


def test_a_websocket_reads_the_headers(gateway: Gateway) -> None:
    """The priority of a `start` counts before that of the headers, as a body's does."""
    headers = {"seriatim-kind": "batch", "seriatim-priority": "5"}
    url = f"ws://127.0.0.1:{gateway.port}"
    for start, priority in (({}, "5"), ({"priority": -2}, "-2")):
        with connect(f"{url}/v1/stream", proxy=None, additional_headers=headers) as socket:
            socket.send(json.dumps({"type": "start"} | start))
            job = json.loads(socket.recv(PATIENCE_S))["job"]
            found = stored(gateway, job)
        assert (found["class"], found["priority"]) == ("B", priority)
    for path in ("/v1/stream", "/v1/text-to-speech/alto/stream-input"):
        with pytest.raises(InvalidStatus) as refused:
            connect(f"{url}{path}", proxy=None, additional_headers={"seriatim-kind": "bulk"})
        answer = refused.value.response
        assert (answer.status_code, json.loads(answer.body)["error"]["param"]) == (400, "seriatim-kind")
