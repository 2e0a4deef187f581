"""Piper texts: what a voice reads, what it refuses, and its phonemes."""

import os
import signal
from contextlib import closing
from pathlib import Path

import pytest

from seriatim.engine import Engine
from seriatim.errors import BadInput, EngineFailed, UnknownLanguage, UnknownVoice
from seriatim.text.lexicon import Lexicon
from seriatim.text.reading import ReadingMode
from seriatim.text.segment import SegmentOptions, segment
from tests.integration.engines.piper.piper_speech import DEFAULT, LOW, MANY, one_voice, speak
from tests.support.process_system import descendants
from workers.engines.engine_registry import load
from workers.engines.piper.phonemes import PhonemeReader, join_clauses, sentence_part
from workers.engines.piper.voice_config import VoiceConfig


class TestPiperText:
    @pytest.mark.parametrize(
        ("text", "voice", "language", "kind", "message"),
        [
            (
                "She said 今天 and left.",
                MANY,
                "",
                BadInput,
                r"the voice en_GB-many-medium reads English, .* has '今天': .*",
            ),
            ("Привет.", DEFAULT, "", BadInput, r"the voice de_DE-tief-medium reads German, .*'Привет\.'.*"),
            ("Bonjour.", "", "fr", UnknownLanguage, r"unknown piper language 'fr'.*"),
            ("Hello.", DEFAULT, "en", UnknownLanguage, r"the voice de_DE-tief-medium speaks German \(de-DE\), not en"),
            ("Hello.", "en_GB-manny-medium", "", UnknownVoice, r"unknown piper voice 'en_GB-manny-medium'; .*many.*"),
            ("Hello.", f"{MANY}+s9", "", UnknownVoice, r"unknown speaker of en_GB-many-medium 's9'; .*s0.*"),
            ("Hello.", f"{LOW}+s1", "", UnknownVoice, r"the voice en_US-dumpf-low has one speaker, found .*\+s1"),
            ("...", MANY, "", BadInput, r"the voice en_GB-many-medium has no sound for '\.\.\.': .*skip.*"),
        ],
    )
    def test_what_it_cannot_speak_is_refused(
        self, piper: Engine, text: str, voice: str, language: str, kind: type[BadInput], message: str
    ) -> None:
        with pytest.raises(kind, match=f"^{message}$"):
            speak(piper, text, voice, language=language)

    def test_a_voice_of_another_script_reads_its_own(self, tmp_path: Path) -> None:
        one_voice(tmp_path, "ru_RU-one-medium")
        engine = load("piper", {"voices": str(tmp_path)})
        assert speak(engine, "Привет, hello.", "") != speak(engine, "Привет.", "")
        engine.close()

    @pytest.mark.parametrize(
        "text", ["[[hello]]", "<b>x</b>", "a\x00b\x01c", "x" * 600, "a, " * 900, "1" * 200, "\ud800 a", "%"]
    )
    def test_nothing_breaks_it(self, piper: Engine, text: str) -> None:
        assert len(speak(piper, text)) > 1000

    def test_a_long_sentence_is_spoken_in_parts(self, folder: Path) -> None:
        """Memory and time grow with the square of the phonemes that are spoken at once."""
        config, reader = VoiceConfig.read(folder / f"{MANY}.onnx"), PhonemeReader()
        parts = reader.read_parts("nine hundred and ninety nine ships, " * 60, config)
        reader.close()
        assert len(parts) > 3
        assert max(len(part.ids) for part in parts) < 2 * 400 + 4
        assert {len(set(part.ids)) > 10 for part in parts} == {True}

    def test_a_voice_of_letters_needs_no_espeak(self, tmp_path: Path) -> None:
        one_voice(tmp_path, "en_US-one-medium", phoneme_type="text")
        engine = load("piper", {"voices": str(tmp_path)})
        assert speak(engine, "HELLO", "") == speak(engine, "hello", "")
        engine.close()

    def test_marks_stand_behind_the_clauses(self) -> None:
        clauses = [("hɐloʊ", "Hello, m"), ("mistɐ", "Mr. x"), ("(en)bɪl(de)", "x Bill!")]
        assert join_clauses(clauses) == "hɐloʊ, mistɐ bɪl!"
        assert join_clauses([("a", "a。")]) == "a."

    def test_ids_have_pads_between_them(self, folder: Path) -> None:
        config = VoiceConfig.read(folder / f"{MANY}.onnx")
        table = config.ids
        part = sentence_part("a☃b", config)
        assert part
        assert part.ids == [1, 0, *table["a"], 0, *table["b"], 0, 2]
        assert (part.phonemes, part.n_ids) == ("ab", (2, 2, 2, 1))
        assert sentence_part("_^$ ?!", config) is None

    def test_a_child_that_dies_is_replaced(self, folder: Path) -> None:
        before = descendants(os.getpid())
        engine = load("piper", {"voices": str(folder)})
        expected = speak(engine, "Hello.")
        (child,) = descendants(os.getpid()) - before
        os.kill(child, signal.SIGKILL)
        with pytest.raises(EngineFailed, match="espeak's process ended with status -9"):
            speak(engine, "Hello.")
        assert speak(engine, "Hello.") == expected
        engine.close()
        assert descendants(os.getpid()) <= before


