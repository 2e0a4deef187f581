"""Cuts the lines of a text into sentences, and sentences over the limit into parts.

The text is read once, onwards. Every decision depends only on a bounded stretch of text behind the place it is about,
so that how the text was parted on its way here changes when a sentence goes out, and never where it is cut.
"""

import re
from dataclasses import dataclass, replace
from functools import cache

from seriatim.text.control_characters import PAUSES, STYLE, STYLES, pause_ms
from seriatim.text.duration_estimate import chars_within
from seriatim.text.languages import base_language
from seriatim.text.segment.character_classes import LINE_BREAK, PARAGRAPH_BREAK, SPEAKABLE
from seriatim.text.segment.quotes import OpenQuotes
from seriatim.text.segment.segment_options import SegmentOptions
from seriatim.text.segment.sentence_boundary import mark_pattern, mark_start_pattern
from seriatim.text.segment.sentence_marks import MarkVerdict, judge_mark
from seriatim.text.segment.split_long import clause_end, split_index, timed_split_index
from seriatim.text.speech_style import PLAIN_STYLE, SpeakerStyle, SpeechStyle, StyleState, StyleTable

_PAUSE = re.compile(f" *(?:[{STYLES}] *)*([{PAUSES}])")
_MARKS_BEHIND = re.compile(rf"([{STYLES}]+)([.,;:!?…。！？，、]*)")
#: the end of a sentence before a change of the style
_ENDED = re.compile(r"[.!?…:;。！？।؟][\"'”’»)\]」』]* *$")
#: characters of these languages last about three times as long as a letter (seriatim.text.duration_estimate)
_DENSE_LANGUAGES = frozenset({"ja", "wuu", "yue", "zh"})
#: a first clause may be this many times as long as asked for: still shorter than the sentence, and not cut mid-thought
FIRST_STRETCH = 3
#: how much of a line its language is judged by, before its stops are
LANGUAGE_CHARS = 200
LINE_END = re.compile(f"[{LINE_BREAK}{PARAGRAPH_BREAK}]")


@dataclass(frozen=True, slots=True)
class SentencePart:
    """A sentence, or a part of a long one."""

    text: str  #: at most the limit long
    pause_ms: int  #: silence after it; 0 in the middle of a sentence
    closes: bool  #: does its line end here?
    language: str = ""  #: BCP 47, of its paragraph; "": that of the options
    style: SpeechStyle = PLAIN_STYLE  #: in which it is spoken
    line_goes_on: bool = False  #: in another speaker's voice, though this voice's part of the line closes


