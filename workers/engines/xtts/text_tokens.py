"""From a sentence to text tokens, as `Xtts.inference` makes them; and the languages that XTTS-v2 speaks.

Without torch. A sentence on which the library's front-end fails (`numerals` says which those are) is read with its
numbers in words instead of not at all.
"""

import re
import threading
from typing import Any

from seriatim.errors import BadInput, EngineUnavailable, TextTooLarge
from workers.engines.xtts.model.torchaudio_import import INSTALL
from workers.engines.xtts.number_words import spelled

#: The most characters that one sentence should have in each language, as coqui-tts 0.28 says (`VoiceBpeTokenizer`):
#: beyond it the model loses its way. A test compares this with the library.
LIMIT_CHARS = {
    "en": 250, "es": 239, "fr": 273, "de": 253, "it": 213, "pt": 203, "pl": 224, "tr": 226, "ru": 182, "nl": 251,
    "cs": 186, "ar": 166, "zh-cn": 82, "hu": 224, "ko": 95, "ja": 71, "hi": 150,
}  # fmt: skip
LANGUAGES = tuple(LIMIT_CHARS)  #: the seventeen, as the tokenizer's own tags
CHINESE = ("zh", "cmn")  #: Mandarin, in either script
TAG = re.compile(r"\[(" + "|".join(LANGUAGES) + r")\]")  #: in a listener's text it would switch the language
FAILURES = (ArithmeticError, LookupError, NotImplementedError, RecursionError, TypeError, ValueError)

_one_at_a_time = threading.Lock()  # num2words and MeCab keep what they are working on between two calls


def language_of(tag: str) -> str:
    """The XTTS language for a BCP 47 `tag` such as "en-GB" or "zh-Hant-TW"; "" is English.

    Raises:
        BadInput: XTTS-v2 does not speak it.
    """
    first = (tag or "en").lower().replace("_", "-").partition("-")[0]
    language = "zh-cn" if first in CHINESE else first
    if language not in LIMIT_CHARS:
        raise BadInput(f"XTTS-v2 does not speak {tag[:40]!r}; it speaks: {', '.join(LANGUAGES)}")
    return language


def tokens(tokenizer: Any, text: str, language: str, max_tokens: int = 402) -> list[int]:
    """The text tokens of one sentence, without start and stop; may be called from any thread.

    Args:
        tokenizer: the loaded model's, `Xtts.tokenizer`.
        text: as the listener wrote it.
        language: one of LANGUAGES.
        max_tokens: the model's `gpt_max_text_tokens`; a sentence has fewer.

    Raises:
        TextTooLarge: it has as many as `max_tokens`.
        BadInput: it cannot be read in this language.
        EngineUnavailable: what reads this language is not installed.
    """
    with _one_at_a_time:
        cleaned = _cleaned(tokenizer, TAG.sub(r"\1", text.strip().lower()), language)
        found: list[int] = tokenizer.tokenizer.encode(f"[{language}]{cleaned}".replace(" ", "[SPACE]")).ids
    if len(found) >= max_tokens:
        raise TextTooLarge(
            f"a sentence of {len(text)} characters is {len(found)} tokens; XTTS-v2 takes {max_tokens - 1}: cut it"
        )
    return found


def _cleaned(tokenizer: Any, text: str, language: str) -> str:
    short = language.partition("-")[0]
    try:
        return str(tokenizer.preprocess_text(text, short))
    except ImportError as error:
        raise EngineUnavailable(f"{language} needs a package that is missing: {error}; {INSTALL}") from error
    except FAILURES:
        pass
    try:
        return str(tokenizer.preprocess_text(spelled(text, short), short))
    except FAILURES as error:
        raise BadInput(f"a sentence cannot be read as {language}: {type(error).__name__}: {error}") from error
