"""Speech styles: voices, languages and rates that a text asks for by markup, and by the names of speakers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seriatim.text.markup import Markup
from seriatim.text.reading import ReadingMode
from seriatim.text.segment import IncrementalSegmenter, Segment, SegmentOptions, segment
from seriatim.text.speech_style import SpeechStyle, rate_of

CAST = {"ANNA": "alto", "Ben Lee": "bass"}


def options(markup: str = "auto", speakers: dict[str, str] | None = None, language: str = "en") -> SegmentOptions:
    styles = {name: SpeechStyle(voice) for name, voice in (speakers or {}).items()}
    return SegmentOptions(language, 1000, markup=Markup(markup), reading=ReadingMode.AUTO, speakers=styles)


def in_pieces(text: str, cut: SegmentOptions, size: int = 1) -> list[Segment]:
    steps = IncrementalSegmenter(cut)
    pieces = [piece for at in range(0, len(text), size) for piece in steps.feed(text[at : at + size])]
    return pieces + steps.flush()


def voiced(text: str, cut: SegmentOptions) -> list[tuple[str, str]]:
    """The pieces with their voices, which are the same if the text comes letter by letter."""
    found = list(segment(text, cut))
    assert in_pieces(text, cut) == found
    return [(piece.text, piece.style.voice) for piece in found]


def test_a_voice_in_brackets_speaks_until_the_next_one() -> None:
    text = "One. [voice:bob] Two. Three [voice:Ann Lee]four. [voice:] Five."
    assert voiced(text, options()) == [
        *(("One.", ""), ("Two.", "bob"), ("Three", "bob"), ("four.", "Ann Lee"), ("Five.", ""))
    ]
    assert voiced(text, options("plain")) == voiced(text, options())
    assert voiced("[voice:bob] is here.", options("none")) == [("[voice:bob] is here.", "")]


def test_a_sentence_that_changes_its_voice_has_no_pause_in_its_midst() -> None:
    pieces = list(segment("He said [voice:b]come here[voice:] and left. [voice:b]Good. He did.", options()))
    assert [(piece.text, piece.pause_ms) for piece in pieces] == [
        *(("He said", 0), ("come here", 0), ("and left.", 200), ("Good.", 200), ("He did.", 200))
    ]


SSML = """<speak>One <voice name="bob">two <prosody rate="slow">three</prosody>. <prosody rate="+50%">
<lang xml:lang="de">Am 3. Januar</lang></prosody> four</voice> five.</speak>"""


@pytest.mark.parametrize("markup", ["auto", "ssml"])
def test_tags_of_ssml_nest(markup: str) -> None:
    pieces = list(segment(SSML, options(markup)))
    assert in_pieces(SSML, options(markup)) == pieces
    assert [(piece.text, piece.style) for piece in pieces] == [
        ("One", SpeechStyle()),
        ("two", SpeechStyle("bob")),
        ("three.", SpeechStyle("bob", rate=0.8)),
        ("Am dritten Januar", SpeechStyle("bob", "de", 1.5)),
        ("four", SpeechStyle("bob")),
        ("five.", SpeechStyle()),
    ]


def test_kinds_of_words_are_said_as_they_are_named() -> None:
    kinds = [
        ("ordinal", "", "3", "en", "third"), ("ordinal", "", "3.", "de", "dritte"),
        ("spell-out", "", "AB1", "en", "A B one"),
        ("digits", "", "104", "en", "one zero four"), ("telephone", "", "55-12", "en", "five five, one two"),
        ("date", "dmy", "2/1/2024", "en", "January second, twenty twenty-four"), ("cardinal", "", "12", "en", "twelve"),
        ("date", "mdy", "2/1/2024", "de", "erster Februar zweitausendvierundzwanzig"), ("ordinal", "", "x", "en", "x"),
    ]  # fmt: skip
    for kind, order, written, language, words in kinds:
        text = f'<speak><say-as interpret-as="{kind}" format="{order}">{written}</say-as></speak>'
        assert [piece.text for piece in segment(text, options("ssml", language=language))] == [words], kind


def test_what_no_engine_is_asked_for_is_named_and_its_words_are_spoken() -> None:
    steps = IncrementalSegmenter(options("ssml"))
    text = (
        '<speak><emphasis>Oh</emphasis> <prosody pitch="high" rate="quick">no</prosody> '
        '<say-as interpret-as="bleep">x</say-as></speak>'
    )
    assert [piece.text for piece in steps.feed(text) + steps.flush()] == ["Oh no x"]
    assert steps.unsupported == [
        *("<emphasis>", "<prosody pitch>", '<prosody rate="quick">', '<say-as interpret-as="bleep">')
    ]


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("slow", 0.8),
        ("X-Fast", 1.6),
        ("120%", 1.2),
        ("-10%", 0.9),
        ("+10%", 1.1),
        ("1.5", 1.5),
        ("9", 4),
        ("quick", None),
    ],
)
def test_rates_are_factors(text: str, rate: float | None) -> None:
    assert rate_of(text) == pytest.approx(rate)


DIALOGUE = """A play.

