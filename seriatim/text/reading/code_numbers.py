"""Code numbers: behind words such as PIN or account number, digits are read one by one: `Your OTP is 4582`."""

import re

from seriatim.text.reading.number_grammar import NumberGrammar
from seriatim.text.reading.reading_rule import ReadingRule

#: by language: the words before a code, and what may stand between both
_HEADS = {
    "en": (
        r"OTP|PIN|(?:[Aa]ccess|[Ss]ecurity|[Vv]erification|[Cc]onfirmation|[Oo]ne-time|[Zz]ip|ZIP|[Pp]ostal|[Pp]ass)"
        r"[ -]?code"
        r"|(?:[Aa]ccount|[Cc]ard|[Oo]rder|[Tt]racking|[Cc]onfirmation|[Rr]eference|[Ss]erial|[Pp]assport|[Ii]nvoice"
        r"|[Tt]icket|[Cc]ustomer) (?:number|ID)|(?:the|your|my|this|The|Your) code|(?:card |account )?ending in",
        "is|was|:|=",
    ),
    "de": (
        r"PIN|TAN|PLZ|BLZ|Postleitzahl|Kennwort|Passwort|(?:[A-ZÄÖÜ]\w*c|C)ode|(?:Konto|Kunden|Bestell|Rechnungs|Auftrags"
        r"|Vertrags|Karten|Sendungs|Mitglieds|Kontroll)nummer",
        "ist|lautet|:|=",
    ),
    "fr": (r"PIN|OTP|[Cc]ode(?: (?:PIN|postal|secret|d'accès|de \w+))?|[Mm]ot de passe|SIRET|SIREN", "est|:|="),
    "es": (r"PIN|OTP|[Cc]ódigo(?: (?:PIN|postal|de \w+))?|[Cc]lave|[Cc]ontraseña", "es|:|="),
    "it": (r"PIN|OTP|[Cc]odice(?: (?:PIN|postale|di \w+))?|CAP|[Pp]assword", "è|:|="),
    "pt": (r"PIN|OTP|[Cc]ódigo(?: (?:PIN|postal|de \w+))?|CEP|[Ss]enha", "é|:|="),
    "nl": (r"PIN|[Pp]incode|[Cc]ode|[Ww]achtwoord|(?:[Kk]lant|[Oo]rder|[Rr]ekening|[Bb]estel)nummer", "is|:|="),
    "pl": (r"PIN|[Kk]od(?: \w+)?|[Hh]asło", "to|:|="),
    "ru": (r"ПИН|[Пп]ин-код|[Кк]од(?: \w+)?|[Пп]ароль|[Ии]ндекс", "—|–|:|="),
    "tr": (r"PIN|OTP|[Şş]ifre\w*|\w*[Kk]odu(?:nuz)?|[Ss]on dört hanesi", ":|="),
    "hi": (r"OTP|PIN|ओटीपी|पिन(?: कोड)?|कोड|पासवर्ड", "है|:|="),
    "ar": (r"OTP|(?:ال)?رمز(?: ال\w+)?|(?:ال)?كود|كلمة المرور", "هو|:|="),
    "zh": (
        r"QQ|微信|房间号|房号|门牌号|航班号|取件码|[账帐]号|卡号|学号|编号|工号|手机号?码?|电话(?:号码)?|验证码|密码|订单号|身份证号?码?|邮编|邮政编码|尾号|拨打|致电|热线|短信(?:至|到)|发送(?:至|到)|代码",
        "是|为|：|:",
    ),
    "ja": (r"暗証番号|認証コード|確認コード|パスワード|コード|口座番号|郵便番号|電話番号|会員番号", "は|：|:"),
    "ko": (r"인증번호|비밀번호|계좌번호|우편번호|회원번호|전화번호|(?<!레)코드|암호", "는|은|:"),
}  # fmt: skip

_HEAD_CHARS = 60  #: no longer words stand before a code


def code_rules(grammar: NumberGrammar) -> list[ReadingRule]:
    """The rule of codes in one language."""
    if grammar.rules.tag not in _HEADS:
        return []
    heads, links = _HEADS[grammar.rules.tag]
    least = 4 if grammar.rules.spaced else 3
    gap = rf"(?: ?(?:{links}))? " if grammar.rules.spaced and not grammar.rules.attached else rf" ?(?:{links})? ?"
    word, edge = (r"(?<![A-Za-z\d_.,])", r"(?![A-Za-z\d_]") if grammar.rules.attached else (r"(?<![\w.,])", r"(?!\w")
    apart = r"(?<![A-Za-z])(?<!レ)" if grammar.rules.attached else r"(?<![^\W_])"
    head = re.compile(rf"{apart}(?:{heads}){gap}\Z")

    def read(found: re.Match[str]) -> str | None:
        """Its digits, if the words before it, which are looked for only now, say that it is a code."""
        start = found.start()
        is_code = head.search(found.string, max(0, start - _HEAD_CHARS), start) is not None
        return grammar.rules.speller.digits(found[0]) if is_code else None

    counter = "|[元个部次人年月日台万亿名]" if grammar.rules.tag == "zh" else ""
    return [ReadingRule(re.compile(rf"{word}\d{{{least},20}}{edge}|[.,:/-]\d|\s?[-–]\s?\d{counter})"), read)]
