"""Tag rules: what a tag or an entity of HTML or SSML becomes, as far as it is known yet."""

import re
from html import unescape

from seriatim.text.markup.emoji import EMOJI, emoji_words
from seriatim.text.markup.html_tags import (
    CELLS,
    DECLARATION,
    ENTITY,
    HIDDEN,
    HIDDEN_IN_DOCUMENTS,
    KNOWN,
    LINES,
    LOOSE_TAG,
    NAME,
    PARAGRAPHS,
    PERHAPS_ENTITY,
    PERHAPS_TAG,
    PERHAPS_TWICE,
    TAG,
    THOUGHTS,
    TWICE,
    attributes,
    break_pause,
    entity_text,
)
from seriatim.text.markup.markup_format import CodeMode, Markup
from seriatim.text.markup.scan_state import ScanState, Step
from seriatim.text.markup.speech_tags import STYLES, note_unsupported, opened_style, phoneme_words, read_as

#: how far the end of an element is looked for that is read as a whole
ELEMENT_CHARS = 400
_NOTE_CHARS = 1000  #: likewise for a note, which may name several books
_BESIDE_END = re.compile(r"</r(?:t|p|uby)\s*>", re.IGNORECASE)
_ADDRESS = re.compile(r"<(?:mailto:)?([\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8})>")
_URL = re.compile(r"<(?:https?://)(?:[^\s<>/@]*@)?(?:www\.)?([^\s<>/:?#]+)[^\s<>]*>")
#: a token that a language model ends its turns with: <|im_end|>
_TOKEN = re.compile(r"<\|[a-z0-9_]{1,40}\|>")
_PERHAPS_TOKEN = re.compile(r"<(?:\|(?:[a-z0-9_]{1,40}\|?)?)?\Z")
#: emoji, members, channels and times of Discord; members, channels and links of Slack
_CHAT_MARK = re.compile(
    r"<(?:a?:\w{2,32}:\d{5,20}|[@#][!&]?(?:\d{5,20}|[A-Z0-9]{6,12})|t:\d{5,12}(?::[A-Za-z])?"
    r"|(?:https?://|mailto:)[^\s<>|]{1,2000})(?:\|([^<>|\n]{1,200}))?>"
)
_PERHAPS_CHAT_MARK = re.compile(
    r"<(?:a?(?::\w{0,32}(?::\d{0,20})?)?|[@#][!&]?[A-Z0-9]{0,20}(?:\|[^<>|\n]{0,200})?|t:\d{0,12}(?::[A-Za-z]?)?)\Z"
)
_EMOJI = re.compile(f"[{EMOJI}]")
_NOTE = re.compile(r"[\[(]?(?:\*?\d{1,3}|[a-z*†‡])[\])]?")
_NEGATIVE = re.compile(r"[-−]\d{1,3}")
_TAGS = re.compile(r"<[^<>]*>")
_RAISED = str.maketrans("0123456789-−", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁻")
_PERHAPS_COMMENT_END = re.compile(r"-{1,2}\Z")
_PERHAPS_END = re.compile(r"<[^<>]*\Z")
_NEXT_CELL = re.compile(r"\s*(?=<t[dh][\s>])", re.IGNORECASE)
_PERHAPS_NEXT_CELL = re.compile(r"\s*(?:<(?:t[dh]?)?)?\Z", re.IGNORECASE)


def tag_rule(text: str, at: int, state: ScanState) -> Step:
    """What `<` at an index becomes."""
    if text.startswith("<!--", at):
        state.hidden = "-->"
        return "", at + 4
    mark = None if state.tagged else _CHAT_MARK.match(text, at)
    if mark and (mark[1] or not text.startswith(("<http", "<mailto"), at)):
        return mark[1] or "", mark.end()
    if match := _ADDRESS.match(text, at) or _URL.match(text, at):
        return match[1], match.end()
    tag = (LOOSE_TAG if state.tagged else TAG).match(text, at)
    if tag and (state.tagged or _is_known(tag[2])):
        return _effect(text, tag, state)
    if silent := DECLARATION.match(text, at) or _TOKEN.match(text, at):
        return "", silent.end()
    return None if _is_undecided(text, at, state) else ("<", at + 1)


def _is_undecided(text: str, at: int, state: ScanState) -> bool:
    """May the text from `<` on still become a tag?"""
    name = NAME.match(text, at)
    if PERHAPS_TAG.match(text, at) and (state.tagged or not name or _is_known(name[1])):
        return True
    return bool(_PERHAPS_TOKEN.match(text, at) or (not state.tagged and _PERHAPS_CHAT_MARK.match(text, at)))


def entity_rule(text: str, at: int, state: ScanState) -> Step:
    """What `&` at an index becomes."""
    if match := ENTITY.match(text, at):
        char = entity_text(match)
        if char == "&":
            return _ampersand(text, match.end())
        if char is not None:
            return (emoji_words(char, state) if _EMOJI.fullmatch(char) else char), match.end()
    return None if PERHAPS_ENTITY.match(text, at) else ("&", at + 1)


def _ampersand(text: str, end: int) -> Step:
    """What `&amp;` becomes: itself, or the character of an entity that was escaped twice, such as `&amp;quot;`."""
    if match := TWICE.match(text, end):
        return unescape(f"&{match[0]}"), match.end()
    return None if PERHAPS_TWICE.match(text, end) else ("&", end)


def hidden_rule(text: str, at: int, state: ScanState) -> Step:
    """Leave out what is not for readers, up to its end."""
    found = re.compile(re.escape(state.hidden) + ("" if state.hidden == "-->" else r"[^<>]*>"), re.IGNORECASE)
    if match := found.search(text, at):
        state.hidden = ""
        return "", match.end()
    partial = _PERHAPS_COMMENT_END if state.hidden == "-->" else _PERHAPS_END
    rest = partial.search(text, max(at, len(text) - ELEMENT_CHARS))
    keep = rest.start() if rest else len(text)
    return ("", keep) if keep > at else None


def _is_known(name: str) -> bool:
    return (name.islower() or name.isupper()) and name.lower() in KNOWN


def _effect(text: str, tag: re.Match[str], state: ScanState) -> Step:
    name, closing = tag[2].lower(), bool(tag[1])
    if name in HIDDEN or (state.tagged and name in HIDDEN_IN_DOCUMENTS):
        if not (closing or tag[4] or (name in THOUGHTS and state.solid)):
            state.hidden = f"</{name}"
        return "", tag.end()
    if name in PARAGRAPHS:
        is_code = name == "pre" and not closing
        state.preformatted = is_code and state.choices.code is CodeMode.READ
        state.hidden = "</pre" if is_code and not state.preformatted else ""
        return state.paragraph(), tag.end()
    if name in LINES or (name == "s" and state.markup is Markup.SSML):
        state.cells = 0
        return state.line(), tag.end()
    if name in CELLS:
        return _cell(text, tag, state, closing=closing)
    if closing:
        return ("”" if name == "q" else state.close_style(name) if name in STYLES else ""), tag.end()
    return _opening(text, tag, name, state)


def _cell(text: str, tag: re.Match[str], state: ScanState, *, closing: bool) -> Step:
    if closing:
        if _PERHAPS_NEXT_CELL.match(text, tag.end()):
            return None
        following = _NEXT_CELL.match(text, tag.end())
        state.cells = 0
        return (state.separator(), following.end()) if following else ("", tag.end())
    state.cells += 1
    return (state.separator() if state.cells > 1 else ""), tag.end()


def _opening(text: str, tag: re.Match[str], name: str, state: ScanState) -> Step:
    values = attributes(tag[3])
    if name in ("sup", "say-as", "phoneme", "spell") and not tag[4]:
        return _whole(text, tag, name, values, state)
    if name in ("rt", "rp") and not tag[4]:
        return _beside(text, tag)
    if name == "ref" and not tag[4]:
        return _reference(text, tag)
    return _written(name, values, state, alone=bool(tag[4])), tag.end()


def _written(name: str, values: dict[str, str], state: ScanState, *, alone: bool) -> str:
    """What an opening tag becomes by itself; `alone`: it is its end, too."""
    if name == "q":
        return "“"
    if name in STYLES:
        return opened_style(name, values, state, alone=alone)
    if name == "break":
        return break_pause(values)
    if name == "img":
        return f" {state.inner(values['alt'])} " if values.get("alt") else ""
    if name == "sub" and values.get("alias"):
        state.hidden = "" if alone else "</sub"
        return values["alias"]
    note_unsupported(name, state)
    return ""


def _beside(text: str, tag: re.Match[str]) -> Step:
    """The sounds of a word, which stand beside it, are not read; without an end soon, the tag stands for itself."""
    end = _BESIDE_END.search(text, tag.end(), tag.end() + ELEMENT_CHARS)
    if end is None:
        return ("", tag.end()) if len(text) - tag.end() >= ELEMENT_CHARS else None
    return "", end.end()


def _reference(text: str, tag: re.Match[str]) -> Step:
    """The note of a wiki, which is not read; without an end soon, `<ref>` is a word in angle brackets."""
    close = text.find("</ref>", tag.end(), tag.end() + _NOTE_CHARS)
    if close < 0:
        return ("<", tag.start() + 1) if len(text) - tag.end() >= _NOTE_CHARS else None
    return "", close + len("</ref>")


def _whole(text: str, tag: re.Match[str], name: str, values: dict[str, str], state: ScanState) -> Step:
    """An element that is read as a whole: the number of a note, a power, a word that is spelt."""
    close = text.find(f"</{name}>", tag.end(), tag.end() + ELEMENT_CHARS)
    if close < 0:
        return ("", tag.end()) if len(text) - tag.end() >= ELEMENT_CHARS else None
    content, end = _TAGS.sub("", text[tag.end() : close]).strip(), close + len(name) + 3
    if name != "sup":
        values = {"interpret-as": "characters"} if name == "spell" else values
        words = (phoneme_words if name == "phoneme" else read_as)(content, values, state)
        return (words, end) if words else ("", tag.end())
    if _NEGATIVE.fullmatch(content) and _is_base(state):
        return content.translate(_RAISED), end
    if not _NOTE.fullmatch(content):
        return "", tag.end()
    power = state.before.isdigit() or (state.before.isalpha() and len(state.before) == 1 and content.isdigit())
    return (content.translate(_RAISED) if power and content.isdigit() and _is_base(state) else ""), end


def _is_base(state: ScanState) -> bool:
    """Could the character before have a power: a digit, or a letter of a unit or a formula?"""
    return state.before.isdigit() or state.before in "mxyzabcnr)"
