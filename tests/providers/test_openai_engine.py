"""The openai engine against a simulated provider: its bytes, and a typed outcome for every fault."""

import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from seriatim.engine import Engine, ServerLimits, Utterance
from seriatim.errors import (
    BadInput,
    EngineBusy,
    EngineFailed,
    EngineUnavailable,
    UnknownOption,
    UnknownVoice,
    UpstreamFailed,
)
from tests.providers.engine_audio import TEXT, chunks_of, pcm_of
from tests.providers.provider_shapes import Call, KokoroShape, OpenAIShape, Places, ProviderShape
from tests.providers.provider_simulator import ProviderFault as Fault
from tests.providers.provider_simulator import ProviderSimulator, sound_of
from tests.support.free_ports import free_port
from tests.support.process_system import wait_until
from workers.engines.engine_registry import load

KEY = "sk-a-secret-that-must-never-be-shown"
OTHER_KEY = "sk-another-secret"
Make = Callable[..., tuple[ProviderSimulator, Engine]]
#: no provider here is too slow, unless a test says so
WAITS = {"connect_s": 60, "first_byte_s": 60, "between_bytes_s": 600}


@pytest.fixture
def make() -> Iterator[Make]:
    """Make a provider and an engine in front of it; `engine` are options of the engine."""
    with ExitStack() as stack:

        def build(engine: dict[str, Any] | None = None, **provider: Any) -> tuple[ProviderSimulator, Engine]:
            simulator = stack.enter_context(ProviderSimulator(**provider))
            usual = {"base_url": f"{simulator.url}/v1", "environment": "0", "voice": "alloy", **WAITS}
            options = usual | (engine or {})
            loaded = load("openai", {name: str(value) for name, value in options.items()})
            stack.callback(loaded.close)
            return simulator, loaded

        yield build


@pytest.mark.parametrize("form", ["pcm", "wav", "sse"])
def test_every_form_of_streaming_gives_the_same_sound(make: Make, form: str) -> None:
    provider, engine = make({"format": form})
    assert pcm_of(engine) == sound_of(TEXT)
    fields = provider.requests[0].call.fields
    assert fields["input"] == TEXT
    assert fields["response_format"] == ("wav" if form == "wav" else "pcm")
    assert fields.get("stream_format") == ("sse" if form == "sse" else None)


def test_first_bytes_are_passed_on_before_the_rest_exists(make: Make) -> None:
    """The provider stops in the middle until the test has heard the beginning."""
    provider, engine = make(faults={"harbour": (Fault.STOP, 0)})
    chunks = engine.speak(Utterance(TEXT), lambda: False)
    first = next(chunks).pcm
    assert first
    assert sound_of(TEXT).startswith(first)
    provider.gate.set()
    chunks.close()  # type: ignore[attr-defined]  # a generator


def test_another_rate_is_resampled(make: Make) -> None:
    """The content type states 16 kHz; the pool has 24 kHz."""
    _, engine = make(faults={"harbour": (Fault.OTHER_RATE, 0)})
    samples, expected = (np.frombuffer(pcm, "<i2").astype(float) for pcm in (pcm_of(engine), sound_of(TEXT)))
    assert abs(len(samples) - len(expected)) <= 2
    n = min(len(samples), len(expected))
    assert np.corrcoef(samples[:n], expected[:n])[0, 1] > 0.95


def test_a_missing_content_type_is_no_fault(make: Make) -> None:
    _, engine = make(faults={"harbour": (Fault.NO_TYPE, 0)})
    assert pcm_of(engine) == sound_of(TEXT)


