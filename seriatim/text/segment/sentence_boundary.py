"""Judges whether a mark such as a full stop ends its sentence, by sentencex and by what sentencex does not know.

The judge sees a mark with some text before it and the first word behind it, and nothing else, so that text which is
still being written is cut exactly like text which is complete. sentencex knows the abbreviations, initials and
sentence starters of its languages, and falls back along related languages to English. In doubt a sentence goes on:
two sentences in one piece sound better than one sentence in two.
"""

import re

import sentencex

from seriatim.text.chess_moves import is_move
from seriatim.text.segment.abbreviation_shapes import (
    ends_measure,
    ends_quantity,
    ends_with_year,
    has_no_ending,
    has_no_vowel,
    has_vowel,
    is_consonant,
    is_short_caseless,
)
from seriatim.text.segment.common_words import (
    ABBREVIATIONS,
    AFTER_HALF_DAY,
    AND_SO_ON,
    COMPANIES,
    HALF_DAYS,
    INTRODUCTIONS,
    PARTICLES,
    STARTERS,
    WORDS,
    short_words,
)

#: marks that end sentences: Unicode 15, SentenceBreakProperty STerm and ATerm, which sentencex goes by too, without "."
_TERMINATORS = (
    r"!?\u0589\u061d-\u061f\u06d4\u0700-\u0702\u07f9\u0837\u0839\u083d\u083e\u0964\u0965\u104a\u104b\u1362\u1367\u1368"
    r"\u166e\u1735\u1736\u1803\u1809\u1944\u1945\u1aa8-\u1aab\u1b5a\u1b5b\u1b5e\u1b5f\u1b7d\u1b7e\u1c3b\u1c3c\u1c7e"
    r"\u1c7f\u2024\u203c\u203d\u2047-\u2049\u2e2e\u2e3c\u2e53\u2e54\u3002\ua4ff\ua60e\ua60f\ua6f3\ua6f7\ua876\ua877"
    r"\ua8ce\ua8cf\ua92f\ua9c8\ua9c9\uaa5d-\uaa5f\uaaf0\uaaf1\uabeb\ufe52\ufe56\ufe57\uff01\uff0e\uff1f\uff61"
    r"\U00010a56\U00010a57\U00010f55-\U00010f59\U00010f86-\U00010f89\U00011047\U00011048\U000110be-\U000110c1"
    r"\U00011141-\U00011143\U000111c5\U000111c6\U000111cd\U000111de\U000111df\U00011238\U00011239\U0001123b\U0001123c"
    r"\U000112a9\U0001144b\U0001144c\U000115c2\U000115c3\U000115c9-\U000115d7\U00011641\U00011642"
    r"\U0001173c-\U0001173e\U00011944\U00011946\U00011a42\U00011a43\U00011a9b\U00011a9c\U00011c41\U00011c42\U00011ef7"
    r"\U00011ef8\U00011f43\U00011f44\U00016a6e\U00016a6f\U00016af5\U00016b37\U00016b38\U00016b44\U00016e98"
    r"\U0001bc9f\U0001da88"
)
#: marks that end sentences where they are written, and that Unicode has among the commas or the letters: Khmer khan and
#: bariyoosan, the Tibetan shads, Thai angkhankhu and khomut
_SCRIPT_TERMINATORS = r"\u17d4\u17d5\u0f0d\u0f0e\u0f11\u0e5a\u0e5b"
#: marks that end sentences in one language only, as in sentencex
_TERMINATORS_OF = {"el": ";\u037e", "hy": ":;\u055c", "my": "\u104f"}
#: quotes that open too, and marks of emphasis, close only where no word follows at once
_CLOSERS = r"(?:[”’)\]}」』】》〉）］｝›]|[\"'“‘«»‹*_`](?!\w))*"

#: marks that end a sentence only before white space; the others are written without
SPACED_MARKS = frozenset(".!?…:;\u037e\u2024\u055c")

#: how much text before a mark sentencex is shown: several words, since it asks for the last few at most
CONTEXT_CHARS = 80

