r"""The markup reader reads a text with markup onwards and gives out what a reader says of it.

Each rule looks at one mark with a bounded stretch behind it and says what becomes of it, or that it is too early to
say; then the text is held until more of it is there. So it does not matter in which pieces a text comes: `**` may come
apart. Rules of `auto` ask for more than Markdown does, so that plain text stays as it is: `2 * 3 * 4`, `snake_case`,
`a < b and b > c`, `C:\dir`, `array[1]`.
"""

import re
from collections.abc import Callable

from seriatim.text.control_characters import HARD_LINE, PHONEME, STYLE
from seriatim.text.markup.attribute_rules import brace_rule, citation_rule
from seriatim.text.markup.block_rules import (
    bar_rule,
    fence_rule,
    front_matter_rule,
    hard_line_rule,
    hash_rule,
    line_rule,
)
from seriatim.text.markup.emoji import EMOJI, emoji_rule, shortcode_rule, space_rule
from seriatim.text.markup.inline_rules import (
    backslash_rule,
    caret_rule,
    code_rule,
    dollar_rule,
    emphasis_rule,
    equals_rule,
    pair_rule,
    raised_rule,
    silent_rule,
)
from seriatim.text.markup.link_rules import bracket_rule, image_rule, url_rule
from seriatim.text.markup.markup_format import DEFAULT_CHOICES, Markup, MarkupChoices
from seriatim.text.markup.scan_state import ScanState, Step
from seriatim.text.markup.tag_rules import entity_rule, hidden_rule, tag_rule
from seriatim.text.markup.wiki_marks import quotes_rule
from seriatim.text.phoneme_table import PhonemeTable
from seriatim.text.speech_style import StyleTable

_URLS = (
    r"(?:[hH](?:[tT][tT][pP]|[tT]{0,2}\Z)|[wW](?:[wW][wW]|[wW]?\Z)"
    r"|[fF](?:[tT][pP]s?:|[tT]?[pP]?\Z)|m(?:ailto:|a?i?l?t?o?\Z))"
)
_TAGGED = re.compile(rf"[<&\[\n¹²³⁰⁴-⁹†‡\ufe0f\u20e3{EMOJI}]| (?=[{EMOJI}]|\Z)|{_URLS}")
_PLAIN = re.compile(rf"[\[\ufe0f\u20e3{EMOJI}]| (?=[{EMOJI}])| {{2,}}\n| +\Z|{_URLS}")
_PAIRS = r":(?=[a-z0-9_+-]{0,40}(?::|\Z))|==|\+\+|\^[\^A-Za-z\d\[]|[=+^]\Z|''"
_SIGNS = rf"[*_~`\[{{【\ue200!<&$\\#\n|¹²³⁰⁴-⁹†‡\ufe0f\u20e3{EMOJI}]"
#: what may be markup; its first character is looked for in one class and judged behind it, which is three times as fast
_MARKED = re.compile(
    rf"[*_~`\[{{【\ue200!<&$\\#\n|¹²³⁰⁴-⁹†‡\ufe0f\u20e3:=+^' hHwWfFm\u2000-\u2fff\U00010000-\U0010ffff](?:(?<={_SIGNS})"
    r"|(?<=:)(?=[a-z0-9_+-]{0,40}(?::|\Z))|(?<==)(?:=|\Z)|(?<=\+)(?:\+|\Z)|(?<=\^)(?:[\^A-Za-z\d\[]|\Z)"
    r"|(?<=')(?:'|\Z)|(?<= ) *(?:\||\Z)"
    rf"|(?<= ) +\n|(?<= )[{EMOJI}]|(?<=[hH])(?:[tT][tT][pP]|[tT]{{0,2}}\Z)|(?<=[wW])(?:[wW][wW]|[wW]?\Z)"
    r"|(?<=[fF])(?:[tT][pP]s?:|[tT]?[pP]?\Z)|(?<=m)(?:ailto:|a?i?l?t?o?\Z))"
)
_PERHAPS_MARKED = re.compile(
    rf"{_PAIRS}|[*_~`\[{{【\ue200<>&$\\#|¹²³⁰⁴-⁹\u20e3\ufe0f{EMOJI}]|†|‡|http|ftps?:|mailto:|www\.|^\s*(?:[-+]|\.\.\s)",
    re.IGNORECASE,
)
_DOCUMENT = re.compile(
    r"\s*(?:<!doctype\s+html|<html[\s>]|<head[\s>]|<body[\s>]|(<speak[\s>])|<\?xml[^<>]*>)", re.IGNORECASE
)
_SPACE_BEFORE_EMOJI = re.compile(rf" (?=[{EMOJI}])")
_SPACES_AT_END = re.compile(r" {2,}(?=\n)")
_PERHAPS_DOCUMENT = re.compile(r"\s*(?:<[!?/a-zA-Z]?[^<>\n]{0,100})?\Z")

