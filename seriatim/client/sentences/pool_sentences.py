"""Pool sentences: those of a text whose speakers have engines of their own, each with the pool that speaks it."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from seriatim.client.resolved_request import ResolvedRequest
from seriatim.client.sentence_rows import segmentation_for, sentences_of, sentences_of_text
from seriatim.records import Sentence
from seriatim.text.dialogue.cast import NO_CAST
from seriatim.text.segment import IncrementalSegmenter, segment

if TYPE_CHECKING:
    from seriatim.client.job_options import JobRequest
    from seriatim.client.producer import Producer


def resolve_pools(producer: "Producer", request: "JobRequest", text: str) -> dict[str, ResolvedRequest]:
    """The request in the terms of each pool that speaks some of its text, by the pool; the narrator's is the first.

    Raises:
        UnknownVoice, UnknownLanguage, UnknownOption, BadInput: the workers of one do not support it.
        Unavailable: Redis does not answer.
    """
    narrator = producer.resolve(request, text)
    found = {narrator.request.pool_name: narrator}
    for pool in sorted(narrator.request.cast.pools - {narrator.request.pool_name}):
        own = replace(request, engine=pool, pool="", voice="", options={}, speakers={}, cast=NO_CAST)
        found[pool] = producer.resolve(own, text)
    return found


def pool_sentences(text: str, resolved: Mapping[str, ResolvedRequest]) -> Iterator[tuple[str, Sentence]]:
    """The sentences of a text, each with its pool; `resolved` as `resolve_pools` returns it."""
    narrator, *others = resolved
    cut = segmentation_for(resolved[narrator])
    if not others:
        yield from ((narrator, sentence) for sentence in sentences_of_text(text, cut, resolved[narrator]))
        return
    steps = IncrementalSegmenter(cut)
    for piece in segment(text, cut, steps):
        pool = piece.style.engine or narrator
        yield from ((pool, sentence) for sentence in sentences_of([piece], resolved[pool]))
    resolved[narrator].styles.ignore(steps.unsupported)