#: languages that write 3rd as "3."
ORDINAL_LANGUAGES = frozenset(
    ["bs", "cs", "da", "de", "et", "fi", "fo", "hr", "hu", "is", "lb", "lv",
     "nb", "nn", "no", "pl", "sk", "sl", "sr", "tr"]
)  # fmt: skip
_ORDINAL = re.compile(r"(?:^|(?<!\d)[\s(–-])\d{1,2}\.$")
_YEAR_ORDINAL = re.compile(r"(?:^|[\s(–-])\d{3,4}\.$")  #: before a small letter: 1990. május
#: str. 12., Abb. 3., sayfa 5., kl. 8.: the number of a page, an hour or the like, which is none in a row
_REFERENCE_NUMBER = re.compile(
    r"(?<!\w)(?:(?:str|obr|tab|kap|č|čl|odst|abb|nr|nro|fig|rys|pkt|art|rozdz|poz|sid|sl|čís|no|vol|pp?|lk|bkz|s|bls"
    r"|kl|godz|hod|ul|u)\.|sayfa|madde|bölüm|seite|strana|strona|sida|side|sivu|kuva|oldal|klo|um|utca|út|tér)"
    r"\s\d{1,3}\.$",
    re.IGNORECASE,
)
#: German articles and prepositions before a longer ordinal: zum 100. Mal
_ORDINAL_PHRASE = re.compile(
    r"(?<!\w)(?:d(?:er|ie|as|em|en|es)|[ai]m|[vz]om|zum|zur|beim|jede[rsmn]?|(?:[sm]?ein|ihr|unser)e?[rsmn]?)\s\d{3,4}\.$",
    re.IGNORECASE,
)
#: Turkish puts it before names and nouns: XIV. Louis, XIX. yüzyıl
_ROMAN_ORDINAL = re.compile(r"(?:^|[\s(])[IVX]{2,6}\.$")
_NUMBERING = re.compile(r"\W*(?:\d{1,3}|[^\W\d_]|[ivxIVX]{1,5})\.")
_INITIALS = re.compile(r"\W*(?:[^\W\d_]\. [^\W\d_]\.|[A-ZÀ-ÞА-ЯΑ-Ω]\.)")
_NUMBERS_GO_ON = frozenset(["ca", "cs", "da", "de", "fi", "lb", "sk"])  #: to sentencex, whatever stands before them
LONGEST_ABBREVIATION = 4  #: letters
_SMALL_ROMAN = re.compile(r"[IVX]{2,6}")
_ROMAN = re.compile(r"[IVXLC]{2,}(?!\w)")
_SECTION = re.compile(r"\d+(?:[.\u066b]\d+)+")
#: J.-J. Rousseau, Jean-P. Martin
_HYPHENATED_INITIALS = re.compile(r"(?<![\w.])(?:[^\W\d_]\.-[^\W\d_]|[A-ZÀ-Þ][a-zß-ÿ]+-[A-ZÀ-Þ])\.$")
#: letters of the scripts without capitals that put spaces between words and write abbreviations with a stop
_CASELESS = re.compile(r"[\u0590-\u08ff\u0900-\u0eff]")
#: languages of other scripts, in which a Latin word is judged as an English one: Dr. Smith, Apple Inc.
_OTHER_SCRIPTS = frozenset(
    ["am", "ar", "be", "bg", "bn", "el", "fa", "gu", "he", "hi", "hy", "ja", "ka", "kk", "km", "kn", "ko", "lo", "mk",
     "ml", "mr", "my", "ne", "pa", "ru", "si", "ta", "te", "th", "uk", "ur", "yue", "zh"]
)  # fmt: skip
_LATIN_END = re.compile(r"(?<![A-Za-z.%/'’_\d–-])[A-Za-z][A-Za-z.]*(?: [A-Za-z.]+)*(?<![IVX])\.$")
_ENDS_ALWAYS = re.compile(f"[{_SCRIPT_TERMINATORS}。｡]$")
#: U.S., EE.UU., J.-C., p.m., Ph.D., without the last stop
_DOTTED = re.compile(r"(?:[^\W\d_]{1,2}\.-?)+[^\W\d_]{1,2}$")
_SPACED_INTRODUCTION = re.compile(
    r"(?<!\w)(?:т\. ?[ек]|(?<!и )т\. ?н|z\. ?b|d\. ?h|u\. ?a|p\. ?ex|p\. ?ej|p\. ?es|d\. ?ex|t\. ?j|π\. ?χ)\.$",
    re.IGNORECASE,
)
_QUANTITY = re.compile(r"[\dIVX]\.? [^\W\d_]{1,5}\.$")  #: 5 kg., 3. Feb., 1998 г. and XX w.
#: languages that write no abbreviations in their own script with a stop
_NO_ABBREVIATIONS = frozenset(["ja", "ko", "zh"])
#: и т. д. Потом: it ends a sentence before a capital
_AND_MORE = re.compile(r"(?<!\w)(?:т\. ?[дп]|и т\. ?н|[ий] (?:др|пр)|та ін)\.$")
_JUDGED_INITIALS = frozenset(["en"])  #: languages of which sentencex knows which letters are initials
_SPACED_HALF_DAY = re.compile(r"(?<!\w)[ap]\. m\.$")
_LAST_WORD = re.compile(r"(?:^|(?<=[\s(\[\"'“‘«]))[^\s(\[\"'“‘«]*$")
_PLAIN_WORD = re.compile(r"(?:(?<!\bCorp)(?<!\bGmbH)(?<=[^\W\d_]{4})\.|[^.…])$")
_MARKS_BEHIND = re.compile(r"(?<=\w\w)[.,;:!?…]+$")  #: an initial keeps its stop
_RATE = re.compile(r"(?<![\w/])[A-Za-zµ²³]{1,3}/(?:h|s|min)\.$")  #: km/h and the like, whose last letter is no initial