_RULES: dict[str, Callable[[str, int, ScanState], Step]] = {
    **dict.fromkeys("*_~", emphasis_rule),
    **dict.fromkeys("hHwWfFm", url_rule),
    **dict.fromkeys("¹²³⁰⁴⁵⁶⁷⁸⁹†‡", raised_rule),
    **dict.fromkeys("\ufe0f\u20e3", silent_rule),
    **dict.fromkeys(" |", bar_rule),
    "`": code_rule,
    "[": bracket_rule,
    "{": brace_rule,
    "【": citation_rule,
    "\ue200": citation_rule,
    "!": image_rule,
    "$": dollar_rule,
    "\\": backslash_rule,
    "#": hash_rule,
    "<": tag_rule,
    "&": entity_rule,
    ":": shortcode_rule,
    "+": pair_rule,
    "=": equals_rule,
    "^": caret_rule,
    "'": quotes_rule,
}


def has_markup(text: str, markup: Markup) -> bool:
    """Could anything in a text be markup? A quick answer for sentences that come one by one."""
    return markup is not Markup.NONE and _PERHAPS_MARKED.search(text) is not None


class MarkupReader:
    """Reads a text that comes in parts; lines end in newlines, and control characters are none of its own."""

    def __init__(
        self,
        markup: Markup = Markup.AUTO,
        language: str = "en",
        styles: StyleTable | None = None,
        phonemes: PhonemeTable | None = None,
        *,
        choices: MarkupChoices = DEFAULT_CHOICES,
    ) -> None:
        self._markup = markup
        self._started = markup not in (Markup.AUTO, Markup.MARKDOWN)
        self._held = ""
        self._state = ScanState(
            markup, self._inner, language=language, choices=choices, styles=styles or StyleTable(),
            phonemes=phonemes or PhonemeTable(),
        )  # fmt: skip

    @property
    def unsupported(self) -> list[str]:
        """What tags have asked for so far that no engine is asked for, sorted."""
        return sorted(self._state.unsupported)

    def feed(self, text: str) -> str:
        """What is said of the text as far as it is known now that `text` follows."""
        if self._markup is Markup.NONE:
            return text
        self._held += text
        return self._read(final=False)

    def flush(self) -> str:
        """The rest of a text that has ended; what follows is a new paragraph."""
        if self._markup is Markup.NONE or not self._held:
            rest = ""
        else:
            self._held += "\n"
            rest = self._read(final=True)
        before = self._state
        self._state = ScanState(
            before.markup, self._inner, language=before.language, styles=before.styles, base_style=before.base_style,
            open_styles=before.open_styles, unsupported=before.unsupported, phonemes=before.phonemes,
            choices=before.choices,
        )  # fmt: skip
        return rest

    def _inner(self, text: str) -> str:
        """The words of a stretch within a line."""
        reader = MarkupReader(self._state.markup, self._state.language, choices=self._state.choices)
        reader._started = True  # of its own class
        reader._state.line_start = False
        words = reader.feed(text) + reader.flush()
        return " ".join(PHONEME.sub("", STYLE.sub("", words)).split())  # a style within a link or a cell says nothing

    def _read(self, *, final: bool) -> str:
        text, at, out = self._held, 0, list[str]()
        self._state.final = final
        while at < len(text):
            step = self._step(text, at)
            if step is None:
                if not final:
                    break
                step = (text[at], at + 1)
                self._state.line_start = False
            written, behind = step
            self._state.note(text, at, behind, written)
            out.append(written)
            at = behind
        self._held = text[at:]
        return "".join(out)

    def _step(self, text: str, at: int) -> Step:
        state = self._state
        if not self._started:
            return self._start(text, at)
        if state.hidden:
            return hidden_rule(text, at, state)
        if state.fence:
            return fence_rule(text, at, state)
        if state.line_start and not (state.tagged or state.plain):
            return line_rule(text, at, state)
        special = (_TAGGED if state.tagged else _PLAIN if state.plain else _MARKED).search(text, at)
        if special is None or special.start() > at:
            end = special.start() if special else len(text)
            return text[at:end], end
        return self._special(text, at)

    def _special(self, text: str, at: int) -> Step:
        state, char = self._state, text[at]
        if char == " " and (state.tagged or _SPACE_BEFORE_EMOJI.match(text, at)):
            return space_rule(text, at, state)
        if char == " " and state.plain:
            return hard_line_rule(text, at)
        if char == " " and (end := _SPACES_AT_END.match(text, at)):
            return (HARD_LINE if state.markup is Markup.MARKDOWN else ""), end.end()
        if char == "\n":
            return self._newline(), at + 1
        return _RULES.get(char, emoji_rule)(text, at, state)

    def _newline(self) -> str:
        state = self._state
        if state.tagged:
            return state.line() if state.preformatted else " "
        state.start_line()
        return "" if state.breaks else "\n"

    def _start(self, text: str, at: int) -> Step:
        """Look whether the text is a whole document of HTML or SSML, or begins with the facts of a file."""
        if self._markup is Markup.AUTO:
            if _PERHAPS_DOCUMENT.match(text, at) and len(text) - at < 200:
                return None
            if document := _DOCUMENT.match(text, at):
                if document[0].lstrip()[1] != "?":
                    self._state.markup = Markup.SSML if document[1] else Markup.HTML
                    self._started = True
                    return "", at
                return "", document.end()
        step = front_matter_rule(text, at)
        self._started = step is not None
        return step
