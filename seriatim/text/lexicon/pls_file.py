"""PLS files: W3C's Pronunciation Lexicon Specification 1.0 (https://www.w3.org/TR/pronunciation-lexicon/).

Read are `grapheme`, `phoneme` in the IPA, `alias`, `prefer`, and the language of the lexicon. Words match case, as the
specification says. Phonemes in another alphabet are left out if the lexeme has an alias, and refused otherwise.
"""

from collections.abc import Iterator

from seriatim.errors import BadInput
from seriatim.text.documents.xml_tree import Element, attribute, find_all, inner_text, local_name, parse_xml
from seriatim.text.languages import language_tag
from seriatim.text.lexicon.lexicon_entry import LexiconEntry

_IPA_NAMES = frozenset({"", "ipa", "x-ipa"})


def read_pls(raw: bytes, name: str) -> list[LexiconEntry]:
    """The entries of a PLS document.

    Raises:
        BadInput: it is no PLS, declares entities, or has an entry that is wrong.
        Misconfigured: lxml is not installed.
    """
    root = parse_xml(raw, name)
    if local_name(root) != "lexicon":
        raise BadInput(f"lexicon {name} is XML, but no PLS: its root is <{local_name(root)}>, expected <lexicon>")
    language = language_tag(attribute(root, "lang"))
    alphabet = attribute(root, "alphabet")
    return [entry for lexeme in find_all(root, "lexeme") for entry in _entries(lexeme, language, alphabet, name)]


def _entries(lexeme: Element, language: str, alphabet: str, name: str) -> Iterator[LexiconEntry]:
    words = [inner_text(each) for each in find_all(lexeme, "grapheme")]
    phonemes = [each for each in find_all(lexeme, "phoneme") if (attribute(each, "alphabet") or alphabet) in _IPA_NAMES]
    aliases = list(find_all(lexeme, "alias"))
    if words and not phonemes and not aliases:
        raise BadInput(f"lexicon {name}, line {lexeme.sourceline}: {words[0][:60]!r} has neither IPA nor alias")
    for word in words:
        try:
            yield LexiconEntry(
                word=word, say=_preferred(aliases), ipa=_preferred(phonemes), language=language, case=True
            )
        except BadInput as error:
            raise BadInput(f"lexicon {name}, line {lexeme.sourceline}: {error}") from None


def _preferred(elements: list[Element]) -> str:
    """The text of the preferred element, or of the first; "" for none."""
    marked = [each for each in elements if attribute(each, "prefer") in ("true", "1")]
    return inner_text((marked or elements or [None])[0])
