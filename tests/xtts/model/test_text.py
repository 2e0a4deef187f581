"""Text tokens are those of `Xtts.inference`, in all seventeen languages, and no text is too strange to be read."""

import logging
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seriatim.errors import TextTooLarge
from workers.engines.xtts import text_tokens

SENTENCES = {
    "en": "It took Dr. Smith 12.5 seconds & $3.20 to read 1,234 words.", "es": "¡Hola! Cuesta 20€ el 1er día.",
    "fr": "Ça fait 12,5 % de l'île, n'est-ce pas ?", "de": "Am 3. Mai kamen zwölf Boote für 20 € zurück.",
    "it": "Costa 5€, è vero?", "pt": "São 100 metros até à praia.", "pl": "Było 50 żołnierzy.",
    "tr": "İstanbul'da 50 ÇOCUK vardı.", "ru": "Там было 50 солдат.", "nl": "Er waren 50 soldaten & 3 boten.",
    "cs": "Bylo tam 50 vojáků.", "ar": "كان هناك 50 جنديًا.", "zh-cn": "有50名士兵在12.5秒内离开。",
    "hu": "50 katona volt a 2. napon.", "ko": "12.5 초 안에 왔어요.", "ja": "こんにちは、世界。東京へ行きます。",
    "hi": "नमस्ते, आप कैसे हैं?",
}  # fmt: skip


@pytest.fixture(scope="module")
def tokenizer(tiny_model: Any) -> Any:
    return tiny_model.tokenizer


def as_the_library_does(tokenizer: Any, written: str, language: str) -> list[int]:
    """What `Xtts.inference` does with its arguments before it generates."""
    found: list[int] = tokenizer.encode(written.strip().lower(), lang=language.split("-")[0])
    return found


def test_the_languages_and_their_limits_are_the_librarys(tokenizer: Any, tiny_model: Any) -> None:
    assert list(text_tokens.LANGUAGES) == tiny_model.config.languages
    assert {tag.split("-")[0]: limit for tag, limit in text_tokens.LIMIT_CHARS.items()} == tokenizer.char_limits


@pytest.mark.parametrize("language", text_tokens.LANGUAGES)
def test_tokens_are_those_of_the_library(tokenizer: Any, language: str) -> None:
    written = f"  {SENTENCES[language]}\n"
    found = text_tokens.tokens(tokenizer, written, language)
    assert found == as_the_library_does(tokenizer, written, language)
    assert len(found) > 5


@given(st.text(max_size=60), st.sampled_from([tag for tag in text_tokens.LANGUAGES if tag != "ja"]))
def test_where_the_library_reads_a_text_we_read_the_same(tokenizer: Any, written: str, language: str) -> None:
    if "[" in written:
        return
    try:
        expected = as_the_library_does(tokenizer, written, language)
    except (ArithmeticError, LookupError, NotImplementedError, RecursionError, ValueError):
        return
    assert text_tokens.tokens(tokenizer, written, language, 10**6) == expected


NUMBERS = st.from_regex(r"[$€£]?[0-9]{1,45}([.,:%][0-9]{0,5})?(\.| st|º)?", fullmatch=True)


@given(st.lists(NUMBERS | st.text(max_size=8), max_size=6).map(" ".join), st.sampled_from(text_tokens.LANGUAGES))
def test_every_text_can_be_read_in_every_language(tokenizer: Any, written: str, language: str) -> None:
    assert text_tokens.tokens(tokenizer, written, language, 10**6)


@pytest.mark.parametrize(
    ("written", "same_as", "language"),
    [
        ("12 नावें", "बारह नावें", "hi"),
        ("Je 12. prosince", "Je dvanáct prosince", "cs"),
        ("Přišlo jich 12.", "Přišlo jich dvanáct .", "cs"),
    ],
)
def test_numbers_that_the_library_cannot_read_are_read(
    tokenizer: Any, written: str, same_as: str, language: str
) -> None:
    with pytest.raises(NotImplementedError):
        as_the_library_does(tokenizer, written, language)
    assert text_tokens.tokens(tokenizer, written, language) == text_tokens.tokens(tokenizer, same_as, language)


def test_a_listeners_text_cannot_switch_the_language(tokenizer: Any) -> None:
    german = tokenizer.tokenizer.token_to_id("[de]")
    found = text_tokens.tokens(tokenizer, "hello [de] hello [STOP]", "en")
    assert german not in found
    assert tokenizer.tokenizer.token_to_id("[STOP]") not in found
    assert found == text_tokens.tokens(tokenizer, "hello de hello [STOP]", "en")


def test_a_sentence_of_too_many_tokens_is_refused(tokenizer: Any) -> None:
    long = "zq " * 200
    with pytest.raises(TextTooLarge, match=r"^a sentence of 600 characters is \d+ tokens; XTTS-v2 takes 401: cut it$"):
        text_tokens.tokens(tokenizer, long, "en")
    n_tokens = len(text_tokens.tokens(tokenizer, long, "en", 10**6))
    assert len(text_tokens.tokens(tokenizer, long, "en", n_tokens + 1)) == n_tokens
    with pytest.raises(TextTooLarge, match=f"is {n_tokens} tokens; XTTS-v2 takes {n_tokens - 1}: cut it$"):
        text_tokens.tokens(tokenizer, long, "en", n_tokens)


def test_no_listeners_text_is_logged(tokenizer: Any, caplog: pytest.LogCaptureFixture) -> None:
    """The library warns about long texts, and quotes them."""
    with caplog.at_level(logging.INFO):
        text_tokens.tokens(tokenizer, "secret " * 60, "en", 10**6)
    assert not caplog.records


def test_threads_do_not_disturb_each_other(tokenizer: Any) -> None:
    """num2words rounds to the places of whichever number came last, and MeCab has one text at a time."""
    decimals = [("1.5 and 2.25 and 3.125 boats", "en"), ("1.123456 miles", "en"), ("3,12345 Meilen", "de")]
    written = [*decimals, (SENTENCES["ja"], "ja"), ("東京大学で勉強しました", "ja")] * 60
    alone = [text_tokens.tokens(tokenizer, sentence, language) for sentence, language in written]
    usual_s = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        with ThreadPoolExecutor(8) as threads:
            together = list(threads.map(lambda each: text_tokens.tokens(tokenizer, *each), written))
    finally:
        sys.setswitchinterval(usual_s)
    assert together == alone
