"""Link rules: what `[`, `![` and addresses become: the words of links and images, and the names of hosts."""

import re

from seriatim.text.control_characters import pause_character
from seriatim.text.markup.forum_tags import forum_tag
from seriatim.text.markup.html_tags import time_ms
from seriatim.text.markup.note_marks import is_note, reference_end
from seriatim.text.markup.scan_state import ScanState, Step
from seriatim.text.markup.wiki_marks import wiki_link

_INNER = r"\[(?:[^\[\]\\\n]|\\.){0,200}+"
_LABEL_BODY = rf"(?:[^\[\]\\\n]|\\.|\n(?![ \t]*\n)|{_INNER}\]){{0,600}}+"
_LABEL = re.compile(rf"\[({_LABEL_BODY})\]")
_PERHAPS_LABEL = re.compile(rf"\[{_LABEL_BODY}(?:{_INNER})?(?:\\|\n[ \t]*)?\Z")
_TARGET_BODY = r"(?:[^()\n\\]|\\.|\n(?![ \t]*\n)|\((?:[^()\n\\]|\\.){0,500}+\)){0,2000}+"
_TARGET = re.compile(rf"\(({_TARGET_BODY})\)")
_PERHAPS_TARGET = re.compile(rf"\({_TARGET_BODY}(?:\((?:[^()\n\\]|\\.){{0,500}}+)?(?:\\|\n[ \t]*)?\Z")
_ADDRESS = re.compile(r"\s*(?:<[^<>\n]*>|\S*)(?:\s+(?:\"[^\"]*\"|'[^']*'|\([^()]*\)))?\s*", re.DOTALL)
_REFERENCE = re.compile(r"\[([^\[\]\n]{0,60})\]")
_PERHAPS_REFERENCE = re.compile(r"\[[^\[\]\n]{0,60}\Z")
_WORD = re.compile(r"[^\W\d_]{2}")
_VOICE = re.compile(r"voice:\s*([^\n]{0,128}?)\s*", re.IGNORECASE)
_PAUSE = re.compile(r"pause:\s*(.*)", re.IGNORECASE)

_SCHEME = re.compile(r"mailto:(?=[\w.+-]+@\w)")
_PERHAPS_SCHEME = re.compile(r"m(?:a(?:i(?:l(?:t(?:o(?::[\w.+-]{0,64}@?)?)?)?)?)?)?\Z")
_URL = re.compile(
    r"(?:https?://|ftps?://|www\.)(?=[\w\[])[^\s<>\"“”«»\[\]{}|\\^`。，、！？；：」』）】》]{1,2048}", re.IGNORECASE
)
_PERHAPS_URL = re.compile(
    r"(?:f(?:t(?:p(?:s?(?::/?)?/?)?)?)?|h(?:t(?:t(?:p(?:s?(?::/?)?/?)?)?)?)?|w(?:w(?:w\.?)?)?)\Z", re.IGNORECASE
)
_ADDRESS_WORDS = re.compile(r"\[(?=[^\[\]\n/]*[^\W\d_]{2})([^\[\]\n/]{1,200})\]")
_PERHAPS_ADDRESS_WORDS = re.compile(r"\[[^\[\]\n/]{0,200}\Z")
_HOST = re.compile(r"(?:\w+://)?(?:[^\s/@]*@)?(?:www\.)?([^\s/:?#]+)", re.IGNORECASE)


def bracket_rule(text: str, at: int, state: ScanState) -> Step:
    """What `[` becomes: a link's words, nothing for the mark of a note, a pause for `[pause:1s]`."""
    wiki = ("", at) if state.tagged or state.plain else wiki_link(text, at)
    if wiki is None or wiki[1] > at:
        return wiki and (state.inner(wiki[0]), wiki[1])
    tag = ("", at) if state.tagged or state.plain else forum_tag(text, at, state)
    return _bracket(text, at, state) if tag == ("", at) else tag


def _bracket(text: str, at: int, state: ScanState) -> Step:
    label = _LABEL.match(text, at)
    if not label:
        return None if _PERHAPS_LABEL.match(text, at) else ("[", at + 1)
    control = _control(label[1], state)
    if control is not None or state.tagged or state.plain:
        return ("[", at + 1) if control is None else (control, label.end())
    if label.end() == len(text):
        return None
    reference = reference_end(label[1], text, label.end())
    if reference is None:
        return None
    if reference > label.end() or is_note(label[1], text, label.end(), state):
        state.noted = True
        return "", reference
    return _link(text, at, label, state)


