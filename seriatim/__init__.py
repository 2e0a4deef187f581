"""Seriatim: parallel text-to-speech that is heard in order.

    from seriatim import enqueue_job

    job = enqueue_job("Good morning. How are you?", voice="en-gb")
    for chunk in job.pcm():
        play(chunk)

Everything that a program needs is imported from here. `enqueue_job`, `open_job` and `attach` use one client per
process, made at the first call from the environment's settings; a `Client` has settings of its own,
and `AsyncClient` is the same for asyncio. Names are imported when they are first used: `import seriatim` alone loads
neither Celery nor numpy.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from seriatim.client.async_client import AsyncClient as AsyncClient
    from seriatim.client.async_client import AsyncJob as AsyncJob
    from seriatim.client.async_client import AsyncOpenJob as AsyncOpenJob
    from seriatim.client.client import Client as Client
    from seriatim.client.default_client import attach as attach
    from seriatim.client.default_client import enqueue_job as enqueue_job
    from seriatim.client.default_client import open_job as open_job
    from seriatim.client.job import Job as Job
    from seriatim.client.job import JobStatus as JobStatus
    from seriatim.client.job_options import JobOptions as JobOptions
    from seriatim.client.job_options import JobRequest as JobRequest
    from seriatim.client.job_options import Text as Text
    from seriatim.client.open_job import OpenJob as OpenJob
    from seriatim.engine import Voice as Voice
    from seriatim.errors import BadInput as BadInput
    from seriatim.errors import BudgetSpent as BudgetSpent
    from seriatim.errors import Busy as Busy
    from seriatim.errors import CapReached as CapReached
    from seriatim.errors import CommandRefused as CommandRefused
    from seriatim.errors import EmptyText as EmptyText
    from seriatim.errors import EngineBusy as EngineBusy
    from seriatim.errors import EngineFailed as EngineFailed
    from seriatim.errors import EngineUnavailable as EngineUnavailable
    from seriatim.errors import IdempotencyConflict as IdempotencyConflict
    from seriatim.errors import JobCancelled as JobCancelled
    from seriatim.errors import JobEnded as JobEnded
    from seriatim.errors import JobFailed as JobFailed
    from seriatim.errors import JobNotOpen as JobNotOpen
    from seriatim.errors import JobUnknown as JobUnknown
    from seriatim.errors import MemoryFull as MemoryFull
    from seriatim.errors import Misconfigured as Misconfigured
    from seriatim.errors import NoWorkers as NoWorkers
    from seriatim.errors import PositionLost as PositionLost
    from seriatim.errors import Refused as Refused
    from seriatim.errors import SentenceTooLong as SentenceTooLong
    from seriatim.errors import SeriatimError as SeriatimError
    from seriatim.errors import StoreRefused as StoreRefused
    from seriatim.errors import StoreUnavailable as StoreUnavailable
    from seriatim.errors import TextTooLarge as TextTooLarge
    from seriatim.errors import TimedOut as TimedOut
    from seriatim.errors import TooManySentences as TooManySentences
    from seriatim.errors import Unavailable as Unavailable
    from seriatim.errors import UnknownFormat as UnknownFormat
    from seriatim.errors import UnknownLanguage as UnknownLanguage
    from seriatim.errors import UnknownOption as UnknownOption
    from seriatim.errors import UnknownVoice as UnknownVoice
    from seriatim.errors import Unwritable as Unwritable
    from seriatim.errors import UpstreamFailed as UpstreamFailed
    from seriatim.records import Sentence as Sentence
    from seriatim.settings import Settings as Settings
    from seriatim.state import LiveJobState as LiveJobState
    from seriatim.state import PoolState as PoolState
    from seriatim.stream_entries import Audio as Audio
    from seriatim.stream_entries import Discontinuity as Discontinuity
    from seriatim.stream_entries import Gap as Gap
    from seriatim.stream_entries import SentenceStart as SentenceStart

__version__ = "0.2.0"

_MODULES = {
    "seriatim.client.async_client": ("AsyncClient", "AsyncJob", "AsyncOpenJob"),
    "seriatim.client.client": ("Client",),
    "seriatim.client.default_client": ("attach", "enqueue_job", "open_job"),
    "seriatim.client.job": ("Job", "JobStatus"),
    "seriatim.client.job_options": ("JobOptions", "JobRequest", "Text"),
    "seriatim.client.open_job": ("OpenJob",),
    "seriatim.engine": ("Voice",),
    "seriatim.records": ("Sentence",),
    "seriatim.settings": ("Settings",),
    "seriatim.state": ("LiveJobState", "PoolState"),
    "seriatim.stream_entries": ("Audio", "Discontinuity", "Gap", "SentenceStart"),
    "seriatim.errors": (
        "BadInput",
        "BudgetSpent",
        "Busy",
        "CapReached",
        "CommandRefused",
        "EmptyText",
        "EngineBusy",
        "EngineFailed",
        "EngineUnavailable",
        "IdempotencyConflict",
        "JobCancelled",
        "JobEnded",
        "JobFailed",
        "JobNotOpen",
        "JobUnknown",
        "MemoryFull",
        "Misconfigured",
        "NoWorkers",
        "PositionLost",
        "Refused",
        "SentenceTooLong",
        "SeriatimError",
        "StoreRefused",
        "StoreUnavailable",
        "TextTooLarge",
        "TimedOut",
        "TooManySentences",
        "Unavailable",
        "UnknownFormat",
        "UnknownLanguage",
        "UnknownOption",
        "UnknownVoice",
        "UpstreamFailed",
        "Unwritable",
    ),
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}

__all__ = [*_MODULE_OF]


def __getattr__(name: str) -> Any:
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'seriatim' has no attribute {name!r}")
    from seriatim.process.shadowed_imports import import_ours

    found = getattr(import_ours(_MODULE_OF[name]), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted([*globals(), *_MODULE_OF])