def mark_pattern(language: str) -> str:
    """A regular expression for what may end a sentence: group 1 the marks, behind it closing quotes and brackets.

    A spaced ellipsis (`. . .`) is one group of marks; `[...]` and `(!)` comment on a sentence and do not end it.
    """
    marks = _TERMINATORS + _SCRIPT_TERMINATORS + _TERMINATORS_OF.get(language, "")
    return rf"(?<![\[(.…!?])([.…{marks}]+(?: (?:\.(?!\.)|\.{{2,}}+(?!\w)))*){_CLOSERS}"


def mark_start_pattern(language: str) -> str:
    """A class of characters, quick to search for, among which are all that `mark_pattern` may begin with."""
    marks = _TERMINATORS.partition(r"\U000")[0] + _SCRIPT_TERMINATORS + _TERMINATORS_OF.get(language, "")
    return rf"[.…{marks}\U00010000-\U0010ffff]"


def word_needed(head: str) -> bool:
    """Does the judge need the whole word behind `head`, even if it begins with a capital?

    Else its first letter is enough, and speech starts earlier.
    """
    return not _PLAIN_WORD.search(head[-8:])


def is_item_number(head: str, following: str) -> bool:
    """Is `head`, a text up to its stop, the number or small letter of a list item, and no initial ("A. Lee", "z. B.")?

    `following`: what stands behind the stop.
    """
    return bool(_NUMBERING.fullmatch(head)) and not _INITIALS.match(head + following)


def ends_sentence(language: str, head: str, gap: str, after: str) -> bool:
    """Does the sentence `head`, which ends with a mark, end before `after`?

    `gap`: what stands between them, a space or nothing. `after`: the next word, or its first letter when
    that is enough.
    """
    if _ENDS_ALWAYS.search(head):
        return True
    after = _MARKS_BEHIND.sub("", after)
    if language in _OTHER_SCRIPTS and after not in STARTERS.get(language, ()) and (latin := _LATIN_END.search(head)):
        language, head = "en", latin[0]
    if head.endswith(".") and (known := _known(language, head, after)) is not None:
        return known
    context = head[-CONTEXT_CHARS:].replace("…", "...")
    if context[-1] in "!?":
        context = context.rstrip("!?") + context[-1]  # to sentencex, "I" behind "?!" goes on, behind "!" it does not
    at = 0
    for sentence in _sentences(language, f"{context}{gap}{after}"):
        at += len(sentence)
        if at >= len(context):
            break
    return at <= len(context) + len(gap)


def _sentences(language: str, text: str) -> list[str]:
    """What sentencex makes of a text, or all of it as one sentence if sentencex cannot read it.

    sentencex 1.0.32 panics, with an error that is no Exception, on a space like U+0085 before an initial.
    Cleaned text has none, and millions of random texts found nothing else; but no text may end the process it is in.
    """
    try:
        sentences: list[str] = sentencex.segment(language, text)
    except BaseException as panic:
        if type(panic).__name__ != "PanicException":  # pyo3's class, which cannot be imported
            raise
        return [text]
    return sentences


def _known(language: str, head: str, after: str) -> bool | None:
    """Whether a full stop ends its sentence, where sentencex does not know and we do."""
    if _NUMBERING.fullmatch(head) or _is_ordinal(language, head, after) or _SPACED_INTRODUCTION.search(head[-8:]):
        return False
    if ("/" in head[-10:] and _RATE.search(head[-10:])) or _AND_MORE.search(head[-8:]):
        return not after[0].islower()
    match = _LAST_WORD.search(head[-16:-1])
    word = match.group() if match else ""
    if _ends_whole(language, head, word, after):
        return True
    if _is_abbreviation(language, head, word, after) or _goes_on(language, word, after) or is_move(head, after):
        return False
    if word in WORDS.get(language, ()) and not after[0].isdigit():
        return not after[0].islower()
    return _before_capital(language, head, word) if after[0].isupper() else None


