"""Attribution: the speaker of each quotation of a novel, where the text makes sure who it is. Pure.

A quotation has the speaker of its tag (`said Anna`), or the only one that tags name in its paragraph: writers begin a
paragraph with each new speaker. A quotation that does not close goes on in the next paragraph. Two speakers who take
turns go on to do so, as long as each paragraph is speech alone and nothing says otherwise. All else is not sure.
"""

import re
from dataclasses import dataclass, field

from seriatim.text.dialogue.quotes.dash_speech import dash_spans
from seriatim.text.dialogue.quotes.quote_spans import QuoteSpan, is_speech, quote_spans
from seriatim.text.dialogue.quotes.quote_tags import OTHER, QuoteTag, QuoteTags
from seriatim.text.dialogue.quotes.quote_voices import QuoteVoices

#: turns without a tag: two who talk longer than that are named again by a careful writer, and a slip lasts no longer
MOST_TURNS = 8
_SENTENCE_END = re.compile(r"[.!?…]")
_LETTER = re.compile(r"[^\W_]")


@dataclass(frozen=True, slots=True)
class AttributedQuote:
    """A quotation of a paragraph."""

    start: int
    end: int
    speaker: str  #: of the cast; "": not sure
    reason: str  #: tag, paragraph, continued, turn; "" where it is not sure


@dataclass(slots=True)
class SpeakerAttribution:
    """Reads the paragraphs of a text in their order."""

    voices: QuoteVoices
    language: str = "en"  #: the first part of its tag
    _tags: QuoteTags = field(init=False)
    _latest: list[str] = field(default_factory=list)  #: speakers of the last two paragraphs, which are all speech
    _open: str | None = None  #: the speaker of a quotation that the last paragraph did not close
    _turns: int = 0  #: paragraphs since a tag

    def __post_init__(self) -> None:
        self._tags = QuoteTags(self.voices.names, self.language)

    def read(self, paragraph: str) -> list[AttributedQuote]:
        """The quoted speech of the next paragraph."""
        if not paragraph.strip():
            return []
        dashed = dash_spans(paragraph, self.language, self.voices.names)
        spans = dashed or [span for span in quote_spans(paragraph, self.language) if is_speech(paragraph, span)]
        if not spans:
            self._latest, self._open = [], None
            return []
        continued = self._open if not paragraph[: spans[0].start].strip() else None
        found = self._attributed(paragraph, spans, continued)
        self._note(found, spans, continued=continued is not None)
        return found

    def _attributed(self, paragraph: str, spans: list[QuoteSpan], continued: str | None) -> list[AttributedQuote]:
        tags = [self._tag(paragraph, spans, index) for index in range(len(spans))]
        named = {tag.speaker for tag in tags if tag and tag.speaker}
        if continued and named <= {continued}:
            return [AttributedQuote(span.start, span.end, continued, "continued") for span in spans]
        if len(named) > 1:
            return [_tagged(span, tag) for span, tag in zip(spans, _spread(paragraph, spans, tags), strict=True)]
        pronouns = {tag.pronoun for tag in tags if tag and tag.pronoun}
        speaker, reason = next(iter(named), ""), "paragraph"
        if not named and continued is None:
            speaker, reason = self._next_turn(paragraph, spans), "turn"
        if speaker in ("", OTHER) or not self._may_be(speaker, pronouns):
            return [AttributedQuote(span.start, span.end, "", "") for span in spans]
        return [
            AttributedQuote(span.start, span.end, speaker, "tag" if tag and tag.speaker else reason)
            for span, tag in zip(spans, tags, strict=True)
        ]

    def _tag(self, paragraph: str, spans: list[QuoteSpan], index: int) -> QuoteTag | None:
        """The tag of a quotation: behind it, or in the sentence before it."""
        span = spans[index]
        end = spans[index + 1].start if index + 1 < len(spans) else len(paragraph)
        if tag := self._tags.after(span.words(paragraph), _behind(paragraph, span, end)):
            return tag
        before = paragraph[spans[index - 1].end if index else 0 : span.start].rstrip()
        last = list(_SENTENCE_END.finditer(before))
        return self._tags.before(before[last[-1].end() :] if last else before)

    def _next_turn(self, paragraph: str, spans: list[QuoteSpan]) -> str:
        """The speaker whose turn it is, of two who speak in turn; "" if that is not sure."""
        if len(self._latest) < 2 or "" in self._latest or self._latest[0] == self._latest[1]:
            return ""
        speaker, quoted = self._latest[0], [span.words(paragraph) for span in spans]
        others = _outside(paragraph, spans)
        whole = spans[-1].closed  # an end that a printer lost would put narration into a speaker's voice
        plain = not _LETTER.search(others) or any(self._is_pronoun_tag(paragraph, span) for span in spans)
        begins = not _LETTER.search(paragraph[: spans[0].start])
        if not (whole and plain and begins) or self._tags.names_in(others) or self._turns >= MOST_TURNS:
            return ""
        return "" if any(speaker in self._tags.addressed(words) for words in quoted) else speaker

    def _is_pronoun_tag(self, paragraph: str, span: QuoteSpan) -> bool:
        tag = self._tags.after(span.words(paragraph), _behind(paragraph, span, len(paragraph)))
        return tag is not None and not tag.speaker

    def _may_be(self, speaker: str, pronouns: set[str]) -> bool:
        known = self.voices.pronouns.get(speaker, "")
        return not known or pronouns <= {known}

    def _note(self, found: list[AttributedQuote], spans: list[QuoteSpan], *, continued: bool) -> None:
        speakers = {quote.speaker for quote in found}
        speaker = speakers.pop() if len(speakers) == 1 else ""
        self._latest = [*(self._latest[:-1] if continued else self._latest[-1:]), speaker]
        self._turns = 0 if any(quote.reason == "tag" for quote in found) else self._turns + 1
        self._open = found[-1].speaker if not spans[-1].closed else None


def _behind(paragraph: str, span: QuoteSpan, end: int) -> str:
    """What follows a quotation, without the dash that begins narration."""
    behind = paragraph[span.end : end]
    return behind.lstrip(" \t\n—–―-") if span.is_dashed else behind


def _outside(paragraph: str, spans: list[QuoteSpan]) -> str:
    """What a paragraph has beside its quoted speech."""
    ends = [0, *(span.end for span in spans)]
    starts = [*(span.start for span in spans), len(paragraph)]
    return " ".join(paragraph[end:start] for end, start in zip(ends, starts, strict=True))


def _spread(paragraph: str, spans: list[QuoteSpan], tags: list[QuoteTag | None]) -> list[QuoteTag | None]:
    """The tags, also of quotations that go on behind a tag in one sentence: `“Yes,” said Anna, “but not now.”`."""
    spread: list[QuoteTag | None] = []
    for index, tag in enumerate(tags):
        if tag is None and index:
            between = paragraph[spans[index - 1].end : spans[index].start]
            tag = None if _SENTENCE_END.search(between) else spread[-1]
        spread.append(tag)
    return spread


def _tagged(span: QuoteSpan, tag: QuoteTag | None) -> AttributedQuote:
    speaker = tag.speaker if tag and tag.speaker != OTHER else ""
    return AttributedQuote(span.start, span.end, speaker, "tag" if speaker else "")
