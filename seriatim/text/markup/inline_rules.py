"""Inline rules: what a mark within a line of Markdown becomes, as far as it is known yet."""

import re

from seriatim.text.control_characters import pause_character
from seriatim.text.markup.html_tags import time_ms
from seriatim.text.markup.latex import is_formula, latex_command, latex_words
from seriatim.text.markup.markup_format import Markup
from seriatim.text.markup.note_marks import BEFORE_NOTE, is_note, wiki_link
from seriatim.text.markup.scan_state import ScanState, Step

#: how far the closer of emphasis or code is looked for, within its paragraph
SPAN_CHARS = 600
FORMULA_CHARS = 300

_BLANK_LINE = re.compile(r"\n[ \t]*\n")
_PERHAPS_BLANK = re.compile(r"\n[ \t]*\Z")
_RUN = {char: re.compile(rf"{re.escape(char)}+") for char in "*_~`"}
_CLOSER = {char: re.compile(rf"(?<![\s{char}]){re.escape(char)}+(?=[^\w{char}])") for char in "*_"}
#: no operator between two powers: a^2+b^2, 2^3^4
_SMALL_SCRIPT = {
    char: re.compile(rf"{re.escape(char)}([+-]?[A-Za-z\d]{{1,4}}[+-]?){re.escape(char)}(?![\d(])") for char in "~^"
}
_PERHAPS_SMALL = re.compile(r"[~^][A-Za-z\d+-]{0,4}\Z")
_NEVER_OPENED = ".,;:?)]}"
_BEFORE_OPENER = "([{\"“‘'*_~—–-/|>"

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
_VOICE = re.compile(r"voice:\s*([^\n]{0,128}?)\s*", re.IGNORECASE)
_PAUSE = re.compile(r"pause:\s*(.*)", re.IGNORECASE)
_RAISED = re.compile(r"[¹²³⁰⁴-⁹]+")

_URL = re.compile(
    r"(?:https?://|www\.)(?=[\w\[])[^\s<>\"“”«»\[\]{}|\\^`。，、！？；：」』）】》]{1,2048}", re.IGNORECASE
)
_PERHAPS_URL = re.compile(r"(?:h(?:t(?:t(?:p(?:s?(?::/?)?/?)?)?)?)?|w(?:w(?:w\.?)?)?)\Z", re.IGNORECASE)
_HOST = re.compile(r"(?:https?://)?(?:[^\s/@]*@)?(?:www\.)?([^\s/:?#]+)", re.IGNORECASE)

_PRICE = re.compile(r"\$\d[\d.,]*(?=[\s;:!?)–—-])")
_PERHAPS_PRICE = re.compile(r"\$(?:\d[\d.,]*)?\Z")
_DOLLARS = re.compile(
    rf"\$\$([^$]{{1,{FORMULA_CHARS}}})\$\$|\$(?![\s$])([^$\n]{{1,{FORMULA_CHARS}}})(?<!\s)\$(?=[^\w$])"
)
_BRACKETS = re.compile(rf"\\\((.{{1,{FORMULA_CHARS}}}?)\\\)|\\\[(.{{1,{FORMULA_CHARS}}}?)\\\]", re.DOTALL)
_ESCAPED = {Markup.AUTO: "*_#`~|<>&$", Markup.MARKDOWN: "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"}


def emphasis_rule(text: str, at: int, state: ScanState) -> Step:
    """What a run of `*`, `_` or `~` at an index becomes: nothing where it opens or closes emphasis."""
    char = text[at]
    run = _RUN[char].match(text, at)
    end = run.end() if run else at + 1
    if end == len(text):
        return None
    before, after, n = state.before, text[end], end - at
    kept, gone = (text[at:end], end), ("", end)
    if char == "~":
        small = n == 1 and before.isalpha() and after.isalnum()
        return _small_script(text, at) if small else gone if n == 2 and not (before + after).isspace() else kept
    if before.isalnum() and after.isalnum():
        return gone if char == "*" and n > 1 and before.isalpha() and after.isalpha() else kept
    closes = not before.isspace() and not after.isalnum() and before not in "([{"
    if closes and state.opened.get(char, 0) and (n != 2 or char == "_"):
        state.opened[char] -= 1
        return gone
    opens = not after.isspace() and not before.isalnum() and after not in _NEVER_OPENED
    opens = opens and (before.isspace() or after.isalnum() or before in _BEFORE_OPENER)
    if char == "*" and n > 1:
        return gone if opens or closes else kept
    return _opened(text, at, end, state) if opens else kept


