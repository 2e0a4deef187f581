"""The encoding of a text: UTF-8, what a byte order mark says, or the likeliest of the older ones."""

import codecs
import re
import unicodedata

from seriatim.errors import BadInput
from seriatim.text.documents.missing_package import required_package

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip
_SAMPLE_BYTES = 256 * 1024  #: enough to know an encoding, and read in a moment
#: a guess for less than this of other letters than ASCII's is worth nothing: most such texts are Western European
_FEW_BYTES = 12
_WESTERN = "cp1252"
_UTF8_SHAPE = re.compile(rb"[\xc0-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf7][\x80-\xbf]{3}")
#: the part of bytes in UTF-8's shape in a damaged UTF-8 text; by chance, Thai and Japanese in others have a half
MOSTLY_UTF8 = 0.75
_ISO_2022 = re.compile(rb"\x1b\$[@B]")  #: the start of Japanese letters in seven bits, as in old mail
_HIGH = re.compile(rb"[\x80-\xff]")
#: letters that stand alone in no Korean text but jokes, and that EUC-JP's small letters become in EUC-KR
_PARTS_OF_HANGUL = re.compile(r"[\u3131-\u318e]")
_ASCII_LETTER = re.compile(rb"[A-Za-z]")
_SMALL_CYRILLIC = re.compile(r"[а-яёґєії]")
_CAPITAL_CYRILLIC = re.compile(r"[А-ЯЁҐЄІЇ]")
_TURKISH_LETTER = re.compile(rb"[\xd0\xdd\xde\xf0\xfd\xfe]")
_NOT_TURKISH = re.compile(rb"[\xc1\xc6\xc9\xcd\xd3\xda\xe1\xe6\xe9\xed\xf3\xfa]")
#: common words, and endings that only Turkish has
_TURKISH_WORD = re.compile(
    r"(?i:\b(?:ve|bir|bu|da|de|ile|için|çok|daha|ne|mi|mı|gibi|kadar|her|var|yok|sayın|merhaba)\b)"
    r"|\w(?:lar|ler|ları|leri|[ıiuü]yor|ğı|ği|ığ|ınız|iniz|mış|miş|dır|dir|sı|ış|aş|ık|dü|dı|tı)(?!\w)"
)
_NORDIC_WORD = re.compile(r"(?i:\b(?:og|að|er|en|við|það|til|ekki|sem|hann|hún|ég|þú|med|vid|á|í)\b)")
_TYPOGRAPHY = frozenset("“”‘’‚„–—…«»‹›¿¡§°€£©®™·•\u00a0")


def decode_text(raw: bytes, name: str) -> str:
    """Decode the bytes of a file that is text; `name` says where they came from.

    Raises:
        BadInput: they are no text, or a damaged one.
        Misconfigured: an older encoding needs a package that is not installed.
    """
    marked = next((encoding for mark, encoding in _MARKS if raw.startswith(mark)), "")
    encoding = marked or _wide_encoding(raw) or ("iso2022_jp" if _ISO_2022.search(raw) else "utf-8")
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        if encoding != "utf-8":
            raise _no_text(raw, error, name) from None
        text = _decode_older(raw, error, name)
    if "\0" in text:
        at = text.index("\0")
        raise BadInput(f"{name} is no text: it has a null byte at character {at}; is it a binary file?")
    return text


def _decode_older(raw: bytes, error: UnicodeDecodeError, name: str) -> str:
    """Decode a text that is in no encoding of Unicode.

    A text that is mostly well-formed UTF-8 is a damaged one: read as anything else, all of it would be garbled.
    """
    high = len(_HIGH.findall(raw))
    shaped = sum(len(match) for match in _UTF8_SHAPE.findall(raw))
    if shaped >= MOSTLY_UTF8 * high or b"\0" in raw:
        raise _no_text(raw, error, name)
    found = _guess(raw, high)
    if found is None:
        raise _no_text(raw, error, name)
    return found


def _guess(raw: bytes, high: int) -> str | None:
    sample = raw[:_SAMPLE_BYTES]
    if high < _FEW_BYTES and _is_turkish(raw, high):
        return _plausible(raw, "cp1254")
    if high < _FEW_BYTES and high * 3 < len(raw):
        return _plausible(raw, _WESTERN)
    if (text := _koi8(raw, high)) is not None:
        return text
    for match in required_package("charset_normalizer").from_bytes(sample, threshold=0.3):
        text = _plausible(raw, match.encoding)
        if text is not None:
            return text
    return _plausible(raw, _WESTERN)


def _is_turkish(raw: bytes, high: int) -> bool:
    """Is a text with few other letters than ASCII's Turkish, whose ğ, ı and ş are ð, ý and þ in Western Europe?

    Icelandic and Czech have these bytes, too, but with accents that Turkish lacks.
    """
    if high > len(_ASCII_LETTER.findall(raw)) or not _TURKISH_LETTER.search(raw) or _NOT_TURKISH.search(raw):
        return False
    words = _TURKISH_WORD.findall(raw.decode("cp1254", "replace"))
    return len(words) > len(_NORDIC_WORD.findall(raw.decode(_WESTERN, "replace")))


def _koi8(raw: bytes, high: int) -> str | None:
    """The text in KOI8 if it is Russian or Ukrainian in it, which the detector takes for Japanese at times.

    Small letters stand where other Cyrillic encodings have capitals, and other scripts' bytes give no letters.
    """
    if high < len(_ASCII_LETTER.findall(raw)):
        return None
    text = raw.decode("koi8-u", "replace")
    small, capitals = len(_SMALL_CYRILLIC.findall(text)), len(_CAPITAL_CYRILLIC.findall(text))
    return text if small > 4 * capitals and small + capitals > 0.9 * high else None


def _plausible(raw: bytes, encoding: str) -> str | None:
    """The text in that encoding; None if it is none, or if its characters make no words."""
    try:
        text = raw.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        return None
    others = [char for char in text[:100_000] if not char.isascii()]
    words = sum(char.isalpha() or char in _TYPOGRAPHY or unicodedata.category(char) in ("Mn", "Po") for char in others)
    controls = sum(
        unicodedata.category(char) in ("Cc", "Co", "Cn") and char not in "\t\n\r\f\v" for char in text[:100_000]
    )
    parts = len(_PARTS_OF_HANGUL.findall(text[:100_000]))
    return text if words >= 0.9 * len(others) and not controls and parts * 5 <= len(others) else None


def _wide_encoding(raw: bytes) -> str:
    """UTF-16 without a byte order mark, which has a zero in every other byte of ASCII; "" if it is none."""
    sample = raw[:2000]
    zeros = (sample[0::2].count(0), sample[1::2].count(0))
    if len(raw) % 2 or max(zeros) * 4 < len(sample) or min(zeros):
        return ""
    encoding = "utf-16-le" if zeros[1] else "utf-16-be"
    return "" if _plausible(raw, encoding) is None else encoding


def _no_text(raw: bytes, error: UnicodeDecodeError, name: str) -> BadInput:
    return BadInput(
        f"{name} is no UTF-8 text: byte {error.start} is 0x{raw[error.start]:02x}; "
        "is it a binary file? Convert other encodings first, for example with: iconv -t utf-8"
    )