def _is_abbreviation(language: str, head: str, word: str, after: str) -> bool:
    """Is it an abbreviation of the language, with a capital where a sentence begins with it: Npr. Split?"""
    known = ABBREVIATIONS.get(language, frozenset())
    if word in HALF_DAYS and after in AFTER_HALF_DAY:
        return True
    return word in known or (head == f"{word}." and word[:1].lower() + word[1:] in known)


def _ends_whole(language: str, head: str, word: str, after: str) -> bool:
    """Does a short word that might be an abbreviation end a sentence: etc., 5 kg., U.S. or the letter of Plan B.?"""
    if after[0].isdigit():
        return not ends_quantity(head) and (word in short_words(language) or _is_long_word(language, word))
    is_number = len(word) > 1 and language not in ORDINAL_LANGUAGES and _SMALL_ROMAN.fullmatch(word)
    if after[0].isupper() and (is_number or word in AND_SO_ON or ends_measure(head, language)):
        return True
    starters = STARTERS.get(language, ())
    if word.lower() in INTRODUCTIONS or not (after in starters or (after.isupper() and after.capitalize() in starters)):
        return False
    return _may_end(head, word) or _is_letter(word, after)


def _is_long_word(language: str, word: str) -> bool:
    """Is it too much like a word for an abbreviation before a number, where sentencex takes any word for one?"""
    judged = language in _NUMBERS_GO_ON and len(word) > LONGEST_ABBREVIATION and word.isalpha()
    is_word = has_vowel(word[-3:]) and not word.endswith(("nr", "str"))
    return judged and is_word and word not in ABBREVIATIONS.get(language, ())


def _before_capital(language: str, head: str, word: str) -> bool | None:
    """What the shape of a word, or a year before it, says about its stop before a capital; None: nothing."""
    if (year_ends := ends_with_year(head)) is not None:
        return year_ends
    is_initial = len(word) == 1 and language not in _JUDGED_INITIALS and (word.isupper() or is_consonant(word))
    if _HYPHENATED_INITIALS.search(head) or (word.isupper() and is_initial):
        return False
    if (is_initial or has_no_vowel(word, language)) and not ends_quantity(head):
        return False
    return None


def _is_ordinal(language: str, head: str, after: str) -> bool:
    """Is the stop that of an ordinal number?"""
    if language not in ORDINAL_LANGUAGES or (len(after) > 1 and after in STARTERS.get(language, ())):
        return False  # nouns follow an ordinal, and no pronoun: Sie ist 25. Er auch.
    if after[0].isupper() and _REFERENCE_NUMBER.search(head[-16:]):
        return False
    if after[0].islower() and _YEAR_ORDINAL.search(head[-6:]):
        return True
    if _ROMAN_ORDINAL.search(head[-10:]) and (after[0].islower() or language == "tr"):
        return True
    return bool(_ORDINAL.search(head[-6:]) or (language == "de" and _ORDINAL_PHRASE.search(head[-16:])))


def _may_end(head: str, word: str) -> bool:
    """May a short word end a sentence: letters with stops, a company's form, a Roman number, a unit with its number?"""
    is_known = _DOTTED.match(word) or word.lower() in COMPANIES or _ROMAN.fullmatch(word)
    return bool(is_known or _QUANTITY.search(head[-12:]) or _SPACED_HALF_DAY.search(head[-6:]))


def _is_letter(word: str, after: str) -> bool:
    """Is a single capital no initial, since no name follows it: Plan B. Then?"""
    return len(word) == 1 and word.isupper() and after not in PARTICLES


def _goes_on(language: str, word: str, after: str) -> bool:
    """Is a short word before the stop an abbreviation, to judge by what follows?

    Before a number, one of up to four letters, or of several with stops between them; before a Roman numeral, one in
    letters that are not all capitals; before a script without capitals, one letter of such a script, several with
    stops between them, or the number of a section.
    """
    if word in short_words(language) or language in _NO_ABBREVIATIONS:
        return False
    small = 0 < len(word) <= (20 if word.endswith("str") else 4) and word.rstrip("°ºª").isalpha()
    if _CASELESS.match(word):
        small = is_short_caseless(word)
    if after[0].isdigit():
        if word in HALF_DAYS:
            return False
        return (
            (small and not (word.isupper() and len(word) > 2))
            or ("." in word and not word[-1].isdigit())
            or has_no_ending(word, language)
        )
    if _ROMAN.match(after):
        return small and not word.isupper() and word not in WORDS.get(language, ())
    if _CASELESS.match(after):
        return bool(_SECTION.fullmatch(word)) or is_short_caseless(word)
    return False