def pair_rule(text: str, at: int, state: ScanState) -> Step:
    """What `==`, `++` and `^^` become: nothing around words, in which they mark or raise them."""
    char, end = text[at], at + 2
    if len(text) - at <= 2 and text[at:] in (char, char * 2):
        return None
    if text[at + 1] != char:
        return _small_script(text, at) if char == "^" and state.before.isalnum() else (char, at + 1)
    before, after = state.before, text[end]
    if state.opened.get(char) and not before.isspace() and not after.isalnum():
        state.opened[char] -= 1
        return "", end
    if (before.isspace() or before in _BEFORE_OPENER) and after.isalnum():
        return _opened_pair(text, at, state)
    return char * 2, end


def _small_script(text: str, at: int) -> Step:
    """What `~2~` and `^2^` become, by which Markdown writes characters lower or higher."""
    char = text[at]
    small = _SMALL_SCRIPT[char].match(text, at)
    if small and small.end() == len(text):
        return None  # what follows decides
    if small:
        is_power = char == "^" and small[1].lstrip("+-").isdecimal()
        return f"^{small[1]}" if is_power else small[1], small.end()
    return None if _PERHAPS_SMALL.match(text, at) else (char, at + 1)


def _opened_pair(text: str, at: int, state: ScanState) -> Step:
    char, end = text[at], at + 2
    stop = _span_end(text, end, SPAN_CHARS)
    closer = re.compile(rf"(?<=[^\s{re.escape(char)}]){re.escape(char) * 2}(?=[^\w{re.escape(char)}])")
    if closer.search(text, end, min(len(text), end + SPAN_CHARS) if stop is None else stop):
        state.opened[char] = state.opened.get(char, 0) + 1
        return "", end
    return None if stop is None else (char * 2, end)


def _opened(text: str, at: int, end: int, state: ScanState) -> Step:
    """A mark that may open emphasis: it does if a closer follows in its paragraph."""
    char = text[at]
    stop = _span_end(text, end, SPAN_CHARS)
    if _CLOSER[char].search(text, end + 1, min(len(text), end + SPAN_CHARS) if stop is None else stop):
        state.opened[char] = state.opened.get(char, 0) + 1
        return "", end
    return None if stop is None else (text[at:end], end)


def _span_end(text: str, start: int, most_chars: int) -> int | None:
    """Where a span from `start` on ends at the latest: at a blank line or after so many characters; None: not known."""
    blank = _BLANK_LINE.search(text, start, start + most_chars)
    if blank:
        return blank.start() + 1
    if len(text) - start < most_chars or _PERHAPS_BLANK.search(text, start, start + most_chars):
        return None if len(text) - start < most_chars + 1 else start + most_chars
    return start + most_chars


def code_rule(text: str, at: int, state: ScanState) -> Step:
    """What a run of backquotes becomes: the code behind it, as it is."""
    run = _RUN["`"].match(text, at)
    end = run.end() if run else at + 1
    if end == len(text):
        return None
    stop = _span_end(text, end, SPAN_CHARS)
    last = min(len(text), end + SPAN_CHARS) if stop is None else stop
    closer = re.compile(rf"(?<!`)`{{{end - at}}}(?=[^`])").search(text, end, last) if end - at < 10 else None
    if closer:
        return text[end : closer.start()].replace("\n", " ").strip(), closer.end()
    return None if stop is None else (text[at:end], end)


def bracket_rule(text: str, at: int, state: ScanState) -> Step:
    """What `[` becomes: a link's words, nothing for the mark of a note, a pause for `[pause:1s]`."""
    wiki = ("", at) if state.tagged or state.plain else wiki_link(text, at)
    if wiki is None or wiki[1] > at:
        return wiki and (state.inner(wiki[0]), wiki[1])
    return _bracket(text, at, state)


