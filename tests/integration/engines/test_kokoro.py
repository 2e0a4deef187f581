"""The kokoro engine, with a tiny model in the layouts of the real one: its voices, blends, languages and limits."""

import importlib.util
import os
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from seriatim.client.job_options import JobRequest
from seriatim.engine import Continuity, Utterance
from seriatim.errors import BadInput, EngineUnavailable, UnknownLanguage, UnknownOption, UnknownVoice
from seriatim.text.languages import base_language
from seriatim.text.lexicon import Lexicon
from seriatim.text.sample_sentences import sample_sentence
from tests.support.expected_audio import Listener
from tests.support.process_system import RealSystem, wait_until
from workers.engines.engine_registry import load
from workers.warm_up import warm_up

if importlib.util.find_spec("hibari") is None or importlib.util.find_spec("onnx") is None:
    if os.environ.get("CI"):
        raise RuntimeError("hibari-tts or onnx is not installed where CI is set: pip install -e '.[kokoro,dev]'")
    pytest.skip("hibari-tts or onnx is not installed (pip install -e '.[kokoro,dev]')", allow_module_level=True)

from tests.support import kokoro_files
from workers.engines.hibari.english_phonemes import EnglishPhonemes
from workers.engines.hibari.pinned_model import vocabulary
from workers.engines.kokoro.engine import KokoroEngine

with_chinese_and_japanese = pytest.mark.skipif(
    None in map(importlib.util.find_spec, ("fugashi", "unidic_lite", "misaki", "pypinyin", "rjieba"))
    and not os.environ.get("CI"),
    reason="packages are not installed (pip install -e '.[kokoro-ja,kokoro-zh]')",
)
with_espeak = pytest.mark.skipif(
    importlib.util.find_spec("espeakng_loader") is None and not os.environ.get("CI"),
    reason="espeakng-loader is not installed (pip install -e '.[espeak]')",
)

TEXT = "The ferry leaves the harbour at seven."
LONG = ", ".join(["the ferry leaves the harbour at seven in the morning"] * 16) + "."


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return kokoro_files.write_archive(tmp_path_factory.mktemp("kokoro"))


@pytest.fixture(scope="module")
def kokoro(folder: Path) -> KokoroEngine:
    engine = load("kokoro", {"folder": str(folder)})
    assert isinstance(engine, KokoroEngine)
    return engine


def pcm_of(engine: KokoroEngine, text: str = TEXT, **options: object) -> bytes:
    utterance = Utterance(text, **options)  # type: ignore[arg-type]  # a test's keywords
    return b"".join(chunk.pcm for chunk in engine.speak(utterance, lambda: False))


def loudness(pcm: bytes) -> float:
    return float(np.abs(np.frombuffer(pcm, "<i2")).max() / 32767)


def test_both_layouts_speak_alike(kokoro: KokoroEngine, tmp_path: Path) -> None:
    other = load("kokoro", {"folder": str(kokoro_files.write_folders(tmp_path / "community"))})
    assert isinstance(other, KokoroEngine)
    assert [voice.name for voice in other.voices] == ["af_bella", "af_sky", "bf_emma", "jf_alpha"]
    assert [voice.language for voice in other.voices] == ["en-US", "en-US", "en-GB", "ja"]
    assert pcm_of(kokoro) == pcm_of(other) != b""
    assert kokoro.continuity is Continuity.EXACT


def test_the_voice_that_its_authors_grade_best_is_the_default(tmp_path: Path) -> None:
    kokoro_files.write_archive(tmp_path, voices={"af_bella": 0.2, "zf_one": 0.3, "af_heart": 0.4})
    assert [voice.name for voice in load("kokoro", {"folder": str(tmp_path)}).voices] == [
        "af_heart", "af_bella", "zf_one",
    ]  # fmt: skip


