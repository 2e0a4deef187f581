"""Quote reader: a step of the text that puts quoted speech into the voices of its speakers. Pure.

It reads paragraph by paragraph: what it writes does not depend on how the text was parted. Lines that begin with the
name of a speaker and a colon are left to the reader of scripts.
"""

import re
from collections.abc import Iterator

from seriatim.text.dialogue.quotes.attribution import AttributedQuote, SpeakerAttribution
from seriatim.text.dialogue.quotes.dash_speech import BEGINS
from seriatim.text.dialogue.quotes.quote_voices import QuoteVoices
from seriatim.text.speech_style import PLAIN_STYLE, SpeakerStyle, StyleTable

MOST_CHARS = 20_000  #: of a paragraph; a longer one is read in pieces
#: a line that ends a sentence and is shorter than the first, or longer than the second, ends a paragraph; between
#: them a program may have wrapped it (seriatim.text.segment.lines)
SHORT_LINE, LONG_LINE = 50, 120
_EMPTY_LINE = re.compile(r"\n[ \t]*\n")
_SENTENCE_END = re.compile(r"[.!?…:][\"”’»)]*[ \t]*\Z")


class QuoteReader:
    """Reads a text that comes in parts."""

    def __init__(self, voices: QuoteVoices, language: str, styles: StyleTable) -> None:
        self._attribution = SpeakerAttribution(voices, language)
        self._styles = styles
        self._held = ""  # from the start of a paragraph on

    def feed(self, text: str) -> str:
        """What is known of the text now that `text` follows."""
        self._held += text
        written = []
        while end := _block_end(self._held):
            block, self._held = self._held[:end], self._held[end:]
            written.append(self._read(block))
        return "".join(written)

    def flush(self) -> str:
        """The rest of a text that has ended."""
        rest, self._held = self._held, ""
        return self._read(rest) if rest else ""

    def _read(self, block: str) -> str:
        return "".join(self._marked(paragraph) for paragraph in paragraphs(block))

    def _marked(self, paragraph: str) -> str:
        """A paragraph with the styles of its quoted speech."""
        written, at = [], 0
        for quote in self._attribution.read(paragraph):
            style = self._attribution.voices.style(quote.speaker)
            if style == PLAIN_STYLE:
                continue
            opening, closing = map(self._styles.character, (SpeakerStyle(style), SpeakerStyle()))
            end = _end_of_voice(paragraph, quote.end)
            written += [paragraph[at : quote.start], opening, paragraph[quote.start : end], closing]
            at = end
        return "".join([*written, paragraph[at:]])


def attributed_quotes(text: str, voices: QuoteVoices, language: str) -> Iterator[tuple[str, AttributedQuote]]:
    """The quoted speech of a text, in order: the words with their marks, and what is known of their speaker."""
    attribution = SpeakerAttribution(voices, language)
    for paragraph in paragraphs(text):
        for quote in attribution.read(paragraph):
            yield " ".join(paragraph[quote.start : quote.end].split()), quote


def paragraphs(text: str) -> Iterator[str]:
    """The paragraphs of a text; together they are the text."""
    paragraph = ""
    for line in text.splitlines(keepends=True):
        if paragraph and (not line.strip() or _line_ends(paragraph) or BEGINS.match(line)):
            if not line.strip():
                yield paragraph + line
                paragraph = ""
                continue
            yield paragraph
            paragraph = ""
        paragraph += line
    if paragraph:
        yield paragraph


def _end_of_voice(paragraph: str, end: int) -> int:
    """Where a quotation's voice ends: behind the line end that follows it, which gives its sentence the pause."""
    newline = paragraph.find("\n", end)
    return newline + 1 if newline >= 0 and not paragraph[end:].strip() else end


def _line_ends(paragraph: str) -> bool:
    """Does the last line of what is known of a paragraph end it?"""
    line = paragraph.rstrip("\n").rpartition("\n")[2]
    ends = _SENTENCE_END.search(line) is not None
    return ends and (len(line) < SHORT_LINE or len(line) >= LONG_LINE)


def _block_end(text: str) -> int:
    """Where the first paragraph of a text has ended for certain; 0: that is not known yet."""
    if match := _EMPTY_LINE.search(text, 0, MOST_CHARS):
        return match.end()
    return MOST_CHARS if len(text) > MOST_CHARS else 0
