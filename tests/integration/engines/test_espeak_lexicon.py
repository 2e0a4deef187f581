"""Phonemes of a lexicon in espeak: spoken as espeak speaks a word with these phonemes, to the byte."""

import importlib.util
import logging
import os
from collections.abc import Iterator

import pytest

from seriatim.engine import AudioChunk, Engine, Utterance
from seriatim.text.lexicon import Lexicon
from seriatim.text.markup import Markup
from seriatim.text.segment import SegmentOptions, segment
from seriatim.text.word_times import word_spans
from workers.engines.engine_registry import load
from workers.engines.espeak.engine import _EspeakProcess
from workers.engines.espeak.phoneme_names import SAMPLES, phoneme_names, sound_table

if importlib.util.find_spec("espeakng_loader") is None:
    if os.environ.get("CI"):
        raise RuntimeError("espeakng-loader is not installed where CI is set: pip install -e '.[espeak]'")
    pytest.skip("espeakng-loader is not installed (pip install -e '.[espeak]')", allow_module_level=True)

#: voice, a text with a word of the lexicon, its phonemes, and the text that espeak speaks so by itself
SAME_SOUND = [
    ("en-us", "Nguyen left.", "ˈwɪn", "Win left."), ("en-gb", "Worcester, he said.", "ˈwɪn", "Win, he said."),
    ("en-us", "We met Dr. Nguyen (Nguyen) of Rome.", "wˈɪn", "We met Dr. Win (Win) of Rome."),
    ("en-us", "A choice: Xq!", "ˈt͡ʃɔɪs", "A choice: choice!"), ("en-us", "It is Xq.", "ˈrɛd", "It is red."),
    ("en-us", "It was Nguyen's house.", "ˈwɪn", "It was Win's house."),
    ("en-us", "The Xq’s end, a Worcester.", "ˈwuːstɚ", "The Wooster’s end, a Wooster."),
    ("de", "Die Xq kam.", "ˈzɔnə", "Die Sonne kam."), ("ru", "Это Xq.", "ˈkot", "Это кот."),
    ("fr", "Le Xq.", "bˈɔ̃", "Le bon."),
]  # fmt: skip
#: phonemes as lexicons write them, which espeak gives back of what it is given
SAME_PHONEMES = {
    "en-us": "wˈʊstɚ dʒˈɪf kˈɑːmɹəd bˈʌdn̩ ˈeɪʒə tʃˈɔɪ ˈʌŋkəl fˈaɪɚ ɡˈoʊ nˈuː θˈɪŋ ðˈeɪ",
    "en-gb": "wˈʊstə həlˈəʊ wˈɔːdə bˈɑːθ fˈɜːst njˈuː hˈɒt",
    "de": "zˈɔnə ʃtʁˈaːsə bˈʏkə ɪç dˈɔx ʃˈøːn bˈyːnə ˈapfəl lˈaʊt tsˈait",
    "fr": "paʁˈi bɔ̃ʒˈuʁ vˈɛ̃ œ̃ bˈœf ʒˈø ɲˈɔl wˈi ʃˈɑ̃",
    "es": "koɾasˈon pˈero nˈiɲo ʎˈama xˈente θapˈato", "it": "tʃˈao ɡˈɛtto pˈittsa famˈiʎʎa dʒˈɛnte",
    "pl": "wˈutɕ ʂkˈɔwa tʂˈɨ ɲˈɛ dʑˈɛɲ", "ru": "tʲˈotʲa ʂˈar ɕˈi kˈot", "tr": "ɟˈyl tʃˈaj ˈɯʃɯk",
}  # fmt: skip
WORDS = ("Nguyen", "Worcester", "Xq")


@pytest.fixture(scope="module")
def espeak() -> Iterator[Engine]:
    engine = load("espeak", {})
    yield engine
    engine.close()


def chunks(engine: Engine, text: str, voice: str, lexicon: dict[str, str] | None = None) -> list[AudioChunk]:
    found = Lexicon.of(lexicon or {}).find(text, "en")
    return list(engine.speak(Utterance(text, voice, pronunciations=found), lambda: False))