def test_voices_are_mixed_by_weight(kokoro: KokoroEngine) -> None:
    """As users of Kokoro-FastAPI write them."""
    bella, sky = (loudness(pcm_of(kokoro, voice=voice)) for voice in ("af_bella", "af_sky"))
    assert loudness(pcm_of(kokoro, voice="af_bella+af_sky")) == pytest.approx((bella + sky) / 2, abs=1e-3)
    assert loudness(pcm_of(kokoro, voice="af_bella+af_sky(2)")) == pytest.approx((bella + 2 * sky) / 3, abs=1e-3)
    assert pcm_of(kokoro, voice="af_bella(3)") == pcm_of(kokoro, voice="af_bella")
    with pytest.raises(UnknownVoice, match="unknown kokoro voice 'af_skye'; nearest: af_sky"):
        pcm_of(kokoro, voice="af_bella+af_skye")
    for wrong in ("af_bella+", "af_bella(0)", "af_bella(two)"):
        with pytest.raises(UnknownVoice, match="expected a name, or up to 16 names with weights"):
            pcm_of(kokoro, voice=wrong)


def test_british_voices_speak_british(kokoro: KokoroEngine) -> None:
    text = "He asked after the bath."
    assert len(pcm_of(kokoro, text, voice="bf_emma")) != len(pcm_of(kokoro, text, voice="bf_emma", language="en-US"))
    assert len(pcm_of(kokoro, text, voice="bf_emma", language="en")) == len(pcm_of(kokoro, text, voice="bf_emma"))