ANNA: Hello there
my friend.
Ben Lee: Yes: it is ANNA: me.
**ANNA:** Good.
CARL: no name

The end."""


@pytest.mark.parametrize("markup", ["auto", "plain"])
def test_a_speakers_lines_have_its_voice_up_to_the_next_name_or_an_empty_line(markup: str) -> None:
    text = DIALOGUE if markup == "auto" else DIALOGUE.replace("**", "")
    assert voiced(text, options(markup, CAST)) == [
        ("A play.", ""), ("Hello there my friend.", "alto"), ("Yes: it is ANNA: me.", "bass"), ("Good.", "alto"),
        ("CARL: no name", "alto"), ("The end.", ""),
    ]  # fmt: skip


def test_names_are_never_guessed() -> None:
    assert voiced("ANNA: Hi.\nANNABEL: Ho.", options()) == [("ANNA: Hi.", ""), ("ANNABEL: Ho.", "")]
    assert voiced("Anna: Hi.\n ANNA : Ho.\nANNA： Ha.", options(speakers=CAST)) == [
        *(("Anna: Hi.", ""), ("Ho.", "alto"), ("Ha.", "alto"))
    ]


def test_each_line_of_a_dialogue_ends_with_a_pause_even_without_a_stop() -> None:
    pieces = list(segment("ANNA: Yes\nBen Lee: no way that this is so", options(speakers=CAST)))
    assert [(piece.text, piece.pause_ms) for piece in pieces] == [("Yes", 200), ("no way that this is so", 200)]


PARTS = [
    "ANNA: ", "ANNA", ":", "**", "*", "__", "Ben Lee:", "Ben ", "\n", "\n\n", " ", "word ", "Two. ", "[voice:x]",
    "[voice:]", "，", '<voice name="y">', "</voice>", '<prosody rate="slow">', "</prosody>", "<lang xml:lang='de'>",
    "</lang>", "3. Mai", "!", "- ",
]  # fmt: skip


texts = st.lists(st.sampled_from(PARTS), max_size=30).map("".join)


@given(texts, st.sampled_from(["auto", "plain", "ssml", "none"]), st.integers(1, 9))
def test_a_text_with_styles_gives_the_same_pieces_however_it_comes(text: str, markup: str, size: int) -> None:
    cut = options(markup, CAST)
    assert in_pieces(text, cut, size) == list(segment(text, cut))


@given(texts, st.sampled_from(["auto", "plain", "ssml"]))
def test_no_word_is_lost_between_styles(text: str, markup: str) -> None:
    read = " ".join(piece.text for piece in segment(text, options(markup, CAST)))
    assert read.count("word") == text.count("word")
    assert read.count("Two") == text.count("Two")
