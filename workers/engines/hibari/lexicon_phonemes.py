"""Phonemes of a lexicon for hibari: the IPA as hibari writes it, or nothing where it has no such sound."""

import re
from collections.abc import Callable, Sequence

from seriatim.text.pronunciation import Pronunciation
from workers.engines.missing_phonemes import MissingPhonemes

#: the IPA's ways to write a sound, and hibari's: one letter for a diphthong or an affricate
_LETTERS = (
    ("\u0361", ""), ("\u035c", ""), ("d\u0292", "ʤ"), ("t\u0283", "ʧ"), ("e\u026a", "A"), ("a\u026a", "I"),
    ("\u0254\u026a", "Y"), ("a\u028a", "W"), ("o\u028a", "O"), ("\u0259\u028a", "O"), ("\u025d", "ɜɹ"),
    ("\u025a", "əɹ"), ("\u025c\u02d0\u0279", "ɜɹ"), ("\u025c\u02d0r", "ɜɹ"), ("\u025c\u02d0", "ɜɹ"), ("\u02d0", ""),
    ("\u02d1", ""), ("r", "ɹ"), ("g", "ɡ"), ("\u026b", "l"), ("\u0252", "ɑ"), ("n\u0329", "ᵊn"), ("l\u0329", "ᵊl"),
    ("m\u0329", "ᵊm"), ("'", "ˈ"), (".", ""), ("‿", ""), ("\u02b0", ""), ("\u02cc ", " "),
)  # fmt: skip
MARKED = "word"  #: what stands for a word in its markup; hibari does not read it
#: the sounds of American English in hibari's letters, stress, and spaces between words
_KNOWN = re.compile(r"[AIOWYTabdfhijklmnpstuvwzæðŋɑɐɔəɛɜɡɪɹɾʃʊʌʒʔʤʧθᵊᵻˈˌ ]+")


def hibari_phonemes(ipa: str) -> str:
    """Phonemes as hibari writes them, with American sounds; "" if it has no such sound."""
    written = _written(ipa)
    return written if _KNOWN.fullmatch(written) else ""


def _written(ipa: str) -> str:
    written = ipa.strip()
    for standard, own in _LETTERS:
        written = written.replace(standard, own)
    return written


def with_phonemes(
    text: str, found: Sequence[Pronunciation], readable: Callable[[str], str], missing: MissingPhonemes
) -> str:
    """The text with its pronunciations: in hibari's markup, `[word](/phonemes/)`, or respelled.

    `readable` makes any text one that hibari reads whole, without markup of its own; `missing` is informed of symbols
    for which it has no sound.
    """
    parts: list[str] = []
    at = 0
    for p in found:
        word = text[p.start : p.end]
        phonemes = hibari_phonemes(p.ipa)
        if p.ipa and not phonemes:
            missing.report(_KNOWN.sub("", _written(p.ipa)))
        speech = f"[{MARKED}](/{phonemes}/)" if phonemes else readable(p.respelling or word)
        parts += [readable(text[at : p.start]), speech]
        at = p.end
    return "".join(parts) + readable(text[at:])
