"""Times of the sentences in a job, from the markers of its recording. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass

from gateway.http.reading.word_timing import Source, timed_words
from seriatim.audio.pcm import ms_of_bytes
from seriatim.recordings.recording_events import Marker
from seriatim.stream_entries import End, SentenceStart
from seriatim.text.word_times import WordTime


@dataclass(frozen=True, slots=True)
class SentenceSpan:
    """A sentence and its times, in s from the job's beginning."""

    seq: int
    start_s: float
    end_s: float
    text: str
    words: tuple[WordTime, ...] = ()  #: in ms from the sentence's beginning
    words_from: Source = "estimate"


def sentence_spans(markers: Iterable[Marker]) -> tuple[list[SentenceSpan], bool]:
    """The complete sentences, and whether the job is complete. A sentence includes the pause after it. Pure."""
    result: list[SentenceSpan] = []
    last: SentenceStart | None = None
    for marker in markers:
        if isinstance(marker, SentenceStart | End):
            offset = marker.at if isinstance(marker, SentenceStart) else marker.n_bytes
            rate_hz = (last.rate_hz or _rate_of(marker)) if last else 0
            if last is not None and rate_hz and offset > last.at:
                start_s, end_s = ms_of_bytes(last.at, rate_hz) / 1000, ms_of_bytes(offset, rate_hz) / 1000
                words, source = timed_words(last, (end_s - start_s) * 1000)
                span = SentenceSpan(last.seq, round(start_s, 3), round(end_s, 3), last.text, words, source)
                result.append(span)
            if isinstance(marker, End):
                return result, marker.state == "done"
            last = marker
    return result, False


def _rate_of(marker: SentenceStart | End) -> int:
    return marker.rate_hz if isinstance(marker, SentenceStart) else 0
