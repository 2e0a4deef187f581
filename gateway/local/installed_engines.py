"""Installed engines: which one a private system on this machine starts where its user names none; and a running one.

A running pool says what its workers can do; here no worker has started yet, so the engines' profiles decide, and a
test compares them with the engines.
"""

import importlib.util
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace

from seriatim.client.default_engine import ORDER, choose_engine
from seriatim.client.job_options import JobRequest
from seriatim.engine import Voice
from seriatim.servers.redis_clients import check_reachable, command_client
from seriatim.settings import Settings
from seriatim.state.pool_record import PoolRecord
from seriatim.text.languages import is_language, language_tag
from workers.engines.engine_catalogue import EngineProfile, engine_profiles


def choose_installed(
    settings: Settings, request: JobRequest, text: object, list_voices: Callable[[str], Sequence[Voice]]
) -> tuple[JobRequest, str]:
    """The request with an engine that is installed here and can speak the text; and the reason, if not the default.

    `list_voices` asks an engine, which takes a second: for a name that is no language's, of an engine beside the
    default whose profile has no names.

    Raises:
        UnknownVoice: no engine that is installed has the request's voice.
    """
    if request.engine:
        return request, ""
    pools = _pools(settings)
    if request.voice and not _names_language(request.voice):
        pools = _with_voices(pools, list_voices)
    return choose_engine(pools, request, text)


def default_engine(settings: Settings) -> str:
    """The engine that speaks here what names none: the setting's, else the best that is installed."""
    return next(_pools(settings)).pool


def running_default(settings: Settings) -> str:
    """The pool that speaks what names none, in the system that runs.

    Raises:
        Unavailable: its Redis does not answer.
    """
    from seriatim.client.producer import Producer  # imports Celery

    check_reachable(command_client(settings.redis_url, outage_s=1.0), settings.redis_url)
    with closing(Producer(settings)) as producer:
        return producer.default_pool()


def installed_beside(engine: str) -> tuple[str, ...]:
    """The other engines that are installed and speak what `engine` does not, if that speaks English alone."""
    return tuple(name for name in _installed() if name != engine) if engine == ORDER[0] else ()


def expected_pool(engine: str) -> PoolRecord:
    """What a pool of the engine will register, as far as its profile says."""
    profile = engine_profiles().get(engine, EngineProfile())
    return PoolRecord(engine, abilities=(profile.abilities,) if profile.abilities else (), voices=profile.voices)


def _with_voices(pools: Iterator[PoolRecord], list_voices: Callable[[str], Sequence[Voice]]) -> Iterator[PoolRecord]:
    """The pools, with the voices of all but the first, which may need a model to list them."""
    yield next(pools)
    for pool in pools:
        yield pool if pool.voices else replace(pool, voices=tuple(list_voices(pool.pool)))


def _names_language(voice: str) -> bool:
    """Does the name say which language is spoken, such as `German` or `en-gb+f3`, or only a timbre, such as `+f3`?"""
    base = voice.partition("+")[0]
    return not base or is_language(language_tag(base))


def _pools(settings: Settings) -> Iterator[PoolRecord]:
    names = list(dict.fromkeys(filter(None, (settings.engine, *_installed()))))
    yield from map(expected_pool, names or ORDER[:1])


def _installed() -> Iterator[str]:
    """Engines whose package is here, with voices; the best first."""
    with_voices = {name: profile for name, profile in engine_profiles().items() if profile.module}
    for name in sorted(with_voices, key=lambda name: ORDER.index(name) if name in ORDER else len(ORDER)):
        if importlib.util.find_spec(with_voices[name].module):
            yield name
