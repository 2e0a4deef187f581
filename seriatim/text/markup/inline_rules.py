"""Inline rules: what a mark within a line of Markdown becomes, as far as it is known yet."""

import re

from seriatim.text.control_characters import HARD_LINE
from seriatim.text.markup.latex import is_formula, latex_command, latex_words
from seriatim.text.markup.link_rules import inline_note
from seriatim.text.markup.markup_format import Markup
from seriatim.text.markup.note_marks import BEFORE_NOTE
from seriatim.text.markup.paragraph_span import BLANK_LINE, SPAN_CHARS, span_end
from seriatim.text.markup.restructured import reference_words
from seriatim.text.markup.scan_state import ScanState, Step
from seriatim.text.markup.wiki_marks import latex_quotes

FORMULA_CHARS = 300

_RUN = {char: re.compile(rf"{re.escape(char)}+") for char in "*_~`"}
_CLOSER = {char: re.compile(rf"(?<![\s{char}]){re.escape(char)}+(?=[^\w{char}])") for char in "*_"}
#: a letter of a script that puts no spaces between words: emphasis begins and ends beside it
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u30ff\u3400-\u9fff\uac00-\ud7a3\uff00-\uff9f]")
_UNSPACED_CLOSER = re.compile(rf"(?<![\s*])\*+(?=[^\w*]|{_UNSPACED.pattern})|(?<={_UNSPACED.pattern})\*+(?=[^*\s])")
#: no operator between two powers: a^2+b^2, 2^3^4
_SMALL_SCRIPT = {
    char: re.compile(rf"{re.escape(char)}([+-]?[A-Za-z\d]{{1,4}}[+-]?){re.escape(char)}(?![\d(])") for char in "~^"
}
_PERHAPS_SMALL = re.compile(r"[~^][A-Za-z\d+-]{0,4}\Z")
_NEVER_OPENED = ".,;:?)]}"
_BEFORE_OPENER = "([{\"“‘'*_~—–-/|>"

#: behind the words of a heading: == Heading ==
_CLOSING_MARKS = re.compile(r"={2,6}[ \t]*(?=\n|\Z)")

_RAISED = re.compile(r"[¹²³⁰⁴-⁹]+|[†‡]+")

_PRICE = re.compile(r"\$\d[\d.,]*(?=[\s;:!?)–—-])")
_PERHAPS_PRICE = re.compile(r"\$(?:\d[\d.,]*)?\Z")
_DOLLARS = re.compile(
    rf"\$\$([^$]{{1,{FORMULA_CHARS}}})\$\$|\$(?![\s$])([^$\n]{{1,{FORMULA_CHARS}}})(?<!\s)\$(?=[^\w$])"
)
_BRACKETS = re.compile(rf"\\\((.{{1,{FORMULA_CHARS}}}?)\\\)|\\\[(.{{1,{FORMULA_CHARS}}}?)\\\]", re.DOTALL)
_ESCAPED = {Markup.AUTO: "*_#`~|<>&$", Markup.MARKDOWN: "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"}

_ESCAPED_LINES = re.compile(r"(?:(?:\\r)?\\n){1,8}")
_BEFORE_ESCAPED_LINE = '.!?:;,)]"”’*…。！？'


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
    joined = char == "*" and bool(_UNSPACED.match(before) or _UNSPACED.match(after))
    if before.isalnum() and after.isalnum() and not (joined and n == 1):
        return gone if char == "*" and n > 1 and before.isalpha() and after.isalpha() else kept
    closes = not before.isspace() and (joined or not after.isalnum()) and before not in "([{"
    if closes and state.opened.get(char, 0) and (n != 2 or char == "_"):
        state.opened[char] -= 1
        return gone
    opens = not after.isspace() and (joined or not before.isalnum()) and after not in _NEVER_OPENED
    opens = opens and (joined or before.isspace() or after.isalnum() or before in _BEFORE_OPENER)
    if char == "*" and n > 1:
        return gone if opens or closes else kept
    return _opened(text, at, end, state) if opens else kept


def pair_rule(text: str, at: int, state: ScanState) -> Step:
    """What `==`, `++`, `^^` and `||` become: nothing around words, which they mark, raise or cover."""
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


def caret_rule(text: str, at: int, state: ScanState) -> Step:
    """What `^` becomes: a note in brackets, `^[…]`; else as `pair_rule`."""
    return inline_note(text, at, state) if text.startswith("^[", at) else pair_rule(text, at, state)


