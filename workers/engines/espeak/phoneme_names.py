"""Phoneme names of espeak-ng for the IPA: `[[w'Ust@]]` for /ˈwʊstə/, in the sounds that a voice has. Pure.

A name means another sound in another language: `r` is ɹ in English, ɾ in German. So espeak itself is asked once for
each voice what each name sounds like, and the table is what it answers, turned around. A sound is asked for where it
stands plainly: consonants before a vowel, since German devoices them at the end, and vowels between two of them.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

#: names in espeak's phoneme tables, the plainest first: of two with the same sound, the first one is written
VOWELS = (
    "a a: A A: & &: e e: E E: i i: I I2 o o: O O: u u: U U: y y: Y Y: W W: V V: @ @: 3 3: 0 8 @2 a# aa a2 E2 e2 O2 o2 "
    'i. u. u" u- U# I# aI aU eI OI oU oI @U eU EU EI Eu OY ai au ei oi ou eu ui iu i@ u@ e@ U@ E@ O@ A@ I@ aI@ aU@ '
    "i@3 U@3 aI3 aU3 @r IR VR O~ E~ A~ W~ a~ e~ i~ o~ u~ @~ U~ Wy ie uo ia ua io oe"
)
CONSONANTS = (
    'p b t d k g q f v s z h m n l r j w x c ? tS dZ ts dz pF T D S Z C N n^ l^ R R2 Q X B J J^ L * ** Q" r" v# w# '
    "l# l. n. s. z. t. d. r. S; Z; tS; dZ; ts. dz. t[ d[ p# t# k# b# d# g# c# tl# p; b; t; d; k; g; f; v; s; z; m; n; "
    "l; r; x; ts;"
)
SYLLABIC = "n- l- m- r- N-"
#: names, what they are asked for in, and what of that is no part of their sound: before it, and behind
_FRAMES = (
    (CONSONANTS, "[[{}@]]", "", "[[@]]"),
    (VOWELS, "[[p'{}p]]", "[[p]]", "[[p]]"), (VOWELS, "[[p{}p]]", "[[p]]", "[[p]]"),
    (VOWELS, "[[p'{}]]", "[[p]]", ""), (SYLLABIC, "[[p{}]]", "[[p]]", ""),
)  # fmt: skip
#: the questions: first what stands around a sound, then every name within it
SAMPLES = ("[[@]]", "[[p]]", *(frame.format(name) for names, frame, *_ in _FRAMES for name in names.split()))
APART = "|"  #: between two names, which might be one together: `t` and `s.`
#: sounds that are another's where a voice does not have them, in the order of preference
_SIMILAR = {"ɒ": "ɑ", "ɐ": "ɜə", "ɚ": "ɜ", "ɝ": "ɜ", "ᵻ": "ɪ", "ɫ": "l"}
STRESS = {"ˈ": "'", "ˌ": ","}
_STRESS_MARKS = re.compile("[ˈˌ ]")
_SILENT = str.maketrans(
    {"\u0361": "", "\u035c": "", ".": "", "‿": "", "\u02d1": "", "\u032f": "", "g": "ɡ", "'": "ˈ", "‖": " ", "|": " "}
)
_LONG, _SYLLABLE = "\u02d0", "\u0329"
_FINE = re.compile("[\u02b0\u02b2\u032a\u0303\u0329\u02d0]")  #: marks of a sound that a voice may have without them
LONGEST_SOUND = 5  #: characters of the IPA for one name, such as aɪə
MOST_BYTES = 90  #: of one word's names; espeak's buffer has 160


@dataclass(frozen=True, slots=True)
class PhonemeNames:
    """What is written to espeak for some phonemes."""

    names: str  #: without its brackets; "": `missing` says why, or they are too long
    missing: tuple[str, ...] = ()  #: symbols that the voice has no sound for


def sound_table(answers: Sequence[str]) -> dict[str, str]:
    """The name of each sound in the IPA that a voice has; `answers`: espeak's IPA of each of SAMPLES."""
    plain = [_STRESS_MARKS.sub("", unicodedata.normalize("NFD", answer)) for answer in answers]
    edges = {"": ""} | dict(zip(SAMPLES, plain[:2], strict=False))
    table: dict[str, str] = {}
    rest = iter(plain[2:])
    for names, _, left, right in _FRAMES:
        before, behind = edges[left], edges[right]
        for name, answer in zip(names.split(), rest, strict=False):
            sound = answer.removeprefix(before).removesuffix(behind)
            if sound and len(before + sound + behind) == len(answer):
                table.setdefault(sound, name)
    return table


def phoneme_names(ipa: str, table: Mapping[str, str], *, english: bool) -> PhonemeNames:
    """Phonemes as espeak names them; `english`: r is its ɹ, as lexicons write it."""
    written = unicodedata.normalize("NFD", ipa).translate(_SILENT)
    written = written.replace("r", "ɹ") if english else written
    words, missing = [], list[str]()
    for word in written.split():
        names, unknown = _word_names(word, table)
        words.append(names)
        missing += unknown
    fits = all(len(word.encode()) <= MOST_BYTES for word in words)
    return PhonemeNames(" ".join(words) if fits and not missing else "", tuple(dict.fromkeys(missing)))


def _word_names(word: str, table: Mapping[str, str]) -> tuple[str, list[str]]:
    """The names of one word's sounds, and the symbols that have none."""
    parts, missing, at = list[str](), list[str](), 0
    while at < len(word):
        size, name = _next_sound(word[at : at + LONGEST_SOUND], table)
        if not name:
            missing.append(word[at])
        parts.append(name if name in STRESS.values() else f"{name}{APART}")
        at += size
    return "".join(parts).removesuffix(APART), missing


def _next_sound(rest: str, table: Mapping[str, str]) -> tuple[int, str]:
    """How many characters the next sound has, and its name; "" if it has none."""
    if rest[0] in STRESS:
        return 1, STRESS[rest[0]]
    for size in range(len(rest), 0, -1):
        if name := table.get(rest[:size]):
            return size + (rest[size : size + 1] == _LONG), name
    size = next((n for n in range(1, len(rest)) if not _FINE.match(rest[n])), len(rest))
    syllable = _SYLLABLE in rest[:size] and "ə" in table and table.get(rest[0])
    if syllable:
        return size, f"{table['ə']}{APART}{syllable}"
    near = (rest[0], rest[0] + _LONG, *(form for other in _SIMILAR.get(rest[0], "") for form in (other, other + _LONG)))
    return size, next((table[sound] for sound in near if sound in table), "")