class TestPhonemesOfALexicon:
    @pytest.mark.parametrize(
        ("voice", "text", "lexicon", "same"),
        [
            (MANY, "Dr. Nguyen left.", {"Nguyen": "/wˈɪn/"}, "Dr. Win left."),
            (MANY, "Say Xq, (Xq) and Xq!", {"Xq": "/t͡ʃˈɔɪs/"}, "Say choice, (choice) and choice!"),
            (MANY, "It was Nguyen's house.", {"Nguyen": "/wˈɪn/"}, "It was Win's house."),
            (MANY, "The 今天.", {"今天": "/wˈɪn/"}, "The Win."),
            (MANY, "A GIF.", {"GIF": "jif"}, "A jif."),
            (DEFAULT, "Die Xq kam.", {"Xq": "/zˈɔnə/"}, "Die Sonne kam."),
        ],
    )
    def test_the_ids_are_those_of_a_word_that_is_spelled_so(
        self, folder: Path, voice: str, text: str, lexicon: dict[str, str], same: str
    ) -> None:
        config = VoiceConfig.read(folder / f"{voice}.onnx")
        with closing(PhonemeReader()) as reader:
            found = Lexicon.of(lexicon).find(text, "")
            assert reader.read_parts(text, config, found) == reader.read_parts(same, config)
            assert reader.read_parts(text, config) != reader.read_parts(same, config)

    def test_a_symbol_that_the_voice_lacks_is_logged_once(self, folder: Path, caplog: pytest.LogCaptureFixture) -> None:
        config = VoiceConfig.read(folder / f"{MANY}.onnx")
        found = Lexicon.of({"GIF": "jif /dʒᴀf/"}).find("A GIF.", "")
        with closing(PhonemeReader()) as reader:
            for _ in range(2):
                assert reader.read_parts("A GIF.", config, found) == reader.read_parts("A jif.", config)
        (record,) = [each for each in caplog.records if each.message == "phonemes without a sound"]
        assert (record.engine, record.voice, record.symbols) == ("piper", MANY, "ᴀ")  # type: ignore[attr-defined]

    def test_the_engine_speaks_them(self, piper: Engine) -> None:
        found = Lexicon.of({"今天": "/wˈɪn/"}).find("Say 今天.", "")
        assert speak(piper, "Say 今天.", pronunciations=found) == speak(piper, "Say Win.")


def test_money_comes_to_a_voice_in_words(folder: Path) -> None:
    (piece,) = segment("It costs $49.95.", SegmentOptions("en", reading=ReadingMode.AUTO))
    config = VoiceConfig.read(folder / f"{MANY}.onnx")
    with closing(PhonemeReader()) as reader:
        words = reader.read_parts("It costs forty-nine dollars ninety-five.", config)
        assert reader.read_parts(piece.text, config) == words != reader.read_parts("It costs $49.95.", config)


#: a sentence, and the same without the stops and dashes that espeak would read aloud, or take for ends
SAME_PHONEMES = [
    ("en-us", "Oh!--you knew it.", "Oh! you knew it."),
    ("en-us", "No!—never.", "No! never."),
    ("en-us", "She has a Ph.D. in law.", "She has a Ph D in law."),
    ("en-us", "See p.12 and No.5.", "See p 12 and no 5."),
    ("en-us", "The U.S. Army came.", "The US Army came."),
    ("de", "Am 3. Januar kam er.", "Am dritte Januar kam er."),
    ("de", "Das ist Dr. Müller.", "Das ist Dr Müller."),
    ("de", "Siehe Nr. 5 dort.", "Siehe Nr 5 dort."),
    ("fr", "Voici M. Dupont de Lyon.", "Voici M Dupont de Lyon."),
    ("es", "¡Oh!--tú lo sabías.", "¡Oh! tú lo sabías."),
    ("it", "Oh!—lo sapevi.", "Oh! lo sapevi."),
]


@pytest.mark.parametrize("tie", ["", "^"])  # of Piper's voices, and of Kokoro's
def test_stops_that_end_no_sentence_are_silent(tie: str) -> None:
    reader = PhonemeReader()
    found = [(text, reader.read_text(text, voice, tie), reader.read_text(same, voice, tie))
             for voice, text, same in SAME_PHONEMES]  # fmt: skip
    reader.close()
    for text, phonemes, expected in found:
        assert phonemes == expected, text
