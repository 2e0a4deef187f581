"""Quoted speech of novels: each quotation has the speaker whom the text names, and no other."""

import random
from dataclasses import replace

import pytest

from seriatim.text.dialogue.quotes.quote_reader import attributed_quotes, paragraphs
from seriatim.text.dialogue.quotes.quote_voices import QuoteVoices
from seriatim.text.markup import Markup
from seriatim.text.segment import IncrementalSegmenter, Segment, SegmentOptions, segment
from seriatim.text.speech_style import SpeechStyle
from tests.support.processor_time import processor_limit

STYLES = {"Anna": SpeechStyle("alto"), "Tom": SpeechStyle("bass")}
NAMES = {"Anna": "Anna", "Mrs. Berg": "Anna", "Tom": "Tom"}
VOICES = QuoteVoices(NAMES, STYLES, {"Anna": "she", "Tom": "he"}, SpeechStyle("flute"))


def speakers(text: str, language: str = "en") -> list[str]:
    return [quote.speaker for _, quote in attributed_quotes(text, VOICES, language)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("“Who is there?” said Anna.", ["Anna"]),
        ("“Who is there?” Anna asked.", ["Anna"]),
        ("“Who is there?” asked Mrs. Berg quietly.", ["Anna"]),
        ("“Only me,” said Tom, “and the dog.”", ["Tom", "Tom"]),
        ("Anna said, “Come in.”", ["Anna"]),
        ("Anna turned to Tom and said: “Come in.”", ["Anna"]),
        ("Then Anna whispered to Tom, “Come in.”", ["Anna"]),
        ("“Come in,” she said. “It is late.”", ["", ""]),
        ("“Come in,” said Anna. She opened the door. “It is late.”", ["Anna", "Anna"]),
        ("“Yes,” said Anna. “No,” said Tom. “Perhaps.”", ["Anna", "Tom", ""]),
        ('"Who is there?" said Anna.', ["Anna"]),
        ("‘Who’s there? I can’t see,’ said Anna.", ["Anna"]),
        ("'Who's there?' said Anna.", ["Anna"]),
        ("‘I had _not!_’ cried Anna, ‘never.’", ["Anna", "Anna"]),
        ("Tom’s and Anna’s letters lay there.", []),
        ("The so-called “peace” lasted, said Anna.", []),
    ],
)  # fmt: skip
def test_a_tag_names_the_speaker(text: str, expected: list[str]) -> None:
    assert speakers(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "“Come in,” said Anna's mother.",
        "“Come in,” said Aunt Anna.",
        "“Come in,” said Anna Karenina.",
        "“Come in,” said Anna and Tom.",
        "“Come in,” said the old man to Anna.",
        "“Come in,” said Mary.",
        "“Come in,” he said to Anna.",
        "“No.” Anna said nothing.",
        "Anna looked at Tom, who said, “Come in.”",
        "“Come in,” he said, and Anna smiled.",
    ],
)
def test_who_is_not_named_for_certain_is_left_open(text: str) -> None:
    assert speakers(text) == [""]


def test_two_who_take_turns_go_on_to_do_so_as_long_as_nothing_says_otherwise() -> None:
    talk = "“Is it you?” said Anna.\n\n“It is I,” said Tom.\n\n"
    assert speakers(talk + "“At last.”\n\n“The boat was late.”") == ["Anna", "Tom", "Anna", "Tom"]
    assert speakers(talk + "“At last,” she said.\n\n“Yes.”") == ["Anna", "Tom", "Anna", "Tom"]
    assert speakers(talk + "“At last,” he said.\n\n“Yes.”") == ["Anna", "Tom", "", ""], "another speaker's pronoun"
    assert speakers(talk + "“Anna, wait.”\n\n“Yes.”") == ["Anna", "Tom", "", ""], "no one calls herself"
    assert speakers(talk + "A door fell shut.\n\n“What was that?”") == ["Anna", "Tom", ""], "others may have come"
    assert speakers(talk + "“What was that?” said Mary.\n\n“The wind.”") == ["Anna", "Tom", "", ""]
    assert speakers(talk + "The captain nodded. “Come.”\n\n“Yes.”") == ["Anna", "Tom", "", ""]
    assert speakers(talk + "“At last, she sighed.\n\nIt rained.") == ["Anna", "Tom", ""], "where does it end?"
    assert speakers("“Is it you?” said Anna.\n\n“Yes.”") == ["Anna", ""], "one does not make a dialogue"


def test_turns_without_a_tag_end_before_a_slip_would_last() -> None:
    talk = "“Is it you?” said Anna.\n\n“It is I,” said Tom.\n\n" + "“So.”\n\n" * 10
    assert speakers(talk)[2:] == ["Anna", "Tom"] * 4 + ["", ""]


