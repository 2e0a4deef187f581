"""ElevenLabs' dialect, by its own Python client, unchanged, and by its messages."""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import httpx2
import pytest
from elevenlabs import VoiceSettings
from elevenlabs.client import ElevenLabs
from elevenlabs.core.api_error import ApiError
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from seriatim.text.word_times import LEAD_MS
from tests.http.decoded_audio import seconds, seconds_of_pcm
from tests.http.gateways import Gateway, clear, start
from tests.support.expected_audio import stream_of
from tests.support.process_system import PATIENCE_S, RealSystem, wait_until

#: by their client, which wants older websockets
pytestmark = pytest.mark.filterwarnings("ignore:ConnectionClosed:DeprecationWarning")

TEXTS = clear(6, "Eleven")
TEXT = " ".join(TEXTS)
KEY = "sk-eleven-0123456789"
VOICE, OWN_PCM = "alloy", "pcm_8000"


@contextmanager
def client_of(gateway: Gateway, key: str = "none") -> Iterator[ElevenLabs]:
    with httpx.Client(timeout=PATIENCE_S, trust_env=False) as http:
        client = ElevenLabs(base_url=gateway.url, api_key=key, httpx_client=http)
        client.text_to_speech._ws_base_url = gateway.url  # it takes wss for granted
        yield client


@pytest.fixture
def eleven(gateway: Gateway) -> Iterator[ElevenLabs]:
    with client_of(gateway) as client:
        yield client


def expected_audio(texts: list[str] = TEXTS) -> bytes:
    return stream_of(texts)


@pytest.mark.parametrize("method", ["convert", "stream"])
def test_a_text_is_spoken_over_http(eleven: ElevenLabs, method: str) -> None:
    call = getattr(eleven.text_to_speech, method)
    assert (
        b"".join(call(VOICE, text=TEXT, model_id="eleven_multilingual_v2", output_format=OWN_PCM)) == expected_audio()
    )
    mp3 = b"".join(call(VOICE, text=TEXT, output_format="mp3_22050_32"))
    assert -0.01 < seconds(mp3) - seconds_of_pcm(expected_audio()) < 0.3
    half = b"".join(call(VOICE, text=TEXT, output_format=OWN_PCM, voice_settings=VoiceSettings(speed=2.0)))
    assert len(half) < len(expected_audio()) * 0.7


def test_text_in_pieces_is_spoken_over_a_websocket(eleven: ElevenLabs) -> None:
    def words() -> Iterator[str]:
        for word in TEXT.split(" "):
            yield word + " "

    audio = eleven.text_to_speech.convert_realtime(VOICE, text=words(), output_format=OWN_PCM)
    assert b"".join(audio) == expected_audio()


def test_an_answer_has_the_times_of_its_characters(eleven: ElevenLabs) -> None:
    speech = eleven.text_to_speech
    whole = speech.convert_with_timestamps(VOICE, text=TEXT, output_format=OWN_PCM)
    assert base64.b64decode(whole.audio_base_64) == expected_audio()
    parts = list(speech.stream_with_timestamps(VOICE, text=TEXT, output_format=OWN_PCM))
    assert b"".join(base64.b64decode(part.audio_base_64) for part in parts) == expected_audio()
    alignments = [part.alignment for part in parts if part.alignment]
    assert ["".join(each.characters) for each in alignments] == TEXTS
    assert whole.alignment is not None
    assert "".join(whole.alignment.characters) == TEXT
    for each in (whole.alignment, *alignments):
        assert len(each.characters) == len(each.character_start_times_seconds) == len(each.character_end_times_seconds)
        assert each.character_start_times_seconds == sorted(each.character_start_times_seconds)
    starts = [each.character_start_times_seconds[0] for each in alignments]
    begins = [len(expected_audio(TEXTS[:n])) / 16_000 for n in range(len(TEXTS))]
    assert starts == pytest.approx([begin + LEAD_MS / 1000 for begin in begins], abs=0.002)
    assert whole.alignment.character_end_times_seconds[-1] <= len(expected_audio()) / 16_000


