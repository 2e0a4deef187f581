"""Sample sentences, one a language: what a voice says of itself when it is tried out."""

SENTENCES = {
    "cs": "Dobrý den! Takto zním, když čtu text nahlas.",
    "de": "Guten Tag! So klinge ich, wenn ich einen Text vorlese.",
    "en": "Hello! This is how I sound when I read a text aloud.",
    "es": "¡Hola! Así sueno cuando leo un texto en voz alta.",
    "fr": "Bonjour ! Voici ma voix quand je lis un texte.",
    "it": "Ciao! Ecco come suono quando leggo un testo ad alta voce.",
    "ja": "こんにちは。文章を読むと、このような声です。",
    "nl": "Hallo! Zo klink ik als ik een tekst voorlees.",
    "pl": "Dzień dobry! Tak brzmię, gdy czytam tekst na głos.",
    "pt": "Olá! É assim que eu soo quando leio um texto.",
    "ru": "Здравствуйте! Так я звучу, когда читаю текст вслух.",
    "sv": "Hej! Så här låter jag när jag läser en text.",
    "tr": "Merhaba! Bir metni okurken sesim böyle.",
    "uk": "Добрий день! Так я звучу, коли читаю текст уголос.",
    "zh": "你好！我朗读文字的声音就是这样。",
}
DIGITS = "1, 2, 3, 4, 5."  #: for other languages: their engine knows the words


def sample_sentence(language: str) -> str:
    """The sentence for a BCP 47 tag; "", of a voice that speaks any language, is English."""
    return SENTENCES.get(language.partition("-")[0].lower() or "en", DIGITS)
