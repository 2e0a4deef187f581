"""Word events of espeak-ng as word times: which event in the text that espeak got is which word of the sentence. Pure.

espeak names a word by the place of its first character in the text that it got, which is not quite the sentence: its
dialect (`seriatim.text.dialects`) and `buffer_limits.py` add spaces, marks and soft hyphens. They keep all other
characters, so those are counted in both texts. A word may have several events ("25.50" has five), or none: espeak
speaks "of the" as one word. Words without events share the time until the next one by their letters.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from itertools import accumulate, pairwise

from seriatim.text.word_times import PAUSE_MARKS, word_spans
from workers.engines.phoneme_durations import WordTimes

WordEvent = tuple[int, int]  #: the 1-based place of a word's first character in espeak's text, and its start in ms


def event_word_times(text: str, read_text: str, events: Sequence[WordEvent], length_ms: float) -> WordTimes:
    """Start and end of each word of `text` in ms; () if they are unknown. A word lasts until the next one begins.

    Args:
        text: the sentence that was spoken.
        read_text: the sentence as espeak got it.
        events: in order of time.
        length_ms: of the sound.
    """
    spans = word_spans(text)
    kept, read = kept_places(text), kept_places(read_text)
    if not spans or [text[at].casefold() for at in kept] != [read_text[at].casefold() for at in read]:
        return ()
    firsts = [bisect_left(kept, start) for start, _ in spans]
    starts_ms: dict[int, list[float]] = {}
    for place, start_ms in events:
        n_before = bisect_left(read, place - 1)
        if n_before < len(read):
            starts_ms.setdefault(max(0, bisect_right(firsts, n_before) - 1), []).append(start_ms)
    n_letters = [sum(map(str.isalnum, text[start:end])) for start, end in spans]
    marks_ms = _word_starts(starts_ms, n_letters, length_ms)
    return tuple(pairwise([*marks_ms, length_ms])) if marks_ms == sorted(marks_ms) else ()


def kept_places(text: str) -> list[int]:
    """Where the characters are that both texts have, 0-based: all but spaces, invisible ones and marks of pauses."""
    return [at for at, char in enumerate(text) if char != " " and char.isprintable() and char not in PAUSE_MARKS]


def _word_starts(events_ms: Mapping[int, list[float]], n_letters: Sequence[int], length_ms: float) -> list[float]:
    """The start of each word in ms; [] without events.

    Args:
        events_ms: the events of each word that has any, by its number, 0-based and ascending.
        n_letters: of each word; a sign without letters takes no time of its neighbours.
        length_ms: of the sound.
    """
    known = sorted(events_ms)
    starts_ms = [events_ms[word][0] for word in known[:1]] * min(known, default=0)
    for word, behind in pairwise([*known, len(n_letters)]):
        events = events_ms[word]
        if len(events) == behind - word:  # such as two characters in one word of Chinese
            starts_ms += events
            continue
        from_ms, to_ms = events[0], events_ms[behind][0] if behind in events_ms else length_ms
        shares = list(accumulate(n_letters[word:behind], initial=0))
        starts_ms += [from_ms + (to_ms - from_ms) * share / (shares[-1] or 1) for share in shares[:-1]]
    return starts_ms