def test_a_refused_text_has_an_error_and_no_times(eleven: ElevenLabs) -> None:
    for method in ("convert_with_timestamps", "stream_with_timestamps"):
        with pytest.raises(ApiError) as refused:
            list(getattr(eleven.text_to_speech, method)("nelly", text=TEXT))
        assert (refused.value.status_code, refused.value.body["error"]["code"]) == (400, "unknown_voice")


def test_the_first_message_of_a_sentence_has_the_times_of_its_characters(gateway: Gateway) -> None:
    url = f"ws://127.0.0.1:{gateway.port}/v1/text-to-speech/{VOICE}/stream-input?output_format={OWN_PCM}"
    with connect(url, proxy=None, close_timeout=0.2) as socket:
        for text in (" ", TEXT + " ", ""):
            socket.send(json.dumps({"text": text}))
        messages = [json.loads(message) for message in socket]
    found = [message["alignment"] for message in messages if message.get("alignment")]
    assert ["".join(each["chars"]) for each in found] == TEXTS
    for each in found:
        marks = [*each["charStartTimesMs"], each["charStartTimesMs"][-1] + each["charDurationsMs"][-1]]
        assert marks == sorted(marks)
        assert len(each["chars"]) == len(each["charStartTimesMs"]) == len(each["charDurationsMs"])


def test_errors_reach_the_client(eleven: ElevenLabs) -> None:
    with pytest.raises(ApiError) as refused:
        list(eleven.text_to_speech.convert("nelly", text=TEXT))
    assert (refused.value.status_code, refused.value.body["error"]["code"]) == (400, "unknown_voice")
    with pytest.raises(ApiError) as refused:
        list(eleven.text_to_speech.convert(VOICE, text=TEXT, output_format="pcm_4000"))
    assert refused.value.body["error"]["param"] == "output_format"
    with pytest.raises(ApiError) as refused:
        list(eleven.text_to_speech.convert_realtime("nelly", text=iter(TEXTS)))
    assert refused.value.status_code == 1008
    assert "unknown_voice" in str(refused.value.body)


def test_its_header_has_the_key(system: RealSystem, tmp_path_factory: pytest.TempPathFactory) -> None:
    keys = tmp_path_factory.mktemp("eleven") / "keys.toml"
    keys.write_text(f'[[key]]\nkey = "{KEY}"\nuser = "eleven"\n')
    locked = start(system, "gateway-eleven", http_keys_file=keys)
    with client_of(locked, "wrong") as stranger:
        with pytest.raises(ApiError) as refused:
            list(stranger.text_to_speech.convert(VOICE, text=TEXT))
        assert refused.value.status_code == 401
        with pytest.raises(ApiError):
            list(stranger.text_to_speech.convert_realtime(VOICE, text=iter(TEXTS)))
    with client_of(locked, KEY) as known:
        speech = known.text_to_speech
        assert b"".join(speech.convert(VOICE, text=TEXT, output_format=OWN_PCM)) == expected_audio()
        assert b"".join(speech.convert_realtime(VOICE, text=iter([TEXT]), output_format=OWN_PCM)) == expected_audio()


def multi(gateway: Gateway) -> ClientConnection:
    url = f"ws://127.0.0.1:{gateway.port}/v1/text-to-speech/{VOICE}/multi-stream-input?output_format={OWN_PCM}"
    return connect(url, proxy=None, close_timeout=0.2)


def collect(socket: ClientConnection, audio: dict[str, bytes]) -> str:
    """Take audio by context until one of them is final; returns its name."""
    while True:
        message: dict[str, Any] = json.loads(socket.recv(PATIENCE_S))
        assert "error" not in message
        if message.get("isFinal"):
            return str(message["contextId"])
        audio[message["contextId"]] = audio.get(message["contextId"], b"") + base64.b64decode(message["audio"])


