"""A guess at a text's language, by its scripts and its most frequent words. Pure.

It decides which pool speaks a text whose caller names no engine, voice or language, so a clear answer counts and no
answer is one, too. A better detector may take its place: `guess_language` is all that others call.
"""

import re
from collections import Counter

from seriatim.text.scripts import words_in_other_scripts

MIXED = "mul"  #: of ISO 639: several languages
SAMPLE_CHARS = 8_000  #: from the beginning: some three pages
FEWEST = 3  #: frequent words of a language, fewer than which say nothing
CLEAR = 1.5  #: times as many as of English
LETTER = re.compile(r"[^\W\d_]")
#: the language that a script most likely stands for, by the script's letters
SCRIPTS = {
    "ja": re.compile(r"[\u3040-\u30ff]"), "ko": re.compile(r"[\u1100-\u11ff\uac00-\ud7a3]"),
    "zh": re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]"), "ru": re.compile(r"[\u0400-\u052f]"),
    "el": re.compile(r"[\u0370-\u03ff\u1f00-\u1fff]"), "ar": re.compile(r"[\u0600-\u06ff]"),
    "he": re.compile(r"[\u0590-\u05ff]"), "hi": re.compile(r"[\u0900-\u097f]"), "bn": re.compile(r"[\u0980-\u09ff]"),
    "ta": re.compile(r"[\u0b80-\u0bff]"), "te": re.compile(r"[\u0c00-\u0c7f]"), "th": re.compile(r"[\u0e00-\u0e7f]"),
    "ka": re.compile(r"[\u10a0-\u10ff]"), "hy": re.compile(r"[\u0530-\u058f]"),
}  # fmt: skip
#: their most frequent words, without those that other languages of the list share with English
FREQUENT = {
    "en": "the and of to is was that with for it on are this have not from you they which",
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
    n_letters = len(LETTER.findall(sample))
    scripts = {} if sample.isascii() else {tag: len(found.findall(sample)) for tag, found in SCRIPTS.items()}
    if scripts and 2 * sum(scripts.values()) > n_letters:
        return _of_script(scripts)
    return MIXED if words_in_other_scripts(text) else _by_frequent_words(sample)


def _of_script(scripts: dict[str, int]) -> str:
    """The most frequent script's language; Japanese has more Chinese characters than its own."""
    return "ja" if scripts["ja"] else max(scripts, key=lambda tag: scripts[tag])


def _by_frequent_words(text: str) -> str:
    words = Counter(re.findall(r"[^\W\d_]+", text.lower()))
    counts = {language: sum(words[word] for word in frequent) for language, frequent in WORDS.items()}
    best = max(counts, key=lambda language: counts[language])
    return best if counts[best] >= FEWEST and (best == "en" or counts[best] > CLEAR * counts["en"]) else ""