def equals_rule(text: str, at: int, state: ScanState) -> Step:
    """What `=` becomes: nothing at the end of a heading, `== Heading ==`; else as `pair_rule`."""
    closing = _CLOSING_MARKS.match(text, at) if state.heading else None
    if closing is None:
        return pair_rule(text, at, state)
    return ("", closing.end()) if closing.end() < len(text) else None


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
    stop = span_end(text, end, SPAN_CHARS)
    closer = re.compile(rf"(?<=[^\s{re.escape(char)}]){re.escape(char) * 2}(?=[^\w{re.escape(char)}])")
    if closer.search(text, end, min(len(text), end + SPAN_CHARS) if stop is None else stop):
        state.opened[char] = state.opened.get(char, 0) + 1
        return "", end
    return None if stop is None else (char * 2, end)


def _opened(text: str, at: int, end: int, state: ScanState) -> Step:
    """A mark that may open emphasis: it does if a closer follows in its paragraph."""
    char = text[at]
    stop = span_end(text, end, SPAN_CHARS)
    closer = _UNSPACED_CLOSER if char == "*" and _UNSPACED.search(text, end, end + SPAN_CHARS) else _CLOSER[char]
    if closer.search(text, end + 1, min(len(text), end + SPAN_CHARS) if stop is None else stop):
        state.opened[char] = state.opened.get(char, 0) + 1
        return "", end
    return None if stop is None else (text[at:end], end)


def code_rule(text: str, at: int, state: ScanState) -> Step:
    """What a run of backquotes becomes: the code behind it, as it is."""
    run = _RUN["`"].match(text, at)
    end = run.end() if run else at + 1
    if end == len(text):
        return None
    latex = latex_quotes(text, at, state) if end - at == 2 else ("", at)
    if latex != ("", at):
        return latex
    stop = span_end(text, end, SPAN_CHARS)
    last = min(len(text), end + SPAN_CHARS) if stop is None else stop
    closer = re.compile(rf"(?<!`)`{{{end - at}}}(?=[^`])").search(text, end, last) if end - at < 10 else None
    if closer:
        words = text[end : closer.start()].replace("\n", " ").strip()
        return reference_words(words, text, closer.end(), state) if end - at == 1 else (words, closer.end())
    return None if stop is None else (text[at:end], end)


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
    if not state.path:
        step = _escape(text, at, state)
        if step is None or step[1] > at:
            return step
    guarded = _ESCAPED.get(state.markup, "")
    if following in guarded and (state.markup is Markup.MARKDOWN or not (state.path or state.before in ":\\/")):
        return following, at + 2
    state.path = True
    return "\\", at + 1


def _escape(text: str, at: int, state: ScanState) -> Step:
    """What escapes outside paths become: those of Markdown's converters, and of programs; its end is `at` if none."""
    before, following = state.before, text[at + 1]
    if following == "\n":
        return HARD_LINE, at + 1
    if following in "\"'" or (following == "%" and before.isdigit()):
        return following, at + 2
    if lines := _ESCAPED_LINES.match(text, at):
        return _escaped_lines(text, at, lines, state)
    is_mark = (following in ".)!" and before.isalnum()) or (following in "+-" and before.isspace())
    if not is_mark:
        return "", at
    if at + 2 == len(text):
        return None
    return (following, at + 2) if text[at + 2].isspace() else ("", at)


def _escaped_lines(text: str, at: int, lines: re.Match[str], state: ScanState) -> Step:
    r"""The line ends that `\n` stands for behind a stop and before an item, but not in LaTeX and in paths."""
    if text[lines.end() :] in ("", "\\"):
        return None
    following = text[lines.end()]
    behind_stop = state.before in _BEFORE_ESCAPED_LINE or lines[0].count("n") > 1
    is_line_end = behind_stop and not (following.islower() or following in "_{")
    if not is_line_end and following not in "\n-*#":
        return "", at
    state.start_line()
    return ("\n\n" if lines[0].count("n") > 1 else f"{HARD_LINE}\n"), lines.end()


def _bracketed_formula(text: str, at: int) -> Step:
    """The words of a formula in brackets; its end is `at` if there is none."""
    match = _BRACKETS.match(text, at)
    if match and not BLANK_LINE.search(match[0]):
        return latex_words(match[1] or match[2]), match.end()
    open_end = len(text) - at < FORMULA_CHARS + 4 and not BLANK_LINE.search(text, at)
    return None if open_end else ("", at)


def raised_rule(text: str, at: int, state: ScanState) -> Step:
    """What raised digits and daggers become: nothing where they name a note, behind a mark or, a dagger, a word."""
    run = _RAISED.match(text, at)
    end = run.end() if run else at + 1
    if end == len(text):
        return None
    is_sign = text[at] in "†‡" and not state.before.isspace()
    return ("" if is_sign or state.before in BEFORE_NOTE else text[at:end]), end


def silent_rule(text: str, at: int, state: ScanState) -> Step:
    """Leave out a character that says nothing."""
    return "", at + 1