def _bracket(text: str, at: int, state: ScanState) -> Step:
    label = _LABEL.match(text, at)
    if not label:
        return None if _PERHAPS_LABEL.match(text, at) else ("[", at + 1)
    control = _control(label[1], state)
    if control is not None or state.tagged or state.plain:
        return ("[", at + 1) if control is None else (control, label.end())
    if label.end() == len(text):
        return None
    if is_note(label[1], text, label.end(), state):
        state.noted = True
        return "", label.end()
    return _link(text, at, label, state)


def _control(words: str, state: ScanState) -> str | None:
    """What `pause:1s` or `voice:NAME` in brackets becomes; None if it is neither."""
    if voice := _VOICE.fullmatch(words):
        return state.set_voice(voice[1])
    pause = _PAUSE.fullmatch(words)
    ms = time_ms(pause[1]) if pause else None
    return None if ms is None else pause_character(ms)


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
    if not target:
        return None if _PERHAPS_TARGET.match(text, label.end()) else plain
    return (state.inner(label[1]), target.end()) if _ADDRESS.fullmatch(target[1]) else plain


def url_rule(text: str, at: int, state: ScanState) -> Step:
    """What an address of the web becomes: the name of its host."""
    plain: Step = (text[at], at + 1)
    if state.before.isalnum() or state.before in "/@":
        return plain
    match = _URL.match(text, at)
    if not match:
        return None if _PERHAPS_URL.match(text, at) else plain
    if match.end() == len(text):
        return None
    url = match[0].rstrip(".,;:!?'*_~")
    if url.endswith(")") and url.count("(") < url.count(")"):
        url = url.rstrip(").,;:!?'*_~")
    host = _HOST.match(url)
    return (host[1], at + len(url)) if host else plain


def dollar_rule(text: str, at: int, state: ScanState) -> Step:
    """What `$` becomes: a formula's words, or itself before a price."""
    plain: Step = ("$", at + 1)
    if _PRICE.match(text, at) or state.before.isalnum():
        return plain
    if match := _DOLLARS.match(text, at):
        formula = match[1] or match[2]
        return (
            (f" {latex_words(formula)} ".rstrip() if match[1] else latex_words(formula), match.end())
            if is_formula(formula)
            else plain
        )
    rest = text[at + 1 : at + 2 * FORMULA_CHARS]
    if _PERHAPS_PRICE.match(text, at):
        return None
    open_end = len(rest) < FORMULA_CHARS and ("\n" not in rest or rest.startswith("$")) and "$" not in rest[1:-1]
    return None if open_end else plain


def backslash_rule(text: str, at: int, state: ScanState) -> Step:
    """What a backslash becomes: a formula's words, nothing before the mark that it guards, or itself."""
    if at + 1 == len(text):
        return None
    following = text[at + 1]
    step: Step = ("", at)
    if following in "([":
        step = _bracketed_formula(text, at)
    elif not (state.path or state.before.isalnum()):
        step = latex_command(text, at)
    if step is None or step[1] > at:
        return step
    if following == "\n" and state.markup is Markup.MARKDOWN:
        return "", at + 1
    guarded = _ESCAPED.get(state.markup, "")
    if following in guarded and (state.markup is Markup.MARKDOWN or not (state.path or state.before in ":\\/")):
        return following, at + 2
    state.path = True
    return "\\", at + 1


def _bracketed_formula(text: str, at: int) -> Step:
    """The words of a formula in brackets; its end is `at` if there is none."""
    match = _BRACKETS.match(text, at)
    if match and not _BLANK_LINE.search(match[0]):
        return latex_words(match[1] or match[2]), match.end()
    open_end = len(text) - at < FORMULA_CHARS + 4 and not _BLANK_LINE.search(text, at)
    return None if open_end else ("", at)


def raised_rule(text: str, at: int, state: ScanState) -> Step:
    """What raised digits become: nothing behind a mark of punctuation, where they name a note."""
    run = _RAISED.match(text, at)
    end = run.end() if run else at + 1
    if end == len(text):
        return None
    return ("" if state.before in BEFORE_NOTE else text[at:end]), end