def test_contexts_share_a_connection(gateway: Gateway) -> None:
    """One is interrupted, the next is spoken whole, and the connection is closed behind it."""
    audio: dict[str, bytes] = {}
    with multi(gateway) as socket:

        def say(**message: object) -> None:
            socket.send(json.dumps(message))

        say(text=" ", context_id="first")
        say(text=" ".join(clear(200, "Long")) + " ", context_id="first")
        first = json.loads(socket.recv(PATIENCE_S))
        assert first["contextId"] == "first"
        say(context_id="first", close_context=True)
        say(text=TEXT + " ", context_id="second")
        say(text="", context_id="second")
        say(context_id="second", flush=True)
        assert collect(socket, audio) == "first", "at once, and not behind its text"
        say(close_socket=True)
        assert collect(socket, audio) == "second"
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(PATIENCE_S)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1000
    assert audio["second"] == expected_audio()


def test_a_client_that_disconnects_stops_its_contexts(gateway: Gateway) -> None:
    with multi(gateway) as socket, gateway.client() as client:
        known = {job["id"] for job in client.get("/v1/jobs").json()["data"]}
        for name in ("first", "second"):
            socket.send(json.dumps({"text": " ".join(clear(200, "Long")) + " ", "context_id": name}))
        socket.recv(PATIENCE_S)
        wait_until(lambda: len({job["id"] for job in client.get("/v1/jobs").json()["data"]} - known) == 2, "two jobs")
        socket.socket.close()
        mine = [job for job in client.get("/v1/jobs").json()["data"] if job["id"] not in known]
        assert len(mine) == 2
        paths = [f"/v1/jobs/{job['id']}" for job in mine]
        wait_until(lambda: {client.get(path).json()["state"] for path in paths} == {"cancelled"}, "both are cancelled")


@pytest.mark.thorough
def test_nothing_behind_a_close_is_a_traceback(system: RealSystem) -> None:
    """Other contexts are still spoken while a message that makes no sense closes the connection; or a client asks."""
    name = "gateway-refusing"
    gateway = start(system, name)
    for _ in range(5):
        with multi(gateway) as socket:
            for context in ("first", "second", "third"):
                socket.send(json.dumps({"text": " ".join(clear(200, "Long")) + " ", "context_id": context}))
            socket.recv(PATIENCE_S)
            socket.send('{"text": 7}')
            with pytest.raises(ConnectionClosed) as closed:
                list(socket)
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 1008
    with multi(gateway) as socket:
        socket.send('{"close_socket": true}')
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(PATIENCE_S)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1000
    system.end(name)  # what goes on behind the close is over, and in the log
    assert "Traceback" not in system.log(name)


def test_a_format_may_have_capitals(client: httpx2.Client) -> None:
    path = f"/v1/text-to-speech/{VOICE}?output_format="
    upper, lower = (client.post(path + code, json={"text": TEXTS[0]}) for code in ("PCM_8000", "pcm_8000"))
    assert (upper.status_code, upper.content) == (200, lower.content)


@pytest.mark.parametrize("path", ["", "/stream", "/with-timestamps", "/stream/with-timestamps"])
def test_a_warning_names_what_has_no_counterpart(client: httpx2.Client, path: str) -> None:
    more = {"voice_settings": {"speed": 1.0, "stability": 0.4, "style": None}, "foo": 1, "previous_text": None}
    answer = client.post(f"/v1/text-to-speech/{VOICE}{path}", json={"text": TEXTS[0]} | more)
    assert answer.headers["seriatim-warning"] == "unknown fields are ignored: foo, voice_settings.stability"
    plain = client.post(f"/v1/text-to-speech/{VOICE}{path}", json={"text": TEXTS[0], "voice_settings": {"speed": 1.0}})
    assert "seriatim-warning" not in plain.headers


def test_the_first_audio_of_a_websocket_has_the_warning(gateway: Gateway) -> None:
    url = f"ws://127.0.0.1:{gateway.port}/v1/text-to-speech/{VOICE}/stream-input?output_format={OWN_PCM}"
    with connect(url, proxy=None, close_timeout=0.2) as socket:
        for message in ({"text": " ", "voice_settings": {"stability": 0.4}}, {"text": TEXT + " "}, {"text": ""}):
            socket.send(json.dumps(message))
        messages = [json.loads(message) for message in socket]
    warnings = [message.get("warning") for message in messages if message.get("audio")]
    assert warnings[0] == "unknown fields are ignored: voice_settings.stability"
    assert set(warnings[1:]) == {None}
