"""Speech tags: the tags of SSML that say how words are spoken, and kinds of words that `<say-as>` names."""

import re
from collections.abc import Mapping
from html import unescape

from seriatim.text.control_characters import CONTROLS
from seriatim.text.languages import language_tag
from seriatim.text.markup.markup_format import Markup
from seriatim.text.markup.scan_state import ScanState
from seriatim.text.pronunciation import MOST_SPEECH_CHARS, is_ipa
from seriatim.text.reading import ordinal_words, written_date
from seriatim.text.speech_style import SpeechStyle, rate_of

#: tags that change the voice, the language or the rate up to their ends
STYLES = frozenset({"voice", "lang", "prosody"})
_SPELLED = frozenset({"characters", "spell-out", "verbatim"})
#: kinds that reading says right by itself
_READ = frozenset({"cardinal", "number", "time", "unit", "fraction", "currency", "address", "date", "text"})
_NOT_OF_PROSODY = ("pitch", "volume", "range", "contour", "duration")
_NAME_CHARS = 128


def opened_style(name: str, values: Mapping[str, str], state: ScanState, *, alone: bool) -> str:
    """What `<voice>`, `<lang>` or `<prosody>` becomes; `alone`: it has no end, so that it says nothing."""
    if alone:
        return ""
    if name == "prosody":
        rate = rate_of(values["rate"]) if "rate" in values else 1.0
        state.unsupported.update(f"<prosody {each}>" for each in _NOT_OF_PROSODY if each in values)
        if rate is None:
            state.unsupported.add(f'<prosody rate="{values["rate"][:20]}">')
        return state.open_style(name, SpeechStyle(rate=rate or 1.0))
    tag = language_tag(values.get("xml:lang", values.get("lang", values.get("language", "")))[:_NAME_CHARS])
    voice = values.get("name", "").strip()[:_NAME_CHARS] if name == "voice" else ""
    state.unsupported.update(f"<voice {each}>" for each in ("gender", "age", "variant") if each in values)
    return state.open_style(name, SpeechStyle(voice=voice, language=tag))


def note_unsupported(name: str, state: ScanState) -> None:
    """Note a tag whose words are spoken as any others."""
    if name in ("emphasis", "audio") and state.markup is Markup.SSML:
        state.unsupported.add(f"<{name}>")


def phoneme_words(content: str, values: Mapping[str, str], state: ScanState) -> str:
    """The words of a `<phoneme>` element, marked with their phonemes; "" if these are not in the IPA."""
    words, ipa = " ".join(CONTROLS.sub("", unescape(content)).split()), values.get("ph", "").strip()
    alphabet = values.get("alphabet", "ipa").strip().lower()
    if not words or alphabet != "ipa" or len(ipa) > MOST_SPEECH_CHARS or not is_ipa(ipa):
        named = f'alphabet="{alphabet[:20]}"' if alphabet != "ipa" else f'ph="{ipa[:20]}"'
        state.unsupported.add(f"<phoneme {named}>")
        return ""
    return state.phonemes.character(ipa, words) + words


def read_as(content: str, values: Mapping[str, str], state: ScanState) -> str:
    """The words of a `<say-as>` element; "" where reading says them as they stand."""
    kind = values.get("interpret-as", "").strip().lower()
    if kind in _SPELLED:
        return " ".join(content.replace(" ", ""))
    if kind in ("digits", "telephone"):
        groups = (" ".join(group) for group in re.findall(r"\d+", content))
        return ("+ " if content.startswith("+") else "") + ", ".join(groups)
    if kind == "ordinal":
        return ordinal_words(content, state.language)
    if kind == "date":
        return written_date(content, values.get("format", "").strip().lower(), state.language)
    if kind not in _READ:
        state.unsupported.add(f'<say-as interpret-as="{kind[:20]}">')
    return ""