@pytest.mark.parametrize(
    ("fault", "form", "message"),
    [
        (Fault.HTML, "pcm", "the answer is text/html"),
        (Fault.HTML_UNTYPED, "pcm", "a page or an error object"),
        (Fault.HTML_UNTYPED, "wav", "a page or an error object"),
        (Fault.WRONG_TYPE, "pcm", "the answer is application/json"),
        (Fault.CUT, "pcm", "was cut"),
        (Fault.RESET, "pcm", "was cut"),
        (Fault.RESET_FIRST, "pcm", "was cut"),
        (Fault.EMPTY, "pcm", "without a single byte"),
        (Fault.HALF_SAMPLE, "pcm", "within a sample"),
        (Fault.EVENT_ERROR, "sse", "the model fell over"),
        (Fault.STOP, "pcm", "no more sound within 0.2 s"),
    ],
)
def test_a_fault_is_a_failed_attempt_with_its_reason(make: Make, fault: Fault, form: str, message: str) -> None:
    limits = {"between_bytes_s": 0.2} if fault is Fault.STOP else {}
    _, engine = make(limits | {"format": form}, faults={"harbour": (fault, 0)})
    with pytest.raises(UpstreamFailed, match=message):
        pcm_of(engine)


def test_a_server_that_is_too_slow_is_a_failed_attempt(make: Make) -> None:
    """Its voices are in the options: no request but the sentence's has so little time."""
    limits = {"first_byte_s": 0.5, "voices": "alloy"}
    _, engine = make(limits, faults={"harbour": (Fault.SLOW_FIRST, 0)})
    with pytest.raises(UpstreamFailed, match=r"no sound within 0.5 s"):
        pcm_of(engine)


def test_a_server_that_opens_no_connection_is_a_failed_attempt(make: Make) -> None:
    """It takes the connection, and never answers the first message of TLS."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"https://127.0.0.1:{silent.getsockname()[1]}/v1"
        _, engine = make({"base_url": url, "connect_s": 0.2, "voices": "alloy"})
        with pytest.raises(UpstreamFailed, match=r"no connection to 127.0.0.1:\d+ within 0.2 s: look at base_url"):
            pcm_of(engine)


def test_the_next_attempt_after_a_fault_has_the_whole_sound(make: Make) -> None:
    _, engine = make(faults={"harbour": (Fault.RESET, 1)})
    with pytest.raises(UpstreamFailed):
        pcm_of(engine)
    assert pcm_of(engine) == sound_of(TEXT)


@pytest.mark.parametrize(
    ("fault", "shape", "error", "scope"),
    [
        (Fault.RATE, OpenAIShape(), EngineBusy, "rate"),
        (Fault.SYSTEM, OpenAIShape(), EngineBusy, "system"),
        (Fault.SYSTEM, KokoroShape(), EngineBusy, "system"),
        (Fault.QUOTA, OpenAIShape(), EngineFailed, ""),
    ],
)
def test_a_refusal_says_whether_waiting_helps(
    make: Make, fault: Fault, shape: ProviderShape, error: type[Exception], scope: str
) -> None:
    _, engine = make(shape=shape, faults={"harbour": (fault, 0)}, retry_after_s=7, engine={"voice": shape.voices[0]})
    with pytest.raises(error) as caught:
        pcm_of(engine)
    if isinstance(caught.value, EngineBusy):
        assert (caught.value.retry_after_s, caught.value.scope) == (7, scope)


class MeteredShape(OpenAIShape):
    """OpenAI's, with the headers of an account that may send sixty requests a minute."""

    def headers(self, call: Call, places: Places) -> Mapping[str, str]:
        metered = {"x-ratelimit-remaining-requests": "59", "x-ratelimit-reset-requests": "1s"}
        return {**super().headers(call, places), **metered}


def test_limits_in_headers_are_reported_with_the_first_chunk(make: Make) -> None:
    _, engine = make(shape=MeteredShape())
    first, *rest = chunks_of(engine)
    assert first.server_limits == ServerLimits(remaining=59, reset_s=1.0)
    assert all(chunk.server_limits is None for chunk in rest)


def test_the_servers_voices_are_listed_and_checked(make: Make) -> None:
    _, engine = make(shape=KokoroShape(), engine={"voice": "bm_george"})
    assert [voice.name for voice in engine.voices] == ["bm_george", "af_heart", "af_bella"]
    with pytest.raises(UnknownVoice, match="nearest: af_bella"):
        pcm_of(engine, voice="af_bela")
    assert pcm_of(engine, voice="af_heart+af_bella(2)") == sound_of(TEXT)


