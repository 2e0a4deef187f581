"""Phonemes in markup: `<phoneme>` says how its words sound, at one place, through all steps of the text."""

from typing import Any

import pytest

from seriatim.client.job_lexicon import pronounced
from seriatim.records import Sentence
from seriatim.text.lexicon import Lexicon, Pronunciation, encode_pronunciations
from seriatim.text.markup import Markup
from seriatim.text.reading import ReadingMode
from seriatim.text.segment import IncrementalSegmenter, Segment, SegmentOptions, segment

TEXT = (
    'I say <phoneme alphabet="ipa" ph="təˈmeɪtoʊ">tomato</phoneme>. You have 2 of a '
    '<phoneme ph="təˈmɑːtəʊ">tomato</phoneme>, <em>and</em> <phoneme ph="ˈwɒn fʊt">1 ft</phoneme> of 1 ft.'
)


def pieces(text: str, markup: str = "ssml", **options: Any) -> list[Segment]:
    """The pieces of a text, which are the same if it comes letter by letter."""
    cut = SegmentOptions(markup=Markup(markup), reading=ReadingMode.AUTO, **options)
    whole, incremental = list(segment(text, cut)), IncrementalSegmenter(cut)
    assert [piece for char in text for piece in incremental.feed(char)] + incremental.flush() == whole
    return whole


def phonemes(piece: Segment) -> list[tuple[str, str]]:
    return [(piece.text[p.start : p.end], p.ipa) for p in piece.pronunciations]


@pytest.mark.parametrize("markup", ["ssml", "html", "auto"])
def test_words_have_their_phonemes_where_the_markup_gives_them(markup: str) -> None:
    first, second = pieces(f"<p>{TEXT}</p>", markup)
    assert (first.text, phonemes(first)) == ("I say tomato.", [("tomato", "təˈmeɪtoʊ")])
    assert second.text == "You have two of a tomato, and 1 ft of one foot."
    assert phonemes(second) == [("tomato", "təˈmɑːtəʊ"), ("1 ft", "ˈwɒn fʊt")]


def test_places_are_those_of_joined_and_of_split_sentences() -> None:
    (joined,) = pieces(TEXT, merge_chars=100)
    assert [words for words, _ in phonemes(joined)] == ["tomato", "tomato", "1 ft"]
    words = [found for piece in pieces(TEXT, limit_chars=30) for found in phonemes(piece)]
    assert words == phonemes(joined)


@pytest.mark.parametrize(
    ("tag", "named"),
    [
        ('<phoneme alphabet="x-sampa" ph="t@">', '<phoneme alphabet="x-sampa">'),
        ('<phoneme ph="T9">', '<phoneme ph="T9">'),
        ("<phoneme>", '<phoneme ph="">'),
    ],
)
def test_other_phonemes_are_named_and_their_words_are_said(tag: str, named: str) -> None:
    steps = IncrementalSegmenter(SegmentOptions(markup=Markup.SSML))
    (piece,) = [*steps.feed(f"One {tag}word</phoneme> more."), *steps.flush()]
    assert (piece.text, piece.pronunciations) == ("One word more.", ())
    assert steps.unsupported == [named]


def test_there_may_be_more_words_than_the_table_holds() -> None:
    text = " ".join(f'<phoneme ph="{"a" * (n // 100 + 1)}">w{n}</phoneme>' for n in range(1100))
    found = [words for piece in pieces(f"<speak>{text}</speak>") for words, _ in phonemes(piece)]
    assert found == [f"w{n}" for n in range(1024)]


def test_markup_goes_before_the_lexicon() -> None:
    (piece,) = pieces('The <phoneme ph="ɡɪf">GIF</phoneme>, a GIF.')
    sentence = Sentence(piece.text, pronounce=encode_pronunciations(piece.pronunciations))
    assert pronounced(sentence, Lexicon.of({"GIF": "jif"})).pronounce == encode_pronunciations(
        [Pronunciation(4, 7, ipa="ɡɪf"), Pronunciation(11, 14, "jif")]
    )
