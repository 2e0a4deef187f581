"""Capital words: what is shouted is a word, what abbreviates stays in capitals.

Three words in capitals, one behind the other, are shouted. One alone may be an abbreviation, unless it is one of the
words that people stress: NOT, NEVER, PLEASE.
"""

import re

from seriatim.text.reading.number_grammar import NumberGrammar
from seriatim.text.reading.reading_rule import ReadingRule

_SHOUTED = re.compile(
    r"(?<![\w.&'’-])[^\W\d_a-z]{2,}(?:['’][^\W\d_a-z]{1,3})?(?:[\s,;:—–-]+[^\W\d_a-z]+(?:['’][^\W\d_a-z]{1,3})?){2,}(?![\w&])"
)
#: a comma behind each word makes a list, of abbreviations as often as not: NASA, UNESCO, FBI
_SPACE = re.compile(r"\w[ \u00a0]+\w")
_CAPITALS = re.compile(r"[^\W\d_]+")
_VOWEL = re.compile(r"[AEIOUYÄÖÜÀ-ÖÙ-ÝĄĘÓАЕЁИОУЫЭЮЯİ]")
#: words that are stressed by capitals, and that no abbreviation is spelled like
_STRESSED = {
    "en": "NOT NEVER ALWAYS ONLY ALL MUST REALLY VERY PLEASE STOP EVERY EVERYTHING EVERYONE NOTHING ANY "
    "ANYTHING MORE MOST BOTH THIS THAT THESE THOSE WHAT WHY HOW STILL BEFORE AFTER AGAIN FIRST LAST FREE "
    "IMPORTANT WARNING ATTENTION CAUTION NOTE NOTICE DANGER HUGE BEST WORST CANNOT NEED WANT ABSOLUTELY "
    "DEFINITELY EXACTLY TOTALLY COMPLETELY EXTREMELY IMMEDIATELY SHOULD WOULD COULD DON'T DO YES NO HATE "
    "LOVE TODAY TOMORROW TOO MUCH SO",
    "de": "NICHT NIE NIEMALS IMMER NUR SEHR WIRKLICH BITTE ACHTUNG WICHTIG HINWEIS WARNUNG VORSICHT ALLE ALLES "
    "NEIN KEIN KEINE MUSS MÜSSEN SOFORT JETZT NICHTS NIEMAND UNBEDINGT STOPP NOCH HEUTE ABSOLUT",
    "fr": "NE PAS JAMAIS TOUJOURS TRÈS VRAIMENT ATTENTION IMPORTANT DANGER RIEN TOUT TOUS TOUTES TOUTE NON OUI "
    "SEUL SEULEMENT MAINTENANT AUCUN AUCUNE URGENT GRATUIT TROP ENCORE",
    "es": "NO NUNCA SIEMPRE MUY SOLO SÓLO ATENCIÓN IMPORTANTE PELIGRO NADA TODO TODOS TODA TODAS NADIE AHORA "
    "GRATIS REALMENTE AVISO CUIDADO URGENTE DEBE JAMÁS HOY MÁS",
    "it": "NON MAI SEMPRE MOLTO SOLO ATTENZIONE IMPORTANTE PERICOLO NIENTE NULLA TUTTO TUTTI TUTTE NESSUNO "
    "ADESSO ORA GRATIS DAVVERO AVVISO URGENTE DEVE OGGI SUBITO ANCHE",
    "pt": "NÃO NUNCA SEMPRE MUITO ATENÇÃO IMPORTANTE PERIGO NADA TUDO TODOS TODAS NINGUÉM AGORA GRÁTIS "
    "REALMENTE AVISO CUIDADO URGENTE DEVE JAMAIS HOJE APENAS SOMENTE MAIS",
    "nl": "NIET NOOIT ALTIJD ALLEEN HEEL ECHT ZEER OPGELET BELANGRIJK GEVAAR NIETS ALLES ALLE NIEMAND GRATIS "
    "WAARSCHUWING GEEN MOET MOETEN VANDAAG DIRECT",
    "pl": "NIE NIGDY ZAWSZE TYLKO BARDZO NAPRAWDĘ UWAGA WAŻNE NIC WSZYSTKO WSZYSCY NIKT TERAZ ZAKAZ MUSI MUSISZ "
    "PROSZĘ DZIŚ DARMO STOP OSTRZEŻENIE",
    "ru": "НЕ НИКОГДА ВСЕГДА ТОЛЬКО ОЧЕНЬ ВНИМАНИЕ ВАЖНО ОПАСНО НИЧЕГО ВСЁ ВСЕ НИКТО СЕЙЧАС НЕЛЬЗЯ БЕСПЛАТНО "
    "СРОЧНО ДОЛЖЕН ДОЛЖНЫ ПОЖАЛУЙСТА СТОП СЕГОДНЯ НЕТ ДА",
    "tr": "ASLA HER ZAMAN SADECE ÇOK DİKKAT ÖNEMLİ TEHLİKE HİÇBİR HEPSİ HERKES KİMSE ŞİMDİ LÜTFEN ÜCRETSİZ ACİL "
    "UYARI GERÇEKTEN BUGÜN HAYIR EVET DEĞİL",
}  # fmt: skip
_SMALL = {"tr": str.maketrans("Iİ", "ıi")}  #: capitals whose small letters a language has otherwise


def capital_rules(grammar: NumberGrammar) -> list[ReadingRule]:
    """The rules of shouted and of stressed words in one language."""
    tag = grammar.rules.tag
    small = _SMALL.get(tag, {})
    stressed = "|".join(re.escape(word) for word in sorted(_STRESSED.get(tag, "").split(), key=len, reverse=True))

    def shouted(found: re.Match[str]) -> str | None:
        return _quiet(found, small)

    def quiet(found: re.Match[str]) -> str:
        word = found[0].translate(small).lower()
        return word if found.start() else found[0][0] + word[1:]

    rules = [ReadingRule(_SHOUTED, shouted)]
    if stressed:
        alone = rf"(?<![\w.&'’/-])(?:{stressed})(?![\w&/-]|['’]\w|\.\w|\.?\s?\d)"
        rules.append(ReadingRule(re.compile(alone), quiet))
    return rules


def _quiet(found: re.Match[str], small: dict[int, int]) -> str | None:
    text = found[0]
    words = _CAPITALS.findall(text)
    if not all(map(str.isupper, words)) or not _SPACE.search(text) or not any(len(word) > 3 for word in words):
        return None

    def lower(word: re.Match[str]) -> str:
        is_word = word[0] != "I" and _VOWEL.search(word[0])
        return word[0].translate(small).lower() if is_word else word[0]

    quiet = _CAPITALS.sub(lower, text)
    return text[0] + quiet[1:] if found.start() == 0 else quiet
