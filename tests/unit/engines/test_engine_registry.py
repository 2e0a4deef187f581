"""The registry of engines: found by name, when asked for, with one clear line when something is missing."""

import subprocess
import sys
from pathlib import Path

import pytest

from seriatim.engine import Utterance
from seriatim.engine_names import known_engines, nearly
from seriatim.errors import EngineUnavailable, UnknownOption
from seriatim.settings import Settings
from workers.engines import engine_registry
from workers.engines.engine_catalogue import engine_profiles

ROOT = Path(__file__).parents[3]


def test_an_engine_is_loaded_by_its_name_with_its_options() -> None:
    engine = engine_registry.load("tone", {"rate_hz": "16000"})
    assert (engine.name, engine.rate_hz) == ("tone", 16000)
    assert any(piece.pcm for piece in engine.speak(Utterance("Hello."), lambda: False))
    engine.close()


def test_the_names_of_the_engines_are_known_without_loading_any() -> None:
    program = """
import sys
from workers.engines import engine_registry
print(*engine_registry.engine_names())
names = ("elevenlabs", "tone", "hibari", "http", "kokoro", "espeak", "openai", "piper", "route", "xtts")
heavy = ("hibari", "onnxruntime", "espeakng_loader", "torch", "httpx2")
modules = (*(f"workers.engines.{name}.engine" for name in names), *heavy)
print(*(name for name in sys.modules if name in modules))
"""
    out = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert out == "elevenlabs espeak hibari http kokoro openai piper route tone xtts\n\n"


def test_an_unknown_engine_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownOption, match=r"^unknown engine 'espaek'; nearest: espeak$"):
        engine_registry.load("espaek", {})


def test_where_no_name_is_near_all_are_listed() -> None:
    names = "elevenlabs, espeak, hibari, http, kokoro, openai, piper, route, tone, xtts"
    with pytest.raises(UnknownOption, match=f"^unknown engine 'xyz'; known: {names}$"):
        engine_registry.load("xyz", {})


def test_a_missing_package_is_named_with_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "workers.engines.espeak.engine", raising=False)
    monkeypatch.setitem(sys.modules, "espeakng_loader", None)  # Python's way to say that it is not there
    with pytest.raises(EngineUnavailable) as missing:
        engine_registry.load("espeak", {})
    assert str(missing.value) == (
        "the espeak engine needs the package espeakng-loader (GPL-3.0-or-later): pip install -e '.[espeak]'"
    )


def test_an_engine_gets_the_settings_that_it_asks_for_unless_its_user_says_otherwise() -> None:
    settings = Settings(voice_dir="/voices")
    assert engine_registry.options_of("xtts", {"model": "/m"}, settings) == {"voice_dir": "/voices", "model": "/m"}
    assert engine_registry.options_of("xtts", {"voice_dir": "/mine"}, settings) == {"voice_dir": "/mine"}
    assert engine_registry.options_of("tone", {"rtf": "1"}, settings) == {"rtf": "1"}
    assert engine_registry.options_of("nobody", {}, settings) == {}


def test_a_bug_in_an_engine_is_not_taken_for_a_missing_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "workers.engines.espeak.engine", raising=False)
    monkeypatch.setitem(sys.modules, "workers.engines.espeak.voices", None)
    with pytest.raises(ModuleNotFoundError):
        engine_registry.load("espeak", {})


def test_clients_know_the_engines_without_their_profiles() -> None:
    assert set(engine_profiles()) <= known_engines()
    assert set(engine_registry.engine_names()) == known_engines()


@pytest.mark.parametrize(
    ("name", "engine"), [("espaek", "espeak"), ("hibary", "hibari"), ("kokroo", "kokoro"), ("xtss", "xtts")]
)
def test_a_misspelt_name_is_near_its_engine(name: str, engine: str) -> None:
    assert nearly(name, known_engines())[0] == engine


@pytest.mark.parametrize("name", ["xtts-german", "xtts2", "my-espeak", "narrator", "night-shift", "late", "piper.de"])
def test_a_name_of_a_pool_of_its_own_is_near_none(name: str) -> None:
    assert nearly(name, known_engines()) == []
