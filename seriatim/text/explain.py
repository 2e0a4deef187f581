"""An explanation of how a text is read: what each step made of it."""

import re
from collections.abc import Iterator
from dataclasses import replace

from seriatim.text.control_characters import HARD_LINE, PAUSES, PHONEME, STYLE, pause_ms
from seriatim.text.dialects import ShownDialect
from seriatim.text.documents.document import Document
from seriatim.text.languages import base_language
from seriatim.text.lexicon import Lexicon
from seriatim.text.markup import MarkupReader
from seriatim.text.pronunciation import merged
from seriatim.text.reading import ReadingMode
from seriatim.text.segment import SegmentOptions, segment
from seriatim.text.segment.clean import TextCleaner
from seriatim.text.segment.drop_caps import DropCapJoiner
from seriatim.text.segment.lines import LineJoiner
from seriatim.text.source_text import SourceReader
from seriatim.text.speakers import SpeakerReader
from seriatim.text.speech_style import SpeechStyle, StyleTable

_PAUSE = re.compile(f"[{PAUSES}]")


def explain_steps(
    text: str, options: SegmentOptions, lexicon: Lexicon | None = None, dialect: ShownDialect | None = None
) -> list[tuple[str, str]]:
    """The name of each step with what it made of the text, in order; `reading` are the sentences as they are spoken.

    Further steps show the words of each sentence that a `lexicon` or `<phoneme>` pronounces, if there are any, and the
    sentences in the `dialect` of an engine.

    Line ends that are kept are shown as such, and pauses that the text asks for as `[pause:MSms]`.
    """
    styles = StyleTable()
    speakers = SpeakerReader(options.speakers, styles)
    markup = MarkupReader(options.markup, options.language, styles, choices=options.choices)
    cleaner, lines = TextCleaner(), LineJoiner(base_language(options.language))
    drop_caps = DropCapJoiner(base_language(options.language))
    source = SourceReader()
    marked = markup.feed(speakers.feed(source.feed(text) + source.flush()) + speakers.flush()) + markup.flush()
    clean = cleaner.feed(marked)
    joined = lines.feed(drop_caps.feed(clean) + drop_caps.flush()) + lines.flush()
    written = "\n".join(_lines_of(text, replace(options, reading=ReadingMode.OFF)))
    read = "\n".join(_lines_of(text, options))
    shown = [("markup", marked), ("unicode", clean), ("lines", joined.replace("\f", "\n\n"))]
    return [
        *((name, _visible(made)) for name, made in shown),
        ("sentences", written),
        ("reading", read),
        *_pronounced(text, options, lexicon),
        *_in_dialect(text, options, dialect),
    ]


def _in_dialect(text: str, options: SegmentOptions, dialect: ShownDialect | None) -> Iterator[tuple[str, str]]:
    r"""The sentences as an engine gets them; espeak's soft hyphens, behind stops that end nothing, as `\xad`."""
    if dialect:
        sentences = [
            (piece.text, base_language(piece.style.language or piece.language or options.language))
            for piece in segment(text, options)
        ]
        yield f"dialect of {dialect.engine}", "\n".join(dialect.write(sentences)).replace("\xad", "\\xad")


def document_facts(document: Document) -> str:
    """What a document says about itself, and its chapters with the number of their words."""
    facts = {
        "format": document.format, "title": document.title, "authors": "; ".join(document.authors),
        "language": document.language, "cover": f"{len(document.cover)} bytes" if document.cover else "",
        "warning": document.warning,
    }  # fmt: skip
    lines = [f"{name}: {value}" for name, value in facts.items() if value]
    for number, chapter in enumerate(document.chapters, 1):
        notes = f", {len(chapter.notes.split())} words of notes" if chapter.notes else ""
        lines.append(f"chapter {number}: {chapter.title or '-'} ({len(chapter.text.split())} words{notes})")
    return "\n".join(lines)


def _pronounced(text: str, options: SegmentOptions, lexicon: Lexicon | None) -> Iterator[tuple[str, str]]:
    lines = []
    for number, piece in enumerate(segment(text, options), 1):
        of_words = lexicon.find(piece.text, options.language) if lexicon else ()
        for p in merged(piece.pronunciations, of_words):
            speech = " ".join(filter(None, [p.respelling, f"/{p.ipa}/" if p.ipa else ""]))
            lines.append(f"{number}: {piece.text[p.start : p.end]} = {speech}")
    if lexicon or lines:
        yield "pronunciation", "\n".join(lines)


def _lines_of(text: str, options: SegmentOptions) -> Iterator[str]:
    for piece in segment(text, options):
        language = piece.style.language or piece.language
        yield f"{piece.text}  [{piece.pause_ms} ms{_named(replace(piece.style, language=language))}]"


def _named(style: SpeechStyle) -> str:
    """What a style asks for, in words."""
    rate = f", rate {style.rate:g}" if style.rate != 1 else ""
    voice = f", voice {style.voice}" if style.voice else ""
    return voice + (f", language {style.language}" if style.language else "") + rate


def _visible(text: str) -> str:
    plain = _PAUSE.sub(lambda pause: f"[pause:{pause_ms(pause[0])}ms]", text)
    return PHONEME.sub("", STYLE.sub("", plain.replace(HARD_LINE, ""))).strip()