def test_other_languages_are_refused_by_name(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("misaki", "rjieba"):
        monkeypatch.setitem(sys.modules, module, None)
    kokoro_files.write_archive(tmp_path, voices={"jf_alpha": 0.4, "zf_xiaobei": 0.3})
    alone = load("kokoro", {"folder": str(tmp_path)})
    assert isinstance(alone, KokoroEngine)
    assert not {"ja", "zh"} & set(alone.abilities.languages)
    for voice, missing in (("jf_alpha", "language ja.*misaki.*kokoro-ja"), ("zf_xiaobei", "language zh.*kokoro-zh")):
        with pytest.raises(UnknownLanguage, match=rf"{missing}\]'\); or ask for language=en"):
            pcm_of(alone, voice=voice)
        assert pcm_of(alone, voice=voice, language="en")
    assert warm_up(alone), "its default voice speaks English"
    with pytest.raises(UnknownLanguage, match="unknown kokoro language 'de'"):
        pcm_of(alone, language="de")
    with pytest.raises(BadInput, match="the kokoro engine reads English only, and this sentence has"):
        pcm_of(alone, "She said 今天 and left.", language="en")


LANGUAGES = ("es", "fr", "hi", "it", "pt")  #: by espeak
OTHER_VOICES = [("ef_dora", "es"), ("ff_siwis", "fr"), ("hf_alpha", "hi"), ("if_sara", "it"), ("pf_dora", "pt-BR")]

EASTERN_VOICES = [("jf_alpha", "ja"), ("zf_xiaobei", "zh")]


@pytest.fixture(scope="module")
def polyglot(tmp_path_factory: pytest.TempPathFactory) -> KokoroEngine:
    voices = {"af_heart": 0.6} | {voice: 0.2 + n / 20 for n, (voice, _) in enumerate((*OTHER_VOICES, *EASTERN_VOICES))}
    engine = load("kokoro", {"folder": str(kokoro_files.write_archive(tmp_path_factory.mktemp("poly"), voices=voices))})
    assert isinstance(engine, KokoroEngine)
    return engine


@pytest.mark.parametrize(
    ("voice", "language"),
    [
        *(pytest.param(*each, marks=with_espeak) for each in OTHER_VOICES),
        *(pytest.param(*each, marks=with_chinese_and_japanese) for each in EASTERN_VOICES),
    ],
)
def test_a_voice_reads_its_own_language(polyglot: KokoroEngine, voice: str, language: str) -> None:
    text = sample_sentence(language) if language != "hi" else "नमस्ते! आप कैसे हैं?"
    own = pcm_of(polyglot, text, voice=voice)
    assert own == pcm_of(polyglot, text, voice=voice, language=language) != b""
    assert [each.language for each in polyglot.voices if each.name == voice] == [language]
    assert pcm_of(polyglot, text, language=language) == own, "where no voice is named, one of the language speaks"
    assert base_language(language) in polyglot.abilities.languages


@with_espeak
def test_phonemes_of_other_languages_are_in_kokoros_alphabet() -> None:
    from workers.engines.kokoro.espeak_phonemes import EspeakPhonemes
    from workers.engines.piper.phonemes import PhonemeReader

    with closing(PhonemeReader()) as reader:
        assert EspeakPhonemes(reader, "it")("Ciao, pizza!") == "ʧˈao, pˈiʦːa!"
        assert EspeakPhonemes(reader, "es")("Hay mucho.") == "ˈI mˈuʧo."
        assert "." not in EspeakPhonemes(reader, "hi")("पढ़ता")
        known = vocabulary()
        for language in LANGUAGES:
            assert not set(EspeakPhonemes(reader, language)(sample_sentence(language))) - known.keys(), language


@pytest.mark.parametrize(
    ("text", "lexicon", "phonemes"),
    [
        ("Nguyen left.", {"Nguyen": "/wˈɪn/"}, "wˈɪn lˈɛft."), ("A GIF.", {"GIF": "jif /ɧ/"}, "ɐ ʤˈɪf."),
        ("In Worcester.", {"Worcester": "/ˈwʊstɚ/"}, "ɪn ˈwʊstəɹ."),
    ],
)  # fmt: skip
def test_english_phonemes_of_a_lexicon_are_the_models(text: str, lexicon: dict[str, str], phonemes: str) -> None:
    assert EnglishPhonemes("kokoro", british=False)(text, Lexicon.of(lexicon).find(text, "en")) == phonemes


@with_espeak
def test_phonemes_of_a_lexicon_are_in_kokoros_alphabet(caplog: pytest.LogCaptureFixture) -> None:
    from workers.engines.kokoro.espeak_phonemes import EspeakPhonemes
    from workers.engines.piper.phonemes import PhonemeReader

    with closing(PhonemeReader()) as reader:
        for language, text, lexicon, phonemes in [
            ("it", "Ciao, Xq!", {"Xq": "/ˈt͡ʃaːo/"}, "ʧˈao, ˈʧaːo!"), ("es", "Hay Xq.", {"Xq": "/mˈutʃo/"}, "ˈI mˈuʧo."),
            ("es", "Hay Xq.", {"Xq": "/ʃo.a͡ɪ/"}, "ˈI ʃoI."), ("es", "Hay Xq.", {"Xq": "mucho /ᴀ/"}, "ˈI mˈuʧo."),
        ]:  # fmt: skip
            assert EspeakPhonemes(reader, language)(text, Lexicon.of(lexicon).find(text, "")) == phonemes
    (record,) = [each for each in caplog.records if each.message == "phonemes without a sound"]
    assert (record.engine, record.voice, record.symbols) == ("kokoro", "es", "ᴀ")  # type: ignore[attr-defined]


def test_phonemes_of_a_lexicon_are_spoken(kokoro: KokoroEngine) -> None:
    found = Lexicon.of({"Nguyen": "/wˈɪn/"}).find("Nguyen left.", "en")
    assert pcm_of(kokoro, "Nguyen left.", pronunciations=found) == pcm_of(kokoro, "Win left.")
    assert pcm_of(kokoro, "Nguyen left.") != pcm_of(kokoro, "Win left.")


def test_without_espeak_its_languages_are_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "espeakng_loader", None)
    kokoro_files.write_archive(folder / "alone", voices={"af_heart": 0.4, "ef_dora": 0.3})
    alone = load("kokoro", {"folder": str(folder / "alone")})
    assert isinstance(alone, KokoroEngine)
    assert not set(LANGUAGES) & set(alone.abilities.languages)
    with pytest.raises(UnknownLanguage, match="espeakng_loader not installed"):
        pcm_of(alone, "Hola.", voice="ef_dora")