def pcm_of(engine: Engine, text: str, voice: str = "en-us", lexicon: dict[str, str] | None = None) -> bytes:
    return b"".join(chunk.pcm for chunk in chunks(engine, text, voice, lexicon))


@pytest.mark.parametrize(("voice", "text", "ipa", "same"), SAME_SOUND)
def test_a_word_with_phonemes_sounds_as_one_that_is_spelled_so(
    espeak: Engine, voice: str, text: str, ipa: str, same: str
) -> None:
    lexicon = dict.fromkeys(WORDS, f"/{ipa}/")
    assert pcm_of(espeak, text, voice, lexicon) == pcm_of(espeak, same, voice)
    assert pcm_of(espeak, text, voice) != pcm_of(espeak, same, voice)


@pytest.mark.parametrize(("voice", "words"), SAME_PHONEMES.items())
def test_espeak_is_given_names_of_the_same_phonemes(espeak: Engine, voice: str, words: str) -> None:
    """`[[ ]]` is read as what a lexicon's phonemes say, in the IPA of espeak itself."""
    identifier = espeak._catalogue.find(voice, "")  # type: ignore[attr-defined]  # no part of the protocol
    child = _EspeakProcess()
    try:
        table = sound_table(child.read_phonemes(identifier, SAMPLES))
        names = {ipa: phoneme_names(ipa, table, english=voice.startswith("en")) for ipa in words.split()}
        assert {ipa: found.missing for ipa, found in names.items() if found.missing} == {}
        assert child.read_phonemes(identifier, [f"[[{found.names}]]" for found in names.values()]) == list(names)
    finally:
        child.end()


def test_a_sound_that_the_voice_lacks_makes_way_for_the_respelling_and_is_logged_once(
    espeak: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        for _ in range(2):
            assert pcm_of(espeak, "Say Xq.", "en-us", {"Xq": "click /ɧɺ/"}) == pcm_of(espeak, "Say click.")
            assert pcm_of(espeak, "Say Xq.", "en-us", {"Xq": "/ɧ/"}) == pcm_of(espeak, "Say Xq.")
    (record,) = [each for each in caplog.records if each.message == "phonemes without a sound"]
    assert (record.engine, record.symbols) == ("espeak", "ɧ ɺ")  # type: ignore[attr-defined]  # fields of this line
    assert "/" not in record.message


def test_words_have_their_times_with_phonemes_too(espeak: Engine) -> None:
    text = "We met Nguyen of Worcester in May."
    (first, *_) = chunks(espeak, text, "en-us", {"Nguyen": "/ˈwɪn/", "Worcester": "/ˈwuːstɚ/"})
    (same, *_) = chunks(espeak, "We met Win of Wooster in May.", "en-us")
    assert len(first.words) == len(word_spans(text))
    assert [round(start) for start, _ in first.words] == [round(start) for start, _ in same.words]


def test_brackets_of_the_text_are_no_phonemes(espeak: Engine) -> None:
    lexicon = {"Nguyen": "/ˈwɪn/"}
    assert pcm_of(espeak, "A [[b'i:]] of Nguyen.", "en-us", lexicon) == pcm_of(espeak, "A [ [b'i:]] of Win.")


@pytest.mark.parametrize("ipa", ["wɪn " * 100, "wɪn" * 100])
def test_more_phonemes_than_espeak_takes_are_not_cut(espeak: Engine, ipa: str) -> None:
    assert pcm_of(espeak, "Say Xq now.", "en-us", {"Xq": f"respelled /{ipa}/"}) == pcm_of(espeak, "Say respelled now.")


def test_emoji_are_named_where_the_caller_says_that_nothing_is_markup(espeak: Engine) -> None:
    def read(markup: Markup) -> str:
        (piece,) = segment("It is 👍 for Anna.", SegmentOptions("en", markup=markup))
        return piece.text

    assert pcm_of(espeak, read(Markup.NONE)) == pcm_of(espeak, "It is thumbs up for Anna.")
    assert pcm_of(espeak, read(Markup.AUTO)) == pcm_of(espeak, "It is for Anna.")