@cache
def _mark_patterns(language: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """What may end a sentence or change how it is spoken, and a quick look for where that may begin."""
    return (
        re.compile(rf"{mark_pattern(language)}|[{LINE_BREAK}{PARAGRAPH_BREAK}{PAUSES}{STYLES}]"),
        re.compile(rf"{mark_start_pattern(language)}|{LINE_BREAK}|{PARAGRAPH_BREAK}"),
    )


class SentenceSplitter:
    """Reads what Lines writes, in parts, and gives every sentence as soon as it is known to have ended."""

    def __init__(self, cut: SegmentOptions, styles: StyleTable | None = None) -> None:
        self._cut = cut
        self._styles = styles or StyleTable()
        self._language = base_language(cut.language)  # of the current line
        self._at_line_start = bool(cut.paragraph_language and cut.hold_chars)
        self._set_style(StyleState())
        self._rest_chars = cut.rest_chars
        aim_chars = cut.first_chars // 3 if self._language in _DENSE_LANGUAGES else cut.first_chars
        self._first_chars = min(aim_chars, cut.limit_chars)  # 0 once speech has started
        self._text = ""  # from the start of the current sentence
        self._settled = 0  # the sentence does not end before this index
        self._inner: list[int] = []  # indices where it may be broken, since a sentence within it ends there
        self._quote = OpenQuotes()

    def feed(self, text: str) -> list[SentencePart]:
        """The sentences that are known to be complete now that `text` follows."""
        # A string with one reference grows in place; through the attribute, each word would copy all that is held.
        held, self._text = self._text, ""
        held += text
        self._text = held
        del held
        parts: list[SentencePart] = []
        while self._read(parts):
            pass
        return parts

    def flush(self) -> list[SentencePart]:
        """The rest of a text that has ended."""
        return self.feed(LINE_BREAK) if self._text else []

    def certain_chars(self) -> int:
        """How long the next sentence is at least."""
        speech = SPEAKABLE.search(self._text, 0, self._settled)
        return self._settled - speech.start() if speech else 0

    def _read(self, parts: list[SentencePart]) -> bool:
        """Read on to the next mark, or break what is too long before it. Returns whether to go on reading."""
        if self._at_line_start and not self._read_line_start():
            return False
        mark = self._next_mark()
        self._settled = mark.start() if mark else len(self._text)
        if at := self._place_to_break(self._settled, ended=False):
            self._break(at, parts)
            return True
        if mark is None:
            return False
        if mark.group(1) is None:
            return self._read_control(mark, parts)
        verdict, end = judge_mark(self._text, mark, self._current_language, self._quote)
        if verdict is MarkVerdict.END:
            pause = _PAUSE.match(self._text, end)
            silence_ms = self._silence_ms(pause.group(1)) if pause else self._cut.pause_ms
            self._end(end, parts, silence_ms, closes=pause is not None)
        elif verdict is not MarkVerdict.WAIT:
            self._settled = end
            if verdict is MarkVerdict.INNER:
                self._inner.append(end)
        return verdict is not MarkVerdict.WAIT

    def _read_line_start(self) -> bool:
        """Judge the stops of a line by its own language, where it is clear; False: too little of the line is known."""
        end = LINE_END.search(self._text, 0, LANGUAGE_CHARS)
        if end is None and len(self._text) < LANGUAGE_CHARS:
            return False
        head = self._text[: end.start() if end else LANGUAGE_CHARS]
        tag = self._cut.paragraph_language(head) if self._cut.paragraph_language and head.strip() else ""
        self._at_line_start = not head.strip()
        if tag:
            self._language = base_language(tag)
            self._set_style(self._style_state)
        return not self._at_line_start or end is not None

    def _next_mark(self) -> re.Match[str] | None:
        """The next mark or control character; None if there is none in what is known."""
        start = self._mark_start.search(self._text, self._settled)
        while start:
            if mark := self._mark.match(self._text, start.start()):
                return mark
            start = self._mark_start.search(self._text, start.end())
        return None

    def _read_control(self, mark: re.Match[str], parts: list[SentencePart]) -> bool:
        """End the sentence at a break, a pause or a change of the style. Returns whether to go on reading."""
        if STYLE.match(mark.group()):
            return self._read_style(mark, parts)
        self._end(mark.start(), parts, self._silence_ms(mark.group()), closes=True)
        self._text = self._text[1:]
        self._at_line_start = bool(self._cut.paragraph_language and self._cut.hold_chars)
        return True

    def _read_style(self, mark: re.Match[str], parts: list[SentencePart]) -> bool:
        """End the sentence at a change of the style, if it is one. Returns whether to go on reading."""
        ends = self._with_its_marks(mark.start())
        if not ends:
            return ends is None
        style, n_before = self._styles.style(mark.group()), len(parts)
        after = self._style_state.changed(style)
        if after.style == self._style:
            self._text = self._text[: mark.start()] + self._text[mark.end() :]
        else:
            self._end(mark.start(), parts, self._silence_ms(mark.group()), closes=True)
            self._text = self._text[1:]
            if isinstance(style, SpeakerStyle) and len(parts) > n_before:
                parts[-1] = replace(parts[-1], line_goes_on=True)
        self._set_style(after)
        return True

    def _set_style(self, state: StyleState) -> None:
        """What is read from here on is in this style, and in its language."""
        self._style_state, self._style = state, state.style
        tag = self._style.reading_language
        self._current_language = base_language(tag) if tag else self._language
        self._mark, self._mark_start = _mark_patterns(self._current_language)

    def _with_its_marks(self, at: int) -> bool | None:
        """Whether the style at an index ends what stands before it; None: it does behind the marks that follow it.

        False: that is not known yet. In `<voice name="x">Yes</voice>.` the stop belongs to the words before.
        """
        behind = _MARKS_BEHIND.match(self._text, at)
        if behind is None or behind.end() == len(self._text):
            return False
        if not behind[2]:
            return True
        self._text = f"{self._text[:at]}{behind[2]}{behind[1]}{self._text[behind.end() :]}"
        return None

    def _silence_ms(self, mark: str) -> int:
        """The silence that a break, or a pause that the text asks for, puts behind a sentence."""
        if mark == LINE_BREAK:
            return self._cut.pause_ms
        if STYLE.match(mark):
            return self._cut.pause_ms if _ENDED.search(self._text, 0, self._settled) else 0
        return self._cut.paragraph_ms if mark == PARAGRAPH_BREAK else pause_ms(mark)

    def _place_to_break(self, length: int, *, ended: bool) -> int:
        """Where to break the sentence, or 0; `length`: of as much of it as is known, or of all of it if it `ended`."""
        limit, rest = self._cut.limit_chars, self._rest_chars
        timed = self._timed_limit(min(length, limit)) if self._cut.limit_ms else limit
        if self._first_chars and length > self._first_chars:
            at = self._first_end(min(FIRST_STRETCH * self._first_chars, timed, length - rest))
            if at:
                return at
        if timed < limit and length >= timed + rest:
            at = timed_split_index(self._text, timed, min(limit, length - rest), self._inner)
            if at:
                return at
        if length > limit if ended else length >= limit + rest:
            return split_index(self._text, limit, min(limit, length - rest), self._inner)
        return 0

    def _timed_limit(self, stop: int) -> int:
        """How much of the sentence, up to index `stop`, lasts no longer than a piece may."""
        return max(self._rest_chars, chars_within(self._text, self._cut.limit_ms, stop, self._current_language))

    def _first_end(self, stop: int) -> int:
        """Where the first clause that can be spoken by itself ends, up to `stop`, or 0."""
        start = max(self._first_chars // 2, self._cut.merge_chars, 1)
        ends = [end for end in self._inner if start <= end <= stop]
        clause = clause_end(self._text, start, stop)
        return min([*ends, clause]) if clause else min(ends, default=0)

    def _end(self, end: int, parts: list[SentencePart], silence_ms: int, *, closes: bool) -> None:
        """Give the sentence that ends at index `end`, broken where it is too long."""
        while at := self._place_to_break(end, ended=True):
            end -= self._break(at, parts)
        self._take(end, parts, silence_ms, closes=closes)
        self._quote.forget()

    def _break(self, at: int, parts: list[SentencePart]) -> int:
        """Give the sentence up to index `at`. Returns by how many characters the text has become shorter."""
        ended = at in self._inner
        before = len(self._text)
        self._take(at, parts, self._cut.pause_ms if ended else 0)
        return before - len(self._text)

    def _take(self, end: int, parts: list[SentencePart], silence_ms: int, *, closes: bool = False) -> None:
        text = self._text[:end].strip(" ")
        if text:
            parts.append(SentencePart(text, silence_ms, closes, style=self._style))
        if len(text) >= self._cut.merge_chars:
            self._first_chars = 0
        self._text = self._text[end:]
        behind = self._text.lstrip(" ")
        end += len(self._text) - len(behind)
        self._text = behind
        self._settled = max(0, self._settled - end)
        self._inner = [inner - end for inner in self._inner if inner > end]
        self._quote.drop(end)
