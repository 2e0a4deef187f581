"""A guess at a text's language: by its scripts, then by a detector, else by its most frequent words.

It decides which pool, language and voice speak a text whose caller names none (`seriatim.client.text_languages`), so a
clear answer counts and no answer is one, too.
"""

import re
from collections import Counter

from seriatim.text.language_detector import detect_language, probability_of
from seriatim.text.languages import base_language
from seriatim.text.scripts import words_in_other_scripts

MIXED = "mul"  #: of ISO 639: several languages
SAMPLE_CHARS = 8_000  #: from the beginning: some three pages
DETECTED_CHARS = 1_000  #: of these, for the detector, which takes a microsecond for each
PARAGRAPH_CHARS = 400  #: from the beginning of a paragraph
FEWEST = 3  #: frequent words of a language, fewer than which say nothing
CLEAR = 1.5  #: times as many as of English
PROBABLE = 0.5  #: probability from which the detector is believed: 2,128 paragraphs of English prose had one below it
#: probability of the expected language, from which no other is believed: of short paragraphs in others it is below 0.01
POSSIBLE = 0.05
FEWEST_WORDS = 3  #: words of a text that is detected; names and greetings are in no language
FEWEST_LETTERS = 12  #: likewise
EVIDENT_SHARE = (
    0.2  #: share of a language's frequent words that makes others improbable; English prose has 0.3 and more
)
LETTER = re.compile(r"[^\W\d_]")
_WORD = re.compile(r"[^\W\d_]+")
#: for the detector a hindrance: it took a row of figures for Volapük
_NUMBER = re.compile(r"[\d.,]*\d")
#: Japanese with Chinese characters has one kana or more for so many of them
KANA_SHARE = 20
#: forms of characters that only Japanese has: 東京大学工学部電気工学科卒業
_SHINJITAI = re.compile(
    "[円駅図価験検県桜沢広応発売読鉄転労営単厳圧壊楽帰実総続経済権様関黒歩毎両栄亜悪変辺拡覚観巻戦銭蔵団弾遅昼聴徳払込働畑気薬訳]"
)
#: the language that a script most likely stands for, by the script's letters
SCRIPTS = {
    "ja": re.compile(r"[\u3040-\u30ff]"), "ko": re.compile(r"[\u1100-\u11ff\uac00-\ud7a3]"),
    "zh": re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]"), "ru": re.compile(r"[\u0400-\u052f]"),
    "el": re.compile(r"[\u0370-\u03ff\u1f00-\u1fff]"), "ar": re.compile(r"[\u0600-\u06ff]"),
    "he": re.compile(r"[\u0590-\u05ff]"), "hi": re.compile(r"[\u0900-\u097f]"), "bn": re.compile(r"[\u0980-\u09ff]"),
    "pa": re.compile(r"[\u0a00-\u0a7f]"), "gu": re.compile(r"[\u0a80-\u0aff]"), "or": re.compile(r"[\u0b00-\u0b7f]"),
    "ta": re.compile(r"[\u0b80-\u0bff]"), "te": re.compile(r"[\u0c00-\u0c7f]"), "kn": re.compile(r"[\u0c80-\u0cff]"),
    "ml": re.compile(r"[\u0d00-\u0d7f]"), "si": re.compile(r"[\u0d80-\u0dff]"), "th": re.compile(r"[\u0e00-\u0e7f]"),
    "lo": re.compile(r"[\u0e80-\u0eff]"), "bo": re.compile(r"[\u0f00-\u0fff]"), "my": re.compile(r"[\u1000-\u109f]"),
    "ka": re.compile(r"[\u10a0-\u10ff]"), "am": re.compile(r"[\u1200-\u137f]"), "km": re.compile(r"[\u1780-\u17ff]"),
    "hy": re.compile(r"[\u0530-\u058f]"),
}  # fmt: skip
#: languages that share a script with the one that it most likely stands for
SHARED = {
    "ru": frozenset(["be", "bg", "kk", "ky", "mk", "mn", "sr", "tg", "tt", "uk"]),
    "ar": frozenset(["fa", "ps", "ug", "ur"]),
    "hi": frozenset(["mr", "ne", "sa"]), "he": frozenset(["yi"]), "bn": frozenset(["as"]),
}  # fmt: skip
#: letters that only one of them has, where there is no detector
LETTERS = {
    "ru": {"be": "ўЎ", "uk": "їієґЇІЄҐ", "sr": "ђћџљњЂЋЏЉЊ", "mk": "ѓќѕЃЌЅ"},
    "ar": {"ur": "ٹڈڑے", "fa": "پچژگ"},
}  # fmt: skip
#: their most frequent words, without those that other languages of the list share with English. The English ones make
#: 70 of 100 sentences of docs/ evident, which saves the detector's time before a first sound; of 743,560 messages of
#: programs in 167 other languages and dialects they make 41 evident, most of which are English.
FREQUENT = {
    "en": "the and of to is was that with for it on are this have not from you they which be were would could should "
    "did does she him his their there then these those what when where who how why your our its about after before "
    "because between into through other each some only such very much many said",
    "de": "der die das und ist nicht ein eine mit auf den dem sich auch von zu wie ich wir oder",
    "fr": "le la les des et est une dans que qui pour pas sur avec ce il elle nous vous du",
    "es": "el los las y en es una que por con para del se su como más pero lo al está",
    "it": "il gli e di che è una per non con sono della nel alla più anche del si ma ho",
    "pt": "o os as e do da em um uma que não com para por mais dos ao na no é",
    "nl": "de het een en van is niet op dat met voor zijn aan te ook maar ik er bij naar",
    "sv": "och att det en som är på av för med den till inte jag om ett har var men sig",
    "da": "og at det en som er på af for med den til ikke jeg om et har var men sig",
    "pl": "i w nie na się że z do to jest jak ale o po co za od tak przez był",
    "cs": "a se je na že v to s z do i o ale jako za by jsem který podle byl",
    "tr": "ve bir bu da de için ile çok ne daha gibi ama var ben olarak sonra kadar en mi değil",
    "ro": "și în de la a cu pe care nu din o este un pentru mai că sunt fi sau dar",
    "hu": "a az és hogy nem is egy van meg de ez el csak mint volt már ki azt vagy ha",
    "fi": "ja on ei se että hän oli mutta ovat niin kuin tai minä myös sen joka kun olen mitä vain",
    "id": "yang dan di itu dengan untuk tidak ini dari dalam akan pada juga ke karena ada mereka sudah saya bisa",
    "vi": "và của là không có một được cho trong người với các những này đã để khi ở tôi nhưng",
}
WORDS = {language: frozenset(words.split()) for language, words in FREQUENT.items()}