def test_speed_changes_the_length(kokoro: KokoroEngine) -> None:
    assert len(pcm_of(kokoro, speed=2.0)) == pytest.approx(len(pcm_of(kokoro)) / 2, rel=0.01)
    with pytest.raises(UnknownOption, match=r"speed=3; the kokoro engine speaks at 0.5 to 2 times"):
        pcm_of(kokoro, speed=3.0)


def test_more_phonemes_than_the_model_takes_are_several_passes(kokoro: KokoroEngine) -> None:
    chunks = list(kokoro.speak(Utterance(LONG), lambda: False))
    assert len(chunks) == 2
    assert [chunk.last for chunk in chunks] == [False, True]
    rows = max(len(chunk.pcm) for chunk in chunks) / 2 / kokoro_files.NOTE_SAMPLES
    assert 300 < rows < 516, "510, the pads around them, and the pause between two passes"
    assert pcm_of(kokoro, LONG) == b"".join(chunk.pcm for chunk in chunks)


@pytest.mark.parametrize(
    ("files", "options", "message"),
    [
        ((), {}, "no voices of Kokoro lie there; expected kokoro-v1.0.onnx and voices-v1.0.bin"),
        (("voices-v1.0.bin",), {}, "no model of Kokoro lies there; expected kokoro-v1.0.onnx"),
        (("voices-v1.0.bin", "a.onnx", "b.onnx"), {}, "several models; name one with model=: a.onnx, b.onnx"),
        (("voices-v1.0.bin", "a.onnx"), {"model": "b.onnx"}, "model=b.onnx: .* has a.onnx; expected"),
        (("voices-v1.0.bin", "broken.onnx"), {}, "broken.onnx is no model that onnxruntime can load"),
        (("broken-voices.bin",), {}, "voices.bin is no archive of voices"),
    ],
)
def test_what_is_missing_is_said_with_where_to_get_it(
    folder: Path, tmp_path: Path, files: tuple[str, ...], options: dict[str, str], message: str
) -> None:
    for name in files:
        source = folder / ("kokoro-v1.0.onnx" if name.endswith(".onnx") else name)
        content = b"no such thing" if name.startswith("broken") else source.read_bytes()
        (tmp_path / name.removeprefix("broken-")).write_bytes(content)
    with pytest.raises(EngineUnavailable, match=message):
        load("kokoro", {"folder": str(tmp_path)} | options)
    with pytest.raises(EngineUnavailable, match="the kokoro engine needs its files: --engine-option folder=DIR"):
        load("kokoro", {})


def test_a_blend_is_spoken_by_a_whole_system_and_a_wrong_one_refused_before_it_is_accepted(
    new_system: Callable[..., RealSystem], folder: Path, kokoro: KokoroEngine
) -> None:
    system = new_system()
    system.reassembler()
    system.start("kokoro", "-m", "workers", "--engine", "kokoro", f"--engine-option=folder={folder}")
    wait_until(lambda: system.worker_pids("kokoro"))
    system.workers(1)
    producer = system.producer()
    job = producer.enqueue([TEXT], JobRequest.of({"engine": "kokoro", "voice": "AF_Bella+af_sky(2)"}))
    pcm = Listener(job).pcm()
    assert loudness(pcm) == pytest.approx(loudness(pcm_of(kokoro, voice="af_bella+af_sky(2)")), abs=1e-3)
    with pytest.raises(UnknownVoice, match="unknown voice 'af_skye'"):
        producer.enqueue([TEXT], JobRequest.of({"engine": "kokoro", "voice": "af_bella+af_skye"}))
    with pytest.raises(UnknownVoice, match=r"unknown voice 'alto\+tenor'"):
        producer.enqueue([TEXT], JobRequest.of({"engine": "tone", "voice": "alto+tenor"}))