def _control(words: str, state: ScanState) -> str | None:
    """What `pause:1s` or `voice:NAME` in brackets becomes; None if it is neither."""
    if voice := _VOICE.fullmatch(words):
        return state.set_voice(voice[1])
    pause = _PAUSE.fullmatch(words)
    ms = time_ms(pause[1]) if pause else None
    return None if ms is None else pause_character(ms)


def inline_note(text: str, at: int, state: ScanState) -> Step:
    """What `^[` becomes: the note behind it, in brackets; it stays where no words are in it, as in `x^[2]`."""
    label = _LABEL.match(text, at + 1)
    if not label:
        return None if _PERHAPS_LABEL.match(text, at + 1) else ("^", at + 1)
    if not _WORD.search(label[1]):
        return "^", at + 1
    return ("" if state.before.isspace() else " ") + f"({state.inner(label[1])})", label.end()


def _link(text: str, at: int, label: re.Match[str], state: ScanState) -> Step:
    plain: Step = ("[", at + 1)
    if text[label.end()] == "(":
        target = _TARGET.match(text, label.end())
        if not target:
            return None if _PERHAPS_TARGET.match(text, label.end()) else plain
        is_index = state.before.isalnum() and not re.search(r"[/:#.]", target[1])  # f[x](y)
        return plain if is_index or not _ADDRESS.fullmatch(target[1]) else (state.inner(label[1]), target.end())
    if text[label.end()] == "[" and not state.before.isalnum():
        reference = _REFERENCE.match(text, label.end())
        if not reference:
            return None if _PERHAPS_REFERENCE.match(text, label.end()) else plain
        if re.search(r"[^\W\d_]{2}", label[1]) and re.fullmatch(r"[\w .-]*", reference[1]):
            return state.inner(label[1]), reference.end()
    return plain


def image_rule(text: str, at: int, state: ScanState) -> Step:
    """What `!` becomes: an image's description, if it is an image's."""
    if at + 1 == len(text):
        return None
    if text[at + 1] != "[":
        return "!", at + 1
    return _image(text, at, state)


def _image(text: str, at: int, state: ScanState) -> Step:
    plain: Step = ("!", at + 1)
    label = _LABEL.match(text, at + 1)
    if not label:
        return None if _PERHAPS_LABEL.match(text, at + 1) else plain
    if label.end() == len(text):
        return None
    target = _TARGET.match(text, label.end())
    if not target and text[label.end()] == "[":
        reference = _REFERENCE.match(text, label.end())
        if reference:
            return state.inner(label[1]), reference.end()
        return None if _PERHAPS_REFERENCE.match(text, label.end()) else plain
    if not target:
        return None if _PERHAPS_TARGET.match(text, label.end()) else plain
    return (state.inner(label[1]), target.end()) if _ADDRESS.fullmatch(target[1]) else plain


def url_rule(text: str, at: int, state: ScanState) -> Step:
    """What an address of the web becomes: the name of its host."""
    plain: Step = (text[at], at + 1)
    if state.before.isalnum() or state.before in "/@":
        return plain
    if scheme := _SCHEME.match(text, at):
        return "", scheme.end()
    match = _URL.match(text, at)
    if not match:
        return None if _PERHAPS_SCHEME.match(text, at) or _PERHAPS_URL.match(text, at) else plain
    if match.end() == len(text):
        return None
    url = match[0].rstrip(".,;:!?'*_~")
    if url.endswith(")") and url.count("(") < url.count(")"):
        url = url.rstrip(").,;:!?'*_~")
    host = _HOST.match(url)
    return _named_host(text, at + len(url), host[1], state) if host else plain


def _named_host(text: str, end: int, host: str, state: ScanState) -> Step:
    """The words behind an address that ends at `end`, https://example.org[words] of AsciiDoc; else its host."""
    if named := _ADDRESS_WORDS.match(text, end):
        return state.inner(named[1]), named.end()
    return None if _PERHAPS_ADDRESS_WORDS.match(text, end) else (host, end)
