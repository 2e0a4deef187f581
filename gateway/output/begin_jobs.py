"""Begin the jobs of a text: one for each pool that speaks some of its sentences."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import chain, islice

from gateway.output.job_group import JobGroup
from seriatim.client.job_options import JobRequest
from seriatim.client.partial_submission import PartialSubmission
from seriatim.client.producer import Producer
from seriatim.client.resolved_request import ResolvedRequest
from seriatim.errors import NoWorkers
from seriatim.records import Sentence
from seriatim.text.dialogue.cast import NO_CAST
from seriatim.text.markup import Markup
from seriatim.text.reading import ReadingMode


def check_workers(
    producer: Producer, request: JobRequest, advice: str = "start one, or omit --redis to use a private system"
) -> None:
    """Check that the pools of a request, its narrator's and those of its cast, have workers.

    Raises:
        NoWorkers: one has none.
    """
    for pool in (request.pool_name, *sorted(request.cast.pools)):
        if not producer.pool_cache.get(pool).slots:
            raise NoWorkers(f"no worker of pool {pool!r} is running; {advice}", 5)


def begin_jobs(
    producer: Producer,
    request: JobRequest,
    sentences: Iterator[tuple[str, Sentence]],
    resolved: Mapping[str, ResolvedRequest],
) -> JobGroup:
    """Begin the jobs of a request's sentences, each with its pool; `resolved` as `resolve_pools` returns it.

    Raises:
        as `Producer.begin`.
    """
    as_it_is = replace(request, markup=Markup.NONE, reading=ReadingMode.OFF, speakers={}, cast=NO_CAST)

    def begin(pool: str, own: Iterable[Sentence]) -> PartialSubmission:
        found = resolved[pool].request
        named = replace(as_it_is, engine=found.engine, pool=found.pool, options=found.options)
        return producer.begin(own, replace(named, voice=found.voice, language=found.language))

    narrator, opening = next(iter(resolved)), list(islice(sentences, 1))
    whole = chain(opening, sentences)
    if len(resolved) > 1 and opening:
        return JobGroup.begin_several(whole, begin, resolved[narrator].pool.rate_hz)
    return JobGroup.begin_one(narrator, (sentence for _, sentence in whole), begin)
