"""Sentence rows: a text is split for its pool into sentences, each in the form that the pool's scripts take."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from seriatim.client.job_lexicon import pronounced
from seriatim.client.job_options import JobRequest
from seriatim.client.resolved_request import ResolvedRequest
from seriatim.client.sentence_neighbours import with_neighbours
from seriatim.client.text_limits import check_size, checked_sentences, limited_rows
from seriatim.lua.pool_scripts import sentence_argument
from seriatim.records import JobKind, Sentence
from seriatim.settings import Settings
from seriatim.state.pool_record import PoolRecord
from seriatim.text.duration_estimate import estimate_ms
from seriatim.text.markup import Markup, has_markup
from seriatim.text.reading import ReadingMode, read_sentence
from seriatim.text.segment import Segment, SegmentOptions, segment

HOLD_CHARS = 400  #: of a paragraph, until its language is clear: three or four sentences
FIRST_CHARS = 80  #: a live job's first part: about five seconds of speech, and less than half that of synthesis
TIGHT_FIRST_CHARS = 40  #: while its pool is nearly full: every listener's first audio comes sooner, for one more seam


def segmentation_for(resolved: ResolvedRequest, *, whole: bool = True) -> SegmentOptions:
    """The options by which a request's text is split for its pool; `whole`: all of the text is at hand."""
    request, pool, voices = resolved.request, resolved.pool, resolved.voices
    language = request.language or pool.language_of(request.voice) or "en"
    first = (TIGHT_FIRST_CHARS if pool.tight else FIRST_CHARS) if request.kind is JobKind.LIVE else 0
    limit_chars = pool.limit_of(language)
    return SegmentOptions(
        language, limit_chars, pool.merge_chars, first, request.pause_ms, request.paragraph_ms, request.markup,
        request.reading, request.lexicon.places if request.lexicon else None,
        voices.language if voices else None, HOLD_CHARS if whole else 0,
    )  # fmt: skip


def rows_of_text(
    text: str | Iterable[str | Sentence], resolved: ResolvedRequest, cut: SegmentOptions, settings: Settings,
    resolve: Callable[[Sentence], Sentence],
) -> Iterator[str]:  # fmt: skip
    """Rows of a text, or of a caller's own sentences, each passed through `resolve`; split by `cut`.

    Raises:
        BadInput: the text or one of the sentences is over a limit, or `resolve` refuses it.
    """
    request = resolved.request
    if isinstance(text, str):
        check_size(text, settings)
        sentences: Iterable[Sentence] = sentences_of(segment(text, cut), resolved)
    else:
        checked = map(resolve, checked_sentences(text, request.pause_ms, settings))
        sentences = (part for sentence in checked for part in _fit_sentence(sentence, request, resolved.pool))
    if resolved.pool.takes_neighbours:
        sentences = with_neighbours(sentences)
    yield from limited_rows(rows_of_sentences(sentences, request), settings)


def sentences_of(pieces: Iterable[Segment], resolved: ResolvedRequest) -> Iterator[Sentence]:
    """The pieces of a text as sentences, with voices of their own where their paragraphs are in other languages."""
    as_it_is = replace(resolved.request, markup=Markup.NONE, reading=ReadingMode.OFF)
    for piece in pieces:
        if resolved.voices is None or not piece.language:
            yield Sentence(piece.text, piece.pause_ms)
        else:  # the limit of characters may be another language's
            yield from _fit_sentence(resolved.voices.sentence(piece), as_it_is, resolved.pool)


def rows_of_sentences(sentences: Iterable[Sentence], request: JobRequest) -> Iterator[str]:
    """Sentences in the pool's form, with their estimated durations and the pronunciations of their words."""
    for written in sentences:
        sentence = pronounced(written, request.lexicon)
        s = sentence if sentence.pause_ms >= 0 else replace(sentence, pause_ms=request.pause_ms)
        language = s.language or request.language or "en"
        spoken_ms = estimate_ms(s.text, language, s.speed or request.speed)
        yield sentence_argument(spoken_ms + s.pause_ms, s.to_json())


def _fit_sentence(sentence: Sentence, request: JobRequest, pool: PoolRecord) -> Iterator[Sentence]:
    """A caller's sentence, split if it exceeds the engine's limit; its pause follows the last part."""
    language = sentence.language or request.language or "en"
    limit_chars = pool.limit_of(language)
    if len(sentence.text) <= limit_chars and _is_plain(sentence.text, language, request):
        yield sentence
        return
    places = request.lexicon.places if request.lexicon else None
    cut = SegmentOptions(language, limit_chars, markup=request.markup, reading=request.reading, kept_words=places)
    pieces = [p.text for p in segment(sentence.text, cut)]
    if pieces and len(joined := " ".join(pieces)) <= limit_chars:
        pieces = [joined]
    for text in pieces[:-1]:
        yield replace(sentence, text=text, pause_ms=0)
    for text in pieces[-1:]:
        yield replace(sentence, text=text)


def _is_plain(text: str, language: str, request: JobRequest) -> bool:
    """True if a caller's sentence is spoken as it is written."""
    has_speech = any(character.isalnum() for character in text)
    if not has_speech or not text.isprintable() or has_markup(text, request.markup):
        return False
    return request.reading is ReadingMode.OFF or read_sentence(text, language) == text
