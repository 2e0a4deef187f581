"""Duration estimates: how long a text lasts when it is spoken, by its characters.

The pool charges, orders and admits by this figure before a sentence is spoken, and corrects it by what the sentence
really lasted; so it has to be near for a page and may be wrong for a word.

The constants are our own measurement: espeak-ng 1.52 at its normal speed (175 words a minute, our speed 1), one
sentence of some 20 words in each of 28 languages, and numbers, symbols and marks put into an English sentence.
They meet 27 of the 28 within a tenth (not Ukrainian, which espeak speaks half again as slowly as Russian).
"""

import re
from functools import lru_cache

from seriatim.errors import UnknownOption
from seriatim.text.languages import base_language

#: no utterance is shorter: "a" takes 277 ms, "No." 353 ms
LEAST_MS = 300
#: onset and release of an utterance
EDGES_MS = 120
#: a letter of Latin, Greek, Cyrillic and every script that is not named below, or a space: 47 to 58 in 17 languages
LETTER_MS = 53
#: how long one character of a kind lasts, the spaces between them apart
_KINDS = (
    (r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff", 235),  # Han: a syllable each
    (r"\u3041-\u3096\u30a1-\u30fa\u30fc", 116),  # kana: a mora each
    (r"\uac00-\ud7a3", 145),  # Hangul: a syllable each
    (
        r"\u0600-\u060b\u060d-\u061a\u0620-\u065f\u066e-\u06d3\u06d5-\u06ef\u06fa-\u06ff",
        95,
    ),  # Arabic: no vowels written
    (r"\u0590-\u05ff\u0900-\u0963\u0970-\u0dff\u10a0-\u10ff", 66),  # Hebrew, the scripts of India, Georgian
    (r"\u0e00-\u0eff", 110),  # Thai and Lao
    (r"0-9\u0660-\u0669\u06f0-\u06f9\u0966-\u096f", 330),  # digits, read as a number: 270 to 550
    (r"#$%&+/=@\\^_~§°©®€£¥₹\u2190-\u22ff", 300),  # symbols, read by their names: 200 to 500
    (r"\u2600-\u27bf\U0001f300-\U0001faff", 500),  # emoji, read by their names: 300 to 730
    (r",;:،、，；：—–", 245),  # a pause of some 190
    (r".!?…。！？।॥؟۔", 120),  # 350 between two sentences, nothing at the end
)
_PATTERNS = tuple((re.compile(f"[{ranges}]"), ms) for ranges, ms in _KINDS)
#: languages that differ from their script by more than a tenth
_PACE = {"de": 0.9, "tr": 1.2, "vi": 0.9}
#: sound shorter than this share of its estimate lacks words: for 27 of 28 languages the estimate is within 10 %
MIN_DURATION_SHARE = 0.3
MIN_JUDGED_MS = 1_000  #: estimate of the letters and digits below which no sound is called too short
#: more than all characters of a page, and of most texts in scripts of thousands of characters
_CACHED_CHARS = 8192


def estimate_ms(text: str, language: str = "en", speed: float = 1.0) -> int:
    """How many milliseconds `text` lasts at `speed` times the normal rate; at least 1, and never less for more text.

    `language`: BCP 47; one that is not known goes by its script.

    Raises:
        UnknownOption: the speed is not above 0.
    """
    if not speed > 0:
        raise UnknownOption(f"speed {speed}; expected a number above 0")
    spoken_ms = EDGES_MS + sum(map(char_ms, text)) * _PACE.get(base_language(language), 1.0)
    return max(1, round(max(LEAST_MS, spoken_ms) / speed))


def too_short(text: str, spoken_ms: float, language: str = "en", speed: float = 1.0) -> bool:
    """True if a sound is so much shorter than estimated that words must be missing; unknown for short texts.

    Symbols and emoji do not count, because engines may leave them out.
    """
    words = "".join(filter(lambda char: char.isalnum() or char.isspace(), text))
    expected_ms = estimate_ms(words, language, speed)
    return expected_ms >= MIN_JUDGED_MS and spoken_ms < MIN_DURATION_SHARE * expected_ms


def chars_within(text: str, length_ms: float, stop: int, language: str = "en") -> int:
    """How many characters of `text`, at most `stop`, last up to `length_ms` at the normal speed."""
    left_ms = (length_ms - EDGES_MS) / _PACE.get(base_language(language), 1.0)
    for at in range(min(stop, len(text))):
        left_ms -= char_ms(text[at])
        if left_ms < 0:
            return at
    return min(stop, len(text))


@lru_cache(maxsize=_CACHED_CHARS)
def char_ms(char: str) -> int:
    """How many milliseconds one character lasts, in a language that does not differ from its script."""
    for pattern, ms in _PATTERNS:
        if pattern.match(char):
            return ms
    return LETTER_MS
