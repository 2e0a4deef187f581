"""Sentence rows: a text is split for its pool into sentences, each in the form that the pool's scripts take."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from seriatim.client.job_lexicon import pronounced
from seriatim.client.job_options import JobRequest
from seriatim.client.resolved_request import ResolvedRequest
from seriatim.client.sentences.sentence_neighbours import with_neighbours
from seriatim.client.sentences.sentence_styles import SentenceStyles
from seriatim.client.text_limits import check_size, checked_sentences, limited_rows
from seriatim.lua.pool_scripts import sentence_argument
from seriatim.records import JobKind, Sentence
from seriatim.settings import Settings
from seriatim.state.pool_record import PoolRecord
from seriatim.text.dialogue.cast import NO_CAST
from seriatim.text.duration_estimate import estimate_ms
from seriatim.text.markup import Markup, has_markup
from seriatim.text.pronunciation import encode_pronunciations
from seriatim.text.reading import ReadingMode, read_sentence
from seriatim.text.segment import HOLD_CHARS, IncrementalSegmenter, Segment, SegmentOptions, segment
from seriatim.text.speech_style import PLAIN_STYLE

FIRST_CHARS = 80  #: a live job's first part: about five seconds of speech, and less than half that of synthesis
SHARED_FIRST_CHARS = 40  #: while listeners share slots: every first audio comes sooner, for one more seam

SHARED_LIMIT_MS = 8_000  #: of a live piece, while listeners share slots: the one behind it waits for one piece of it
TIGHT_LIMIT_MS = 4_000  #: while the pool is nearly full
#: slot seconds per second of audio below which a whole sentence takes less than a second: not worth a seam
SHARED_LIMIT_RTF = 0.03
SHARED_FIRST_RTF = 0.1  #: the same of first parts: one of five seconds takes half a second


def segmentation_for(resolved: ResolvedRequest, *, whole: bool = True) -> SegmentOptions:
    """The options by which a request's text is split for its pool; `whole`: all of the text is at hand."""
    request, pool, voices = resolved.request, resolved.pool, resolved.voices
    language = request.language or pool.language_of(request.voice) or "en"
    first = (SHARED_FIRST_CHARS if _is_shared(pool) else FIRST_CHARS) if request.kind is JobKind.LIVE else 0
    limit_chars = pool.limit_of(language)
    return SegmentOptions(
        language, limit_chars, pool.merge_chars, first, request.pause_ms, request.paragraph_ms, request.markup,
        request.reading, request.lexicon.places if request.lexicon else None,
        voices.language if voices else None, HOLD_CHARS if whole else 0, request.speaker_styles,
        live_limit_ms(request, pool), request.choices, request.quote_voices,
    )  # fmt: skip


def live_limit_ms(request: JobRequest, pool: PoolRecord) -> int:
    """How long a piece of a request's text may last, estimated at the normal speed; 0: as long as its sentence.

    A slot speaks one piece at a time, so that a listener without a slot waits for the rest of another's piece. Where
    each has a slot, none waits, and sentences stay whole.
    """
    if request.kind is not JobKind.LIVE or pool.rtf < SHARED_LIMIT_RTF:
        return 0
    if pool.tight:
        return round(TIGHT_LIMIT_MS * request.speed)
    return round(SHARED_LIMIT_MS * request.speed) if pool.listeners + 1 > pool.usable_slots else 0


def _is_shared(pool: PoolRecord) -> bool:
    """Whether another listener's first audio waits for this one's first part.

    Where sentences are kept in a cache, it is filled with longer parts (gateway/output/cache_warming.py).
    """
    outnumber = pool.listeners + 1 > pool.usable_slots and pool.rtf >= SHARED_FIRST_RTF and not pool.keeps_sentences
    return pool.tight or outnumber


def rows_of_text(
    text: str | Iterable[str | Sentence], resolved: ResolvedRequest, cut: SegmentOptions, settings: Settings,
    resolve: Callable[[Sentence], Sentence],
) -> Iterator[str]:  # fmt: skip
    """Rows of a text, or of a caller's own sentences, each passed through `resolve`; split by `cut`.

    Raises:
        BadInput: the text or one of the sentences is over a limit, or `resolve` refuses it.
    """
    request, styles = resolved.request, resolved.styles
    if isinstance(text, str):
        check_size(text, settings)
        sentences: Iterable[Sentence] = sentences_of_text(text, cut, resolved)
    else:
        checked = map(resolve, checked_sentences(text, request.pause_ms, settings))
        sentences = (part for sentence in checked for part in _fit_sentence(sentence, request, styles))
    if resolved.pool.takes_neighbours:
        sentences = with_neighbours(sentences)
    yield from limited_rows(rows_of_sentences(sentences, request), settings)


