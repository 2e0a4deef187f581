"""A pronounced text: a sentence as espeak gets it, with the phonemes of its words in `[[ ]]`. Pure.

The dialect and the clauses are made with the words as they are written, since both judge a text by its letters; then
each word with phonemes makes way for them. espeak's events name places in that text, and are moved to where the words
would be, so that the words of the sentence get their times as without phonemes.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from seriatim.text.pronunciation import Pronunciation
from workers.engines.espeak.word_events import WordEvent, kept_places

MOST_BYTES = 300  #: of all names in one sentence: a clause has 300 bytes beside them, and espeak's buffer 800
_OPENING = re.compile(r"\[(?=\[)")  #: in a text, where `[[` is none of phonemes
_APART = re.compile(r"[^\s.,;:!?…]")  #: what needs a space to the phonemes beside it, or espeak does not read them
_POSSESSIVE = re.compile(r"['’]s(?!\w)")
_VOICELESS, _SIBILANT = tuple("ptkfθ"), tuple("szʃʒ")
PhonemeNaming = Callable[[str], str]  #: espeak's names of phonemes in the IPA; "" for those that it does not have


@dataclass(frozen=True, slots=True)
class PhonemicWord:
    """A word in a text, with espeak's names of its phonemes."""

    start: int  #: 0-based
    end: int
    names: str


@dataclass(frozen=True, slots=True)
class PronouncedText:
    """A sentence as espeak gets it."""

    text: str
    blocks: tuple[tuple[int, int, str], ...] = ()  #: of phonemes: start and end in `text`, and the words they stand for

    @property
    def plain(self) -> str:
        """The text with words in place of their phonemes."""
        parts, at = list[str](), 0
        for start, end, word in self.blocks:
            parts += [self.text[at:start], word]
            at = end
        return "".join(parts) + self.text[at:]

    def moved(self, events: Sequence[WordEvent]) -> list[WordEvent]:
        """The events of espeak with their places in `plain`."""
        return [(self._moved(place - 1) + 1, ms) for place, ms in events]

    def _moved(self, place: int) -> int:
        shift = 0
        for start, end, word in self.blocks:
            if place < end:
                return (min(start, place)) - shift
            shift += end - start - len(word)
        return place - shift


def respell(
    text: str, found: Sequence[Pronunciation], naming: PhonemeNaming, *, english: bool
) -> tuple[str, list[PhonemicWord]]:
    """The text with its respellings, and the words in it whose phonemes espeak has; `english`: they may end in 's."""
    made, phonemic, at, room = "", list[PhonemicWord](), 0, MOST_BYTES
    for p in found:
        ipa, end = _with_ending(p, text) if english and p.ipa else (p.ipa, p.end)
        names = naming(ipa) if ipa else ""
        made += text[at : p.start]
        if names and len(names.encode()) <= room:
            room -= len(names.encode())
            phonemic.append(PhonemicWord(len(made), len(made) + end - p.start, names))
            made, at = made + text[p.start : end], end
        else:
            made, at = made + (p.respelling or text[p.start : p.end]), p.end
    return made + text[at:], phonemic


def with_phonemes(text: str, written: str, phonemic: Sequence[PhonemicWord]) -> PronouncedText:
    """The phonemes in a text's written form, in place of their words; characters show which these are.

    Args:
        text: the sentence.
        written: the same in espeak's dialect, which adds spaces, marks and soft hyphens.
        phonemic: the words of `text` with phonemes, ascending.
    """
    kept, written_kept = kept_places(text), kept_places(written)
    if not phonemic or len(kept) != len(written_kept):
        return PronouncedText(written)
    made, blocks, at = "", list[tuple[int, int, str]](), 0
    for word in phonemic:
        own = [place for n, place in zip(kept, written_kept, strict=True) if word.start <= n < word.end]
        made += _OPENING.sub("[ ", written[at : own[0]])
        made += " " * bool(made and not made[-1].isspace())
        block = f"[[{word.names}]]"
        blocks.append((len(made), len(made) + len(block), written[own[0] : own[-1] + 1]))
        at = own[-1] + 1
        made += block + " " * bool(_APART.match(written, at))
    return PronouncedText(made + _OPENING.sub("[ ", written[at:]), tuple(blocks))


def _with_ending(p: Pronunciation, text: str) -> tuple[str, int]:
    """The phonemes of a word with those of its possessive ending, and where it ends with that."""
    ending = _POSSESSIVE.match(text, p.end)
    if not ending:
        return p.ipa, p.end
    sound = "ɪz" if p.ipa.endswith(_SIBILANT) else "s" if p.ipa.endswith(_VOICELESS) else "z"
    return p.ipa + sound, ending.end()
