"""Our own entry: Seriatim, run as the rivals are, with real worker processes, heard from the ordered stream.

The engine is `tone` with a fixed cost a sentence. Its sound depends on the text alone, so a prime number of texts takes
turns: a sentence that is lost, doubled or out of place shifts all that follow, and is heard.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache, partial

from bench.broker import BenchBroker, Profile
from bench.measure import Contender, Piece, Row, Speak, measured
from bench.work import Work
from gateway.local.processes import LocalSystem, WorkerPlan
from seriatim.client.job_options import JobRequest
from seriatim.client.producer import Producer
from seriatim.engine import Utterance
from seriatim.records import Sentence
from seriatim.settings import Settings
from seriatim.stream_entries import Audio
from workers.engines.engine_registry import load
from workers.trim_and_fade import TrimFadeFilter

#: words of texts that take turns, each with a sound of its own: no digits, which would be read in words
WORDS = (
    "apple", "bread", "chair", "dance", "eagle", "flute", "grape", "horse", "ivory", "jolly", "knife", "lemon", "mango",
    "night", "olive", "piano", "quiet",
)  # fmt: skip
TURNS = len(WORDS)
RATE_HZ = 24_000
WORD_MS = 400  #: of one of them, spoken
WINDOW_MS = 120_000  #: a reader in the same machine is never what is waited for, and memory stays bounded


def text_of(seq: int, work: Work) -> str:
    """The text of sentence `seq`; each of the turns has a word of its own, and all have the same length.

    It is as long as its sound: one that is far too short would be marked, with a line in the log and a call of its own.
    """
    n_words = max(1, round(work.audio_bytes / 2 / RATE_HZ * 1000 / WORD_MS))
    return " ".join([WORDS[seq % TURNS]] * n_words).capitalize() + "."


def options_of(work: Work) -> tuple[str, ...]:
    """Engine options that make the tone engine cost and sound what the work says."""
    n_chars = len(text_of(0, work))
    ms_per_char = work.audio_bytes / 2 / RATE_HZ * 1000 / n_chars
    return (f"ms_per_char={ms_per_char:.4f}", f"fixed_ms={work.cost_ms}", f"rate_hz={RATE_HZ}")


@contextmanager
def system_on(
    broker: BenchBroker, worker_plan: WorkerPlan, *, environment: Mapping[str, str] | None = None, **changes: object
) -> Iterator[LocalSystem]:
    """A reassembler and workers on a bench's server, ready to work."""
    settings = Settings(redis_url=broker.url, broker_url=broker.celery_url, store_dir=str(broker.folder), **changes)  # type: ignore[arg-type]  # settings by name
    with LocalSystem(settings, broker.folder, environment=environment or {}) as system:
        system.start_child("reassembler", "reassembler.main")
        system.start_child("worker", "workers", worker_plan.arguments())
        system.await_workers(worker_plan.pool_name)
        yield system


def request(**options: object) -> JobRequest:
    """A job of the bench: batch work that its reader drains."""
    return JobRequest.of(
        {"engine": "tone", "kind": "batch", "drain": "window", "pause_ms": 0, "window_ms": WINDOW_MS, **options}
    )


@contextmanager
def ready(work: Work, broker: BenchBroker, *, processes: int = 1) -> Iterator[Speak]:
    """Workers that have spoken, and a producer that has published."""
    worker_plan = WorkerPlan("tone", processes, work.workers // processes, "", options_of(work))
    with system_on(broker, worker_plan) as system:
        producer = Producer(system.settings)
        _hear(producer, work, TURNS)
        yield partial(_hear_pieces, producer, work)


def sentences(work: Work, n: int) -> Iterator[Sentence]:
    """The first `n` sentences of a work."""
    return (Sentence(text_of(seq, work), seed=0) for seq in range(n))


def _hear(producer: Producer, work: Work, n: int) -> None:
    for _ in producer.enqueue(sentences(work, n), request()).audio():
        pass


def _hear_pieces(producer: Producer, work: Work) -> Iterator[Piece]:
    job = producer.enqueue(sentences(work, work.sentences), request())
    return ((entry.seq, entry.pcm) for entry in job.audio() if isinstance(entry, Audio))


def expected(work: Work, seq: int, _n_bytes: int) -> bytes:
    """The right audio of a sentence."""
    return _sound(text_of(seq, work), options_of(work))


@cache
def _sound(text: str, options: tuple[str, ...]) -> bytes:
    engine = load("tone", dict(option.split("=") for option in options if not option.startswith("fixed_ms")))
    edges = TrimFadeFilter(engine.rate_hz, 0)
    return b"".join(edges.feed(s.pcm) for s in engine.speak(Utterance(text), lambda: False)) + edges.finish()


def measure(work: Work, profile: Profile) -> Row:
    """One process with as many slots as there are workers.

    Raises:
        as `measured`.
    """
    for seq in range(TURNS):
        expected(work, seq, 0)
    return measured(Contender(durable=True, ready=ready, expected=partial(expected, work)), work, profile)