def sentences_of_text(text: str, cut: SegmentOptions, resolved: ResolvedRequest) -> Iterator[Sentence]:
    """The sentences of a text, as `sentences_of`; at its end, the markup that no engine follows is noted."""
    steps = IncrementalSegmenter(cut)
    yield from sentences_of(segment(text, cut, steps), resolved)
    resolved.styles.ignore(steps.unsupported)


def sentences_of(pieces: Iterable[Segment], resolved: ResolvedRequest) -> Iterator[Sentence]:
    """The pieces of a text as sentences, with the voices of their own that their languages or their styles ask for."""
    as_it_is: JobRequest | None = None
    for piece in pieces:
        sentence = Sentence(piece.text, piece.pause_ms)
        if resolved.voices and piece.language:
            sentence = resolved.voices.sentence(piece)
        sentence = resolved.styles.styled(_with_phonemes(sentence, piece, resolved.styles), piece.style)
        if sentence.language or piece.style.engine:  # the limit of characters may be another one
            as_it_is = as_it_is or _as_it_is(resolved.request)
            yield from _fit_sentence(sentence, as_it_is, resolved.styles)
        else:
            yield sentence


def _as_it_is(request: JobRequest) -> JobRequest:
    """The request for sentences of its text, which was read already."""
    return replace(request, markup=Markup.NONE, reading=ReadingMode.OFF, speakers={}, cast=NO_CAST)


def _with_phonemes(sentence: Sentence, piece: Segment, styles: SentenceStyles) -> Sentence:
    """The sentence of a piece with the phonemes that markup gives for its words."""
    if not piece.pronunciations:
        return sentence
    if not styles.pool.takes_phonemes:
        styles.ignore(["<phoneme>"])
    return replace(sentence, pronounce=encode_pronunciations(piece.pronunciations))


def rows_of_sentences(sentences: Iterable[Sentence], request: JobRequest) -> Iterator[str]:
    """Sentences in the pool's form, with their estimated durations and the pronunciations of their words."""
    for written in sentences:
        sentence = pronounced(written, request.lexicon)
        s = sentence if sentence.pause_ms >= 0 else replace(sentence, pause_ms=request.pause_ms)
        language = s.language or request.language or "en"
        spoken_ms = estimate_ms(s.text, language, s.speed or request.speed)
        yield sentence_argument(spoken_ms + s.pause_ms, s.to_json())


def _fit_sentence(sentence: Sentence, request: JobRequest, styles: SentenceStyles) -> Iterator[Sentence]:
    """A caller's sentence, split if it exceeds the engine's limit; its pause follows the last part."""
    language = sentence.language or request.language or "en"
    limit_chars = styles.pool.limit_of(language)
    if len(sentence.text) <= limit_chars and _is_plain(sentence.text, language, request):
        yield sentence
        return
    places = request.lexicon.places if request.lexicon else None
    cut = SegmentOptions(
        language, limit_chars, markup=request.markup, reading=request.reading, kept_words=places,
        speakers=request.speaker_styles, choices=request.choices,
    )  # fmt: skip
    pieces = list(segment(sentence.text, cut))
    if any(piece.style != PLAIN_STYLE or piece.pronunciations for piece in pieces):
        for piece in pieces:
            pause_ms = sentence.pause_ms if piece is pieces[-1] else piece.pause_ms
            own = replace(sentence, text=piece.text, pause_ms=pause_ms, pronounce="")
            yield styles.styled(_with_phonemes(own, piece, styles), piece.style)
        return
    texts = [piece.text for piece in pieces]
    if texts and len(joined := " ".join(texts)) <= limit_chars:
        texts = [joined]
    if texts != [sentence.text]:
        sentence = replace(sentence, pronounce="")  # its places are those of the whole
    for text in texts[:-1]:
        yield replace(sentence, text=text, pause_ms=0)
    for text in texts[-1:]:
        yield replace(sentence, text=text)


def _is_plain(text: str, language: str, request: JobRequest) -> bool:
    """True if a caller's sentence is spoken as it is written."""
    has_speech = any(character.isalnum() for character in text)
    if not has_speech or not text.isprintable() or has_markup(text, request.markup) or request.speaker_styles:
        return False
    return request.reading is ReadingMode.OFF or read_sentence(text, language) == text
