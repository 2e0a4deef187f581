"""The scan state of a text with markup: what is open where its reader stands."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from seriatim.text.control_characters import HARD_LINE
from seriatim.text.markup.markup_format import DEFAULT_CHOICES, Markup, MarkupChoices
from seriatim.text.phoneme_table import PhonemeTable
from seriatim.text.speech_style import PLAIN_STYLE, SpeechStyle, StyleTable

#: what a rule says of the markup at an index: what is written, and the index behind it; None: it is too early to say
Step = tuple[str, int] | None


_WORD_CHARS = 12
_LAST_LETTERS = re.compile(r"[^\W_]*\Z")


@dataclass(slots=True)
class ScanState:
    """Where in a text a reader is; every rule may look at it and change it."""

    markup: Markup
    inner: Callable[[str], str]  #: the words of a stretch within a line, such as a link's
    before: str = "\n"  #: the character before, as it was written
    word: str = ""  #: the last letters and digits before, as they were written: at most 12
    solid: str = ""  #: the last character that was given out and is no white space
    line_start: bool = True  #: does a line of Markdown start here?
    opened: dict[str, int] = field(default_factory=dict)  #: single marks of emphasis that wait for their closers
    breaks: int = 2  #: since the last word, a tag ended 1: the line, 2: the paragraph
    final: bool = False  #: does nothing follow the text?
    hidden: str = ""  #: what ends the stretch that is not for readers
    fence: str = ""  #: the marks that end the code
    fence_quotes: int = 0  #: marks of quotation before the line that began the code
    preformatted: bool = False  #: within `<pre>`, where lines are lines
    table: bool = False  #: was the line above a row of a table?
    cells: int = 0  #: of the current row of HTML
    columns: int = 0  #: characters of the current line, as it was written
    columns_above: int = 0  #: likewise of the line above
    heading: bool = False
    directive: bool = False  #: was the line above a directive of reStructuredText, or an option of one?
    quotes: int = 0  #: marks of quotation before the line above
    line_quotes: int = 0  #: likewise before the current line, as far as it is read
    noted: bool = False  #: was the mark of a note left out here?
    path: bool = False  #: is there a backslash in this word?
    language: str = "en"  #: BCP 47, of the text
    choices: MarkupChoices = DEFAULT_CHOICES
    styles: StyleTable = field(default_factory=StyleTable)
    phonemes: PhonemeTable = field(default_factory=PhonemeTable)
    base_style: SpeechStyle = PLAIN_STYLE  #: what the last `[voice:NAME]` said
    open_styles: list[tuple[str, SpeechStyle]] = field(default_factory=list)  #: of open tags, with their names
    unsupported: set[str] = field(default_factory=set)  #: what tags ask for and no engine is asked for

    @property
    def tagged(self) -> bool:
        """Is it a language of tags, in which a line end is a space?"""
        return self.markup in (Markup.HTML, Markup.SSML)

    @property
    def plain(self) -> bool:
        """Is it plain text, in which nothing but addresses, emoji and pauses is looked for?"""
        return self.markup is Markup.PLAIN

    def note(self, text: str, start: int, end: int, written: str) -> None:
        """`text[start:end]` has been read and `written` is given out for it."""
        if end > start:
            self._count_columns(text, start, end)
            self.before = text[end - 1]
            self.path = self.path and not self.before.isspace()
            letters = _LAST_LETTERS.search(text[max(start, end - _WORD_CHARS) : end])
            last = letters.group() if letters else ""
            self.word = (self.word + last)[-_WORD_CHARS:] if len(last) == end - start else last
        if written:
            self.noted = False
        if words := written.rstrip(f"{HARD_LINE} \n\t"):
            self.solid = words[-1]
            self.breaks = 0

    def _count_columns(self, text: str, start: int, end: int) -> None:
        newline = text.rfind("\n", start, end)
        if newline < 0:
            self.columns += end - start
            return
        above = text.rfind("\n", start, newline)
        self.columns_above = newline - above - 1 if above >= 0 else self.columns + newline - start
        self.columns = end - newline - 1

    def start_line(self) -> None:
        """A line of Markdown has ended."""
        self.line_start = True
        self.quotes, self.line_quotes = self.line_quotes, 0

    def line(self) -> str:
        """The end of a line, if its start has not just been given out."""
        if self.breaks:
            return ""
        self.breaks = 1
        return f"{HARD_LINE}\n"

    def paragraph(self) -> str:
        """The end of a paragraph, as far as it has not just been given out."""
        breaks, self.breaks = self.breaks, 2
        return ("\n\n", "\n", "")[breaks]

    @property
    def style(self) -> SpeechStyle:
        """The style where the reader stands."""
        return self.open_styles[-1][1] if self.open_styles else self.base_style

    def open_style(self, name: str, style: SpeechStyle) -> str:
        """The control character of a style that a tag of this name opens, within what is open."""
        self.open_styles.append((name, style.within(self.style)))
        return self.styles.character(self.style)

    def close_style(self, name: str) -> str:
        """The control character of the style behind the closing tag of this name."""
        at = next((at for at in range(len(self.open_styles) - 1, -1, -1) if self.open_styles[at][0] == name), None)
        if at is None:
            return ""
        del self.open_styles[at:]
        return self.styles.character(self.style)

    def set_voice(self, voice: str) -> str:
        """The control character of a voice for the rest of the text; "": the text's own."""
        self.base_style = SpeechStyle(voice=voice)
        self.open_styles.clear()
        return self.styles.character(self.base_style)

    def separator(self) -> str:
        """What stands between two cells of a table."""
        return ", " if self.solid.isalnum() or self.solid in ")]”’\"'%" else " "