def test_a_voice_that_the_server_refuses_is_an_error_of_the_text(make: Make) -> None:
    _, engine = make()
    with pytest.raises(BadInput, match="answered 400: invalid_value"):
        pcm_of(engine, voice="nova2")


def test_connections_are_reused(make: Make) -> None:
    provider, engine = make()
    for _ in range(5):
        pcm_of(engine)
    assert provider.n_connections == 1


@pytest.mark.thorough
def test_a_sentence_that_is_not_needed_ends_its_request(make: Make) -> None:
    """It closes its connection, so that the provider stops, too, and frees the place."""
    provider, engine = make(whole_s=300)
    dropped = threading.Event()
    chunks = engine.speak(Utterance(TEXT), dropped.is_set)
    assert next(chunks).pcm
    dropped.set()
    list(chunks)
    wait_until(lambda: provider.requests[0].outcome == "left", "the provider stops")


class TestKeys:
    """A key is in a file, may be replaced while the engine runs, and is never shown."""

    def test_a_new_key_is_read_from_its_file(self, make: Make, tmp_path: Path) -> None:
        file = tmp_path / "key"
        file.write_text(f"{KEY}\n")
        provider, engine = make({"key_file": file}, keys={KEY})
        assert pcm_of(engine) == sound_of(TEXT)
        provider.keys = {OTHER_KEY}
        with pytest.raises(EngineFailed, match="the key is refused"):
            pcm_of(engine)
        file.write_text(OTHER_KEY)
        assert pcm_of(engine) == sound_of(TEXT)

    def test_no_message_has_the_key(self, make: Make, tmp_path: Path) -> None:
        """Also where the server repeats it."""
        file = tmp_path / "key"
        file.write_text(KEY)
        shape = OpenAIShape()
        shape.refusals = {kind: (status, KEY, f"{text} {KEY}") for kind, (status, _, text) in shape.refusals.items()}
        faults = {
            "red": (Fault.RATE, 0),
            "green": (Fault.SYSTEM, 0),
            "blue": (Fault.HTML, 0),
            "grey": (Fault.RESET, 0),
        }
        provider, engine = make({"key_file": file, "extra": '{"a": 1}'}, keys={KEY}, shape=shape, faults=faults)
        messages = []
        for text in (*faults, "bad voice"):
            with pytest.raises((BadInput, EngineBusy, EngineFailed)) as caught:
                pcm_of(engine, f"A {text} boat.", voice="none such")
            messages.append(f"{caught.value} {caught.value!r} {vars(engine)!r}")
        provider.keys = {OTHER_KEY}
        with pytest.raises(EngineFailed) as refused:
            pcm_of(engine)
        assert KEY not in "".join([*messages, str(refused.value), repr(engine)])

    @pytest.mark.parametrize("content", ["", "two\nlines", "nön-ascii"])
    def test_a_file_that_is_no_key_is_refused(self, make: Make, tmp_path: Path, content: str) -> None:
        file = tmp_path / "key"
        file.write_text(content)
        with pytest.raises(EngineUnavailable, match="expected one line"):
            make({"key_file": file})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"base_url": ""}, "expected such as https://api.openai.com/v1"),
        ({"base_url": f"https://user:{KEY}@example.org/v1"}, "a key goes into a file"),
        ({"extra": "[1]"}, "expected a JSON object"),
        ({"format": "ogg"}, "expected pcm or wav or sse"),
    ],
)
def test_options_that_make_no_sense_are_refused(make: Make, options: dict[str, str], message: str) -> None:
    with pytest.raises(UnknownOption, match=message) as caught:
        make(options)
    assert KEY not in str(caught.value)


def test_a_server_that_is_away_is_named(make: Make) -> None:
    with ProviderSimulator(port=free_port()) as provider:  # which nothing else is given afterwards
        pass
    with pytest.raises(UpstreamFailed, match=f"cannot connect to 127.0.0.1:{provider.port}"):
        make({"base_url": provider.url})