def test_a_quotation_that_does_not_close_goes_on_in_the_next_paragraph() -> None:
    text = "“Long ago,” said Tom. “We were at sea.\n\n“It rained.”\n\n“And then?” asked Anna.\n\n“More rain.”"
    assert speakers(text) == ["Tom", "Tom", "Tom", "Anna", "Tom"]


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("de", "„Ich komme“, sagte Anna. »Gut!«, rief Tom. «Ja», sagte er.", ["Anna", "Tom", ""]),
        ("de", "Anna fragte: „Wer ist da?“", ["Anna"]),
        ("fr", "« Qui est là ? » demanda Anna.\n\n« Moi », dit Tom.", ["Anna", "Tom"]),
        ("fr", "« Viens », dit-il à Anna.", [""]),
        ("es", "«¿Quién es?», preguntó Anna.", ["Anna"]),
        ("it", "«Chi è?» chiese Anna.", ["Anna"]),
        ("nl", "„Wie is daar?” vroeg Anna.", ["Anna"]),
        ("ja", "「はい」", [""]),
    ],
)
def test_other_languages_have_their_own_marks_and_verbs(language: str, text: str, expected: list[str]) -> None:
    assert speakers(text, language) == expected


NOVEL = """The quay lay in fog.

“Who is there?” said Anna. She lifted the
lamp. “Speak up!”

“Only me,” Tom said.

“I see.”

TOM: “Not a novel.”

“Come,” he said.
"""


def cut_of(voices: QuoteVoices | None) -> SegmentOptions:
    return SegmentOptions(markup=Markup.PLAIN, quotes=voices)


def in_voices(pieces: list[Segment]) -> list[tuple[str, str]]:
    return [(piece.text, piece.style.voice) for piece in pieces]


def test_quoted_speech_is_spoken_in_its_speakers_voice_and_the_rest_in_the_narrators() -> None:
    assert in_voices(list(segment(NOVEL, cut_of(VOICES)))) == [
        ("The quay lay in fog.", ""), ("“Who is there?”", "alto"), ("said Anna.", ""), ("She lifted the lamp.", ""),
        ("“Speak up!”", "alto"), ("“Only me,”", "bass"), ("Tom said.", ""), ("“I see.”", "alto"),
        ("TOM:", ""), ("“Not a novel.”", "flute"), ("“Come,”", "flute"), ("he said.", ""),
    ]  # fmt: skip
    narrated = QuoteVoices(NAMES, STYLES, {})
    assert ("“Come,” he said.", "") in in_voices(list(segment(NOVEL, cut_of(narrated)))), (
        "an open one is the narrator's"
    )
    assert {voice for _, voice in in_voices(list(segment(NOVEL, cut_of(None))))} == {""}


def test_a_paragraph_that_ends_with_a_quotation_has_its_pause() -> None:
    text = "“Who is there?” said Anna.\n\nTom said, “Only me.”\n\nIt rained.\n“Come in,” said Anna. “Come.”\nThe end."
    pieces = list(segment(text, cut_of(VOICES)))
    assert [(piece.text, piece.pause_ms) for piece in pieces] == [
        ("“Who is there?”", 200), ("said Anna.", 600), ("Tom said,", 0), ("“Only me.”", 600), ("It rained.", 200),
        ("“Come in,”", 0), ("said Anna.", 200), ("“Come.”", 200), ("The end.", 200),
    ]  # fmt: skip
    assert pieces[4].style.voice == pieces[8].style.voice == "", "the voice ends with its paragraph"


def test_the_language_of_a_paragraph_is_judged_by_all_of_it() -> None:
    judged_texts: list[str] = []

    def language(text: str) -> str:
        judged_texts.append(text)
        return ""

    cut = replace(cut_of(VOICES), hold_chars=400, paragraph_language=language)
    pieces = list(segment("“Come in,” said Anna. She sat down.\n\nIt rained.", cut))
    assert [piece.text for piece in pieces] == ["“Come in,”", "said Anna.", "She sat down.", "It rained."]
    assert "“Come in,” said Anna. She sat down." in judged_texts
    assert not {"“Come in,”", "said Anna."} & set(judged_texts), "two words say little of their language"


def test_what_is_spoken_does_not_depend_on_how_the_text_is_parted() -> None:
    whole = list(segment(NOVEL * 3, cut_of(VOICES)))
    for seed in range(20):
        chance, steps, text, pieces = random.Random(seed), IncrementalSegmenter(cut_of(VOICES)), NOVEL * 3, []
        while text:
            n = chance.randint(1, 40)
            pieces += steps.feed(text[:n])
            text = text[n:]
        assert [*pieces, *steps.flush()] == whole, seed


@pytest.mark.parametrize(
    "text",
    [
        "“a,” " + "Aa " * 6_000, "“a,”" + " " * 19_000 + "b", "Anna " + "a, and " * 3_000 + "“x.”", "“" * 19_000,
        '"a." ' * 4_000, "‘a " * 6_000, "Anna said " * 2_000 + "“x.”", "“x” said" + " " * 19_000,
        "„a“, " + "der " * 5_000,
    ],
    ids=range(9),
)  # fmt: skip
def test_no_text_takes_long(text: str) -> None:
    with processor_limit(2):
        speakers(text)
        speakers(text, "de")


def test_the_paragraphs_of_a_text_are_all_of_it() -> None:
    text = "One.\nTwo\nthree.\n\n\n  \nFour. “Five.\n\n"
    found = list(paragraphs(text))
    assert "".join(found) == text
    assert found[0] == "One.\n", "a short line that ends a sentence ends a paragraph"
