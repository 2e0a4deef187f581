"""The default engine: which pool speaks a job whose caller names neither an engine nor a pool.

It is a matter of the system, not of the caller: SERIATIM_ENGINE, or else the first pool of `ORDER` that has workers, or
else any pool that has. A text that this one cannot speak, because of its language, a voice, an option or the speed,
goes to the first of `ORDER` that can, or else to the first other pool, by name, that lists its languages or has its
voices; where none can, the default refuses it in its own words. A voice that none of them has is refused here, with the
names of all.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain

from seriatim.client.job_options import AUTO, JobRequest
from seriatim.client.pool_cache import PoolCache
from seriatim.client.text_languages import sample_of
from seriatim.client.voice_names import find_voice, unknown_voice
from seriatim.engine_names import known_engines, nearly
from seriatim.errors import BadInput, CommandRefused, UnknownOption, UnknownVoice
from seriatim.records import Sentence
from seriatim.state.pool_record import PoolRecord, pool_names
from seriatim.text.language_guess import MIXED, guess_language
from seriatim.text.languages import base_language, english_name

log = logging.getLogger(__name__)

ORDER = ("hibari", "espeak", "xtts")  #: the best voice that needs no choice, then most languages


@dataclass(frozen=True, slots=True)
class TextDemands:
    """What a text asks of the pool that speaks it."""

    language: str  #: BCP 47, `mul`, or "" where nothing is known
    speed: float
    options: Mapping[str, float]
    voices: frozenset[str]
    languages: frozenset[str]  #: of single sentences

    @classmethod
    def of(cls, request: JobRequest, text: object) -> "TextDemands":
        """Read them from a request and its text, which may be an iterable that must not be touched yet."""
        sentences = [each for each in text if isinstance(each, Sentence)] if isinstance(text, list | tuple) else []
        language = "" if request.language == AUTO else request.language
        if request.language == AUTO or not (language or request.voice):
            language = guess_language(sample_of(text))
        voices = frozenset(
            filter(
                None,
                (request.voice, *request.speakers.values(), *request.cast.voices, *(each.voice for each in sentences)),
            )
        )
        languages = frozenset(filter(None, (each.language for each in sentences)))
        return cls(language, request.speed, request.options, voices, languages)

    def met_by(self, pool: PoolRecord) -> bool:
        """Can the pool's workers speak such a text?"""
        if not self.language_met_by(pool):
            return False
        try:
            pool.check("", self.speed, self.options)
            for voice in self.voices:
                find_voice(voice, pool)
        except BadInput:
            return False
        return True

    def listed_by(self, pool: PoolRecord) -> bool:
        """Do the pool's workers list the text's languages, or else have its voices? An engine may list none."""
        languages = {self.language, *self.languages} - {"", MIXED}
        return all(map(pool.speaks, languages)) if languages else bool(self.voices and pool.voices)

    def language_met_by(self, pool: PoolRecord) -> bool:
        """Can the pool's workers speak the text's languages?"""
        try:
            for language in {self.language, *self.languages} - {MIXED}:
                pool.check(language, 1.0, {})
        except BadInput:
            return False
        return self.language != MIXED or not any(_monolingual(each.languages) for each in pool.abilities)


def choose_engine(pools: Iterable[PoolRecord], request: JobRequest, text: object) -> tuple[JobRequest, str]:
    """The request with the first of `pools` that can speak the text, else the first of all; and the reason, if one.

    Raises:
        UnknownVoice: several pools were looked at, and none of them has the request's voice.
    """
    demands, default, seen = TextDemands.of(request, text), PoolRecord(), list[PoolRecord]()
    for pool in pools:
        seen.append(pool)
        default = default if default.pool else pool
        is_expected = pool is default or pool.pool in ORDER
        if demands.met_by(pool) and (is_expected or demands.listed_by(pool)):
            break
    else:
        if len(seen) > 1 and not any(_has_voice(pool, request.voice) for pool in seen):
            raise unknown_voice(request.voice, seen)
        pool = default
    return replace(request, engine=pool.pool), _reason(demands, pool.pool, default)


def default_pool(pools: PoolCache, named: str) -> str:
    """The pool that speaks what says nothing else.

    Raises:
        Unavailable: Redis does not answer.
    """
    return next(running_pools(pools, named)).pool


def running_pools(pools: PoolCache, named: str) -> Iterator[PoolRecord]:
    """The default pool first, with workers or not, then the others that have some, `ORDER` first; `named` by a setting.

    All keys of the server are looked through only where the pools of `ORDER` are not enough for a caller.
    """
    found = {named} if named else set()
    if named:
        yield pools.get(named)
    for pool in chain((_read(pools, name) for name in ORDER), pools.with_workers()):
        if pool.slots and pool.pool not in found:
            found.add(pool.pool)
            yield pool
    if not found:
        yield _read(pools, ORDER[0])


def warn_if_unknown(pools: PoolCache, request: JobRequest, pool: PoolRecord) -> str:
    """A line about a pool that no worker has served and that is no engine's; "" for any other.

    Raises:
        UnknownOption: `engine` names it, and it is nearly the name of an engine or of a pool.
    """
    name = pool.pool
    if pool.slots or pool.rate_hz or name in (engines := known_engines()):
        return ""
    if not request.pool and (near := nearly(name, engines.union(_names(pools)) - {name})):
        raise UnknownOption(
            f"unknown engine {name!a}; nearest: {', '.join(near)}; for a pool that has no workers yet: pool={name!a}"
        )
    warning = (
        f"no worker has served pool {name!a} yet, and no engine has this name: the job waits for one "
        f"(seriatim worker --engine ENGINE --pool {name})"
    )
    log.warning("pool without workers so far", extra={"detail": warning})
    return warning


def _names(pools: PoolCache) -> list[str]:
    try:
        return pool_names(pools.redis)
    except CommandRefused:  # a role that may not look
        return []


def _read(pools: PoolCache, pool: str) -> PoolRecord:
    try:
        return pools.get(pool)
    except CommandRefused:  # a role that is tied to other pools
        return PoolRecord(pool)


def _reason(demands: TextDemands, chosen: str, default: PoolRecord) -> str:
    """The line that says why another engine than the default speaks a text; "" where that one does."""
    if chosen == default.pool:
        return ""
    if demands.language_met_by(default):
        found = f"asks for a voice, an option or a speed that {default.pool} does not have"
    elif demands.language == MIXED:
        found = f"has words in several scripts, which {default.pool} does not read"
    elif demands.languages or not demands.language:
        found = f"has a sentence in a language that {default.pool} does not speak"
    else:
        found = f"is in {english_name(demands.language)}, which {default.pool} does not speak"
    return (
        f"this text {found}: {chosen} speaks it. "
        "Another engine: --engine NAME; another language: --language TAG; better voices: seriatim models"
    )


def _has_voice(pool: PoolRecord, voice: str) -> bool:
    try:
        find_voice(voice, pool)
    except UnknownVoice:
        return False
    return True


def _monolingual(languages: Iterable[str]) -> bool:
    return len({base_language(tag) for tag in languages}) == 1
