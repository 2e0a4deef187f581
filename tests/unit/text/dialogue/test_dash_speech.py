"""Dash speech of novels: it has the speaker whom the text names, and narration within it is the narrator's."""

import pytest

from seriatim.text.dialogue.quotes.dash_speech import dash_spans
from seriatim.text.dialogue.quotes.quote_reader import attributed_quotes, paragraphs
from seriatim.text.dialogue.quotes.quote_voices import QuoteVoices
from seriatim.text.segment import SegmentOptions, segment
from seriatim.text.speech_style import SpeechStyle
from tests.support.processor_time import processor_limit

ALTO, BASS = SpeechStyle("alto"), SpeechStyle("bass")
PRONOUNS = {"fr": ("elle", "il"), "es": ("ella", "él"), "pl": ("ona", "on"), "ru": ("она", "он")}
INITIALS = {"Anna": "A", "Анна": "A", "Jan": "J", "Иван": "J", "": "-"}


def voices(language: str) -> QuoteVoices:
    names = ("Анна", "Иван") if language == "ru" else ("Anna", "Jan")
    pronouns = dict(zip(names, PRONOUNS.get(language, ()), strict=False))
    return QuoteVoices({name: name for name in names}, dict(zip(names, (ALTO, BASS), strict=True)), pronouns)


def speech_of(language: str, text: str) -> list[tuple[str, str]]:
    """Speech with the initial of its speaker; - where that is not sure."""
    return [(INITIALS[one.speaker], words) for words, one in attributed_quotes(text, voices(language), language)]


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("fr", "— Bonjour, dit Anna. Comment ça va ?", [("A", "Bonjour,"), ("A", "Comment ça va ?")]),
        ("fr", "— Bien, répondit Jan en riant, et toi ?", [("J", "Bien,"), ("J", "et toi ?")]),
        ("fr", "— Viens, dit Anna. Elle se leva. Il est tard.", [("A", "Viens,")]),
        ("fr", "— Viens, dit Anna. Jan se leva.", [("A", "Viens,")]),
        ("fr", "— Viens, dit Anna. Jan, lève-toi !", [("A", "Viens,"), ("A", "Jan, lève-toi !")]),
        ("fr", "— Oui, dit M. Dupont. C'est vrai.", [("-", "Oui,"), ("-", "C'est vrai.")]),
        ("es", "—Hola —dijo Anna—. ¿Qué tal?", [("A", "Hola"), ("A", "¿Qué tal?")]),
        ("es", "—Bien —contestó Jan—, ¿y tú?", [("J", "Bien"), ("J", "¿y tú?")]),
        ("es", "—No. —Anna se sentó—. Nunca.", [("-", "No."), ("-", "Nunca.")]),
        ("es", "—¿Quién es? —preguntó el hombre.", [("-", "¿Quién es?")]),
        ("pl", "— Dzień dobry — powiedziała Anna. — Jak się masz?", [("A", "Dzień dobry"), ("A", "Jak się masz?")]),
        ("pl", "– Tak – zaśmiał się Jan.", [("J", "Tak")]),
        ("pl", "- Tak - rzekł Jan. - Idę.", [("J", "Tak"), ("J", "Idę.")]),
        ("pl", "— To jest — jak wiesz — dom — powiedziała Anna.", [("A", "To jest — jak wiesz — dom")]),
        ("pl", "— Nie. — Wzruszył ramionami. — Może.", [("-", "Nie."), ("-", "Może.")]),
        ("ru", "— Привет, — сказала Анна. — Как дела?", [("A", "Привет,"), ("A", "Как дела?")]),
        ("ru", "— Рим — большой город, — ответил Иван, — а что?", [("J", "Рим — большой город,"), ("J", "а что?")]),
        ("ru", "— Кто там? — спросил старик.", [("-", "Кто там?")]),
        ("it", "— Vieni, — disse Anna. — È tardi.", [("A", "Vieni,"), ("A", "È tardi.")]),
        ("it", "— Vieni, disse Anna. È tardi.", [("A", "Vieni,"), ("A", "È tardi.")]),
        ("pt", "— Bom dia — disse Anna. — Como vai?", [("A", "Bom dia"), ("A", "Como vai?")]),
        ("en", "— Come in, said Anna.", []),
        ("pl", "Anna — jak zawsze — milczała.", []),
    ],
)  # fmt: skip
def test_a_tag_names_the_speaker(language: str, text: str, expected: list[tuple[str, str]]) -> None:
    assert speech_of(language, text) == expected


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("fr", "— Oui, dit Anna.\n— Non, dit Jan.\n— Si.\n— Tiens ! s'écria-t-il.\n— Bon.", "AJAJA"),
        ("es", "—Sí —dijo Anna.\n—No —dijo Jan.\n—Sí —dijo ella.\n—No —dijo.\nSe fue.\n—Ven.", "AJAJ-"),
        ("pl", "— Tak — rzekła Anna.\n— Nie — rzekł Jan.\n— Tak — powiedziała.\n— Nie.", "AJAJ"),
        ("pl", "— Tak — rzekła Anna.\n— Nie — rzekł Jan.\n— Tak — powiedział.", "AJ-"),
        ("ru", "— Да, — сказала Анна.\n— Нет, — сказал Иван.\n— Да! — крикнула она.\n— Иван, нет!", "AJA-"),
    ],
)
def test_two_who_take_turns_go_on(language: str, text: str, expected: str) -> None:
    """Each line is a paragraph; a verb's ending has a gender in Polish and Russian."""
    assert "".join(speaker for speaker, _ in speech_of(language, text)) == expected


def test_narration_within_speech_is_the_narrators() -> None:
    text = "— Bonjour, dit Anna en souriant. Comment ça va ?\n\n— Bien, répondit Jan.\n\nIl se tut."
    found = [
        (piece.style.voice, piece.text) for piece in segment(text, SegmentOptions(language="fr", quotes=voices("fr")))
    ]
    assert [(voice, words.strip("— ")) for voice, words in found] == [
        ("alto", "Bonjour,"), ("", "dit Anna en souriant."), ("alto", "Comment ça va ?"), ("bass", "Bien,"),
        ("", "répondit Jan."), ("", "Il se tut."),
    ]  # fmt: skip


def test_a_long_paragraph_of_dashes_takes_little_time() -> None:
    texts = ("— a " * 5_000, "— " + "a, dit b. " * 2_000, "—" * 20_000, "—a —" * 5_000, "— " + " " * 20_000)
    with processor_limit(2):
        for text in texts:
            for language in ("es", "fr", "pl", "ru"):
                dash_spans(text, language, ["Anna"])


def test_paragraphs_are_the_text() -> None:
    text = "Anna :\n— Oui, je crois que nous devrions partir avant la nuit, dit-elle.\n— Non.\n\nFin."
    assert "".join(paragraphs(text)) == text
