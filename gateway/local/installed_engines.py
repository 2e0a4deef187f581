"""Installed engines: which one a private system on this machine starts where its user names none; and a running one.

A running pool says what its workers can do; here no worker has started yet, so the little that decides is written down,
and a test compares it with the engines.
"""

import importlib.util
from collections.abc import Iterator, Mapping

from seriatim.client.default_engine import ORDER, choose_engine, default_pool
from seriatim.client.job_options import JobRequest
from seriatim.engine import Voice
from seriatim.engine_abilities import Abilities
from seriatim.servers.redis_clients import check_reachable, command_client
from seriatim.settings import Settings
from seriatim.state.pool_record import PoolRecord

#: engine -> the module of its package, and what a pool of it would register; nothing: it speaks anything
KNOWN: Mapping[str, tuple[str, PoolRecord]] = {
    "hibari": (
        "hibari",
        PoolRecord(
            "hibari",
            abilities=(Abilities("hibari", ("en",), speeds=(0.5, 2.0)),),
            voices=(Voice("heart", "en-US"),),
        ),
    ),
    "espeak": ("espeakng_loader", PoolRecord("espeak")),
}


def choose_installed(settings: Settings, request: JobRequest, text: object) -> tuple[JobRequest, str]:
    """The request with an engine that is installed here and can speak the text; and the reason, if not the default."""
    return (request, "") if request.engine else choose_engine(_pools(settings), request, text)


def default_engine(settings: Settings) -> str:
    """The engine that speaks here what names none: the setting's, else the best that is installed."""
    return next(_pools(settings)).pool


def running_default(settings: Settings) -> str:
    """The pool that speaks what names none, in the system that runs.

    Raises:
        Unavailable: its Redis does not answer.
    """
    from seriatim.client.client import Client  # imports Celery

    check_reachable(command_client(settings.redis_url, outage_s=1.0), settings.redis_url)
    with Client(settings=settings) as client:
        return default_pool(client)


def installed_beside(engine: str) -> tuple[str, ...]:
    """The other engines that are installed and speak what `engine` does not, if that speaks English alone."""
    return tuple(name for name in _installed() if name != engine) if engine == ORDER[0] else ()


def _pools(settings: Settings) -> Iterator[PoolRecord]:
    names = list(dict.fromkeys(filter(None, (settings.engine, *_installed()))))
    yield from (KNOWN.get(name, ("", PoolRecord(name)))[1] for name in names or ORDER[:1])


def _installed() -> Iterator[str]:
    return (name for name, (module, _) in KNOWN.items() if importlib.util.find_spec(module))
