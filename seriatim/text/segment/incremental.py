"""Incremental segmentation: the steps behind one another, for text in parts and for whole texts."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from seriatim.text.languages import base_language
from seriatim.text.markup import MarkupReader
from seriatim.text.phoneme_table import PhonemeTable
from seriatim.text.segment.clean import TextCleaner
from seriatim.text.segment.drop_caps import DropCapJoiner
from seriatim.text.segment.inline_lists import InlineListSplitter
from seriatim.text.segment.lines import LineJoiner
from seriatim.text.segment.merge_short import ShortSentenceMerger
from seriatim.text.segment.paragraph_languages import ParagraphLanguages
from seriatim.text.segment.read_parts import PartReader
from seriatim.text.segment.segment_options import Segment, SegmentOptions
from seriatim.text.segment.sentences import SentenceSplitter
from seriatim.text.source_text import SourceReader
from seriatim.text.speakers import SpeakerReader
from seriatim.text.speech_style import StyleTable

if TYPE_CHECKING:
    from seriatim.text.dialogue.quotes.quote_reader import QuoteReader

#: how much of a text that is at hand goes through the steps at once: little to hold, and enough to be fast
SLICE_CHARS = 4096
FIRST_SLICE_CHARS = 512  #: who wants the first sentence alone, or at once, does not wait for more


class IncrementalSegmenter:
    """Cuts a text that is still being written; not for use by two threads at once."""

    def __init__(self, cut: SegmentOptions) -> None:
        styles, self._phonemes = StyleTable(), PhonemeTable()
        self._source = SourceReader()
        self._quotes = _quote_reader(cut, styles)
        self._speakers = SpeakerReader(cut.speakers, styles)
        self._markup = MarkupReader(cut.markup, cut.language, styles, self._phonemes, choices=cut.choices)
        self._cleaner = TextCleaner()
        self._drop_caps = DropCapJoiner(base_language(cut.language))
        self._lines = LineJoiner(base_language(cut.language))
        self._lists = InlineListSplitter(base_language(cut.language))
        self._sentences = SentenceSplitter(cut, styles)
        self._languages = ParagraphLanguages(cut)
        self._reader = PartReader(cut, self._phonemes)
        self._joiner = ShortSentenceMerger(cut)

    def feed(self, text: str) -> list[Segment]:
        """The pieces that are complete now that `text` follows; the rest is held.

        A piece is complete when its sentence has ended and the next one has begun, or its line has ended.
        """
        spoken_text = self._markup.feed(self._speakers.feed(self._attributed(self._source.feed(text))))
        lines = self._lines.feed(self._drop_caps.feed(self._cleaner.feed(spoken_text)))
        parts = self._languages.take(self._sentences.feed(self._lists.feed(lines)))
        pieces = self._joiner.take(self._reader.read(parts), self._sentences.certain_chars())
        return self._phonemes.pronounced(pieces) if self._phonemes.entries else pieces

    def _attributed(self, text: str) -> str:
        return self._quotes.feed(text) if self._quotes else text

    @property
    def unsupported(self) -> list[str]:
        """The markup so far that no engine follows, such as `<emphasis>`, sorted."""
        return self._markup.unsupported

    def flush(self) -> list[Segment]:
        """Everything that is held, as if the text ended here; what follows begins a new paragraph."""
        source = self._attributed(self._source.flush()) + (self._quotes.flush() if self._quotes else "")
        marked = self._markup.feed(self._speakers.feed(source) + self._speakers.flush())
        marked += self._markup.flush()
        lines = self._lines.feed(self._drop_caps.feed(self._cleaner.feed(marked)) + self._drop_caps.flush())
        listed = self._lists.feed(lines + self._lines.flush()) + self._lists.flush()
        parts = self._sentences.feed(listed) + self._sentences.flush()
        return self._phonemes.pronounced(self._joiner.flush(self._reader.read(self._languages.flush(parts))))


def _quote_reader(cut: SegmentOptions, styles: StyleTable) -> "QuoteReader | None":
    """The reader of quoted speech, where it is asked for: few texts need it, and it takes time to load."""
    if cut.quotes is None:
        return None
    from seriatim.text.dialogue.quotes.quote_reader import QuoteReader

    return QuoteReader(cut.quotes, base_language(cut.language), styles)


def segment(text: str, cut: SegmentOptions, steps: IncrementalSegmenter | None = None) -> Iterator[Segment]:
    """The pieces of a text, in order, each as it is asked for; none if there is nothing to say.

    `steps`: a new segmenter of these options, for callers who ask it later what it found.
    The text is not copied: beside it, some thousand characters are held, whatever its length.
    """
    steps = steps or IncrementalSegmenter(cut)
    yield from steps.feed(text[:FIRST_SLICE_CHARS])
    for start in range(FIRST_SLICE_CHARS, len(text), SLICE_CHARS):
        yield from steps.feed(text[start : start + SLICE_CHARS])
    yield from steps.flush()