def guess_language(text: str) -> str:
    """Return the tag of the language that most of `text` seems to be in.

    `mul` for words of several scripts; "" where it is not clear, as in a short text.
    """
    sample = text[:SAMPLE_CHARS]
    if tag := _by_script(sample):
        return tag
    return MIXED if words_in_other_scripts(text) else _by_words(sample)


def guess_paragraph(text: str, expected: str) -> str:
    """Return the tag of a paragraph's language; "" where it is not clear. `expected`: BCP 47, of the text around it."""
    sample, base = text[:PARAGRAPH_CHARS], base_language(expected)
    return _by_script(sample) or (base if _evident(sample, base) else _by_words(sample, base))


def asks_detector(text: str) -> bool:
    """Whether a guess at a text, or at a paragraph of its beginning, asks the detector, English being expected."""
    sample = text[:SAMPLE_CHARS]
    parts = [sample, *(paragraph[:PARAGRAPH_CHARS] for paragraph in sample.split("\n\n"))]
    return any(not _evident(part, "en") and not _says_nothing(part) for part in parts)


def _by_script(sample: str) -> str:
    """The language of the script that most of its letters are in; "" if that is the Latin one, or there is none."""
    if sample.isascii():
        return ""
    scripts = {tag: len(found.findall(sample)) for tag, found in SCRIPTS.items()}
    if 2 * sum(scripts.values()) <= len(LETTER.findall(sample)):
        return ""
    tag = max(scripts, key=lambda tag: scripts[tag])
    if tag in ("ja", "zh"):
        return "ja" if KANA_SHARE * scripts["ja"] >= scripts["zh"] or _SHINJITAI.search(sample) else "zh"
    if tag not in SHARED:
        return tag
    detected = detect_language(sample[:DETECTED_CHARS])[0]
    if detected == tag or detected in SHARED[tag]:
        return detected
    return next((other for other, letters in LETTERS.get(tag, {}).items() if set(letters) & set(sample)), tag)


def _by_words(sample: str, expected: str = "en") -> str:
    """The language of Latin letters; "" where it is not clear, or may just as well be the `expected` one."""
    if _evident(sample, "en"):
        return "en"
    if _says_nothing(sample):
        return ""
    words = _NUMBER.sub("", sample[:DETECTED_CHARS])
    tag, probability = detect_language(words)
    if probability >= PROBABLE:
        excluded = tag == expected or probability_of(words, expected) < POSSIBLE
        return tag if excluded else ""
    return "" if tag else _by_frequent_words(sample)


def _says_nothing(sample: str) -> bool:
    """Whether it has too few words to be in a language."""
    return len(LETTER.findall(sample)) < FEWEST_LETTERS or len(_WORD.findall(sample)) < FEWEST_WORDS


def _evident(sample: str, language: str) -> bool:
    """Whether so many words are among a language's most frequent ones that no detector needs to look."""
    frequent, words = WORDS.get(language), _WORD.findall(sample.lower())
    found = [word for word in words if word in frequent] if frequent else []
    return len(found) > EVIDENT_SHARE * len(words) and len(set(found)) >= FEWEST


def _by_frequent_words(text: str) -> str:
    words = Counter(_WORD.findall(text.lower()))
    counts = {language: sum(words[word] for word in frequent) for language, frequent in WORDS.items()}
    best = max(counts, key=lambda language: counts[language])
    return best if counts[best] >= FEWEST and (best == "en" or counts[best] > CLEAR * counts["en"]) else ""
