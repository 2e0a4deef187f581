"""Unusual bodies and messages, as real clients send them: marks, halves of characters, compression, nothing."""

import gzip
import json
from typing import Any

import httpx2
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.http.gateways import Gateway
from tests.support.process_system import PATIENCE_S, wait_until

HALF = "Good \ud83d morning."  #: a stream of tokens that was cut in the middle of an emoji
JSON = {"content-type": "application/json"}
SPEECH, JOBS, EXPLAIN = "/v1/audio/speech", "/v1/jobs", "/v1/text/explain"


@pytest.mark.parametrize("path", [SPEECH, JOBS, EXPLAIN, "/v1/text-to-speech/alto", "/dev/captioned_speech"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_half_a_character_and_a_byte_order_mark_do_no_harm(client: httpx2.Client, path: str, mark: str) -> None:
    name = "text" if "text-to-speech" in path else "input"
    answer = client.post(path, content=(mark + json.dumps({name: HALF})).encode(), headers=JSON)
    assert answer.is_success, answer.text
    if path == EXPLAIN:
        assert answer.json()["sentences"][0]["text"] == "Good morning."


def test_a_text_that_was_cut_in_an_emoji_is_spoken_over_a_websocket(gateway: Gateway) -> None:
    with connect(f"ws://127.0.0.1:{gateway.port}/v1/stream", proxy=None) as socket:
        socket.send("\ufeff" + json.dumps({"type": "start"}))
        assert json.loads(socket.recv(PATIENCE_S))["type"] == "started"
        for piece in ("Good \ud83d", "\ude00 morning."):
            socket.send(json.dumps({"type": "text", "text": piece}))
        socket.send(json.dumps({"type": "close"}))
        assert json.loads(socket.recv(PATIENCE_S)) | {"id": ""} == {
            "type": "sentence", "id": "", "seq": 0, "text": "Good morning.",
        }  # fmt: skip


@pytest.mark.parametrize("path", [SPEECH, JOBS])
def test_a_compressed_body_is_said_to_be_one(client: httpx2.Client, path: str) -> None:
    body = gzip.compress(b'{"input": "Hello."}')
    answer = client.post(path, content=body, headers=JSON | {"content-encoding": "gzip"})
    assert (answer.status_code, "send it uncompressed" in answer.text) == (415, True)
    assert client.post(path, json={"input": "Hello."}, headers={"content-encoding": "identity"}).is_success


@pytest.mark.parametrize(
    ("path", "body", "says"),
    [
        (SPEECH, b"", "the body is empty; send a JSON object"),
        (SPEECH, b'{"input": "a\nb"}', "the body is no JSON: Invalid control character at character 12"),
        (JOBS, b"", "the body is no JSON: Expecting value at character 0"),
        (JOBS, b'{"input": "a\nb"}', "the body is no JSON: Invalid control character at character 12"),
        (JOBS, b"[" * 100_000, "the body is no JSON: too many levels of brackets"),
        (JOBS, b'{"input": "\xe9"}', "the body is no JSON: it is not UTF-8"),
    ],
)
def test_what_is_no_json_is_said_with_its_place(client: httpx2.Client, path: str, body: bytes, says: str) -> None:
    answer = client.post(path, content=body, headers=JSON)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith(says)


@pytest.mark.parametrize("path", ["/v1/none", "/v1/models", "/stream"])
def test_a_websocket_to_an_unknown_path_is_answered_with_404(gateway: Gateway, path: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        connect(f"ws://127.0.0.1:{gateway.port}{path}", proxy=None)
    answer: Any = refused.value.response
    assert (answer.status_code, json.loads(answer.body)["error"]["code"]) == (404, "not_found")
    assert f"no {path} here" in answer.body.decode()


def test_a_client_that_leaves_at_once_leaves_no_warning(gateway: Gateway) -> None:
    """Its tasks are cancelled before they begin; and a refused WebSocket is no error of the gateway."""
    before = gateway.system.log(gateway.name).count("route='/v1/stream'")
    with connect(f"ws://127.0.0.1:{gateway.port}/v1/stream", proxy=None) as socket:
        for message in ({"type": "start"}, {"type": "nothing of the kind"}):
            socket.send(json.dumps(message))
        messages = [json.loads(socket.recv(PATIENCE_S))["type"] for _ in range(2)]
    assert messages == ["started", "error"]
    wait_until(lambda: gateway.system.log(gateway.name).count("route='/v1/stream'") > before, "the connection is over")
    assert "never awaited" not in gateway.system.log(gateway.name)
    assert "without completing handshake" not in gateway.system.log(gateway.name)
