"""A step of a route: one engine, whether it is away, and how it gets a sentence of the route.

An engine is away after several failures in a row. Then no listener's sentence tries it: a thread of the step has it
speak a sentence of its own from time to time, and it takes part again when it does.
"""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace

from seriatim.audio.pcm import ms_of_bytes
from seriatim.audio.resampler import PcmResampler
from seriatim.engine import AudioChunk, Engine, Utterance
from seriatim.errors import EngineBusy, EngineFailed, EngineUnavailable, SeriatimError, UpstreamFailed
from seriatim.process import watched_tasks
from seriatim.text.duration_estimate import estimate_ms
from workers.engines.engine_registry import load
from workers.engines.route.route_file import StepOptions
from workers.warm_up import WARM_UP

log = logging.getLogger(__name__)

PLACE_RETRY_S = 0.5  #: after which a sentence returns that found all slots of the engine taken
PACE_KEPT = 0.8  #: share of its earlier sentences' lengths in the engine's pace that the next one leaves


@dataclass(slots=True)
class RouteStep:
    """One engine of a route; thread-safe."""

    options: StepOptions
    rate_hz: int  #: of the route
    most_failures: int  #: in a row, after which the engine is away
    return_s: float  #: between two tries of an engine that is away
    engine: Engine | None = None  #: None: it could not be loaded yet
    away: bool = False
    _made_ms: float = 0.0  #: length of its latest sentences' sound, and their estimates: a longer one counts more
    _estimated_ms: float = 0.0
    _failures: int = 0
    _places: threading.Semaphore = field(default_factory=threading.Semaphore)
    _lock: threading.Lock = field(default_factory=threading.Lock)  #: of `away`, `_failures` and the pace
    _closed: threading.Event = field(default_factory=threading.Event)
    _recovery: threading.Thread | None = None

    @property
    def name(self) -> str:
        return self.options.name

    @property
    def pace(self) -> float:
        """The length of its sound divided by the estimate, of its latest sentences."""
        with self._lock:
            return self._made_ms / self._estimated_ms if self._made_ms else 1.0

    def start(self) -> None:
        """Load the engine and have it speak; one whose server cannot be reached is away.

        Raises:
            EngineUnavailable, UnknownOption, Misconfigured: it can never be loaded so.
        """
        try:
            self._try_engine()
        except (EngineFailed, EngineBusy) as error:
            self._leave(str(error))

    def speak(self, utterance: Utterance, cancelled: Callable[[], bool]) -> Iterator[AudioChunk]:
        """The chunks of one sentence of the route, at the route's rate.

        Raises:
            BadInput: the engine does not speak such a sentence.
            EngineBusy: its server, or all its slots are busy.
            EngineFailed: it failed, which was noted.
        """
        engine = self.engine
        if engine is None:
            raise UpstreamFailed(f"{self.name} is away")
        if not self._places.acquire(blocking=False):
            raise EngineBusy(f"all slots of {self.name} are taken", PLACE_RETRY_S, "concurrency")
        try:
            yield from self._converted(engine, utterance, cancelled)
        except (EngineFailed, EngineUnavailable) as error:
            self._note_failure(str(error))
            raise
        finally:
            self._places.release()

    def close(self) -> None:
        """Stop trying, and free the engine."""
        self._closed.set()
        if self._recovery is not None:
            self._recovery.join(timeout=1)
        if self.engine is not None:
            self.engine.close()

    def _converted(self, engine: Engine, utterance: Utterance, cancelled: Callable[[], bool]) -> Iterator[AudioChunk]:
        resampler = PcmResampler(engine.rate_hz, self.rate_hz) if engine.rate_hz != self.rate_hz else None
        n_bytes = 0
        with closing(engine.speak(self._adapted(engine, utterance), cancelled)) as chunks:  # type: ignore[type-var]  # generators
            for chunk in chunks:
                n_bytes += len(chunk.pcm)
                pcm = resampler.feed(chunk.pcm) if resampler else chunk.pcm
                yield replace(chunk, pcm=pcm, state=b"", last=chunk.last and resampler is None)
        if cancelled():
            return
        if resampler:
            yield AudioChunk(resampler.feed(b"", last=True), last=True)
        self._note_pace(utterance, ms_of_bytes(n_bytes, engine.rate_hz))
        with self._lock:
            self._failures = 0

    def _adapted(self, engine: Engine, utterance: Utterance) -> Utterance:
        """The sentence in the engine's terms: its voice, and of options and speed what it has."""
        abilities = engine.abilities
        slowest, fastest = abilities.speeds
        options = {
            name: min(max(value, abilities.options[name][0]), abilities.options[name][1])
            for name, value in utterance.options.items()
            if name in abilities.options
        }
        adapted = replace(
            utterance, voice=self.options.voices.get(utterance.voice, ""), options=options,
            speed=min(max(utterance.speed, slowest), fastest),
        )  # fmt: skip
        return adapted if abilities.neighbours else replace(adapted, previous_text="", next_text="")

    def _note_pace(self, utterance: Utterance, made_ms: float) -> None:
        estimated_ms = estimate_ms(utterance.text, utterance.language, utterance.speed)
        with self._lock:
            self._made_ms = PACE_KEPT * self._made_ms + made_ms
            self._estimated_ms = PACE_KEPT * self._estimated_ms + estimated_ms

    def _note_failure(self, reason: str) -> None:
        with self._lock:
            self._failures += 1
            leaves = self._failures >= self.most_failures
        if leaves:
            self._leave(reason)

    def _leave(self, reason: str) -> None:
        with self._lock:
            if self.away or self._closed.is_set():
                return
            self.away = True
        log.warning("engine of the route is away", extra={"engine": self.name, "why": reason})
        self._recovery = watched_tasks.start(f"route {self.name}", self._recover)

    def _recover(self) -> None:
        """Try the engine until it speaks: listeners' sentences are spoken by others meanwhile."""
        while not self._closed.wait(self.return_s):
            try:
                self._try_engine()
            except SeriatimError:
                continue
            with self._lock:
                self.away, self._failures = False, 0
            log.info("engine of the route is back", extra={"engine": self.name})
            return

    def _try_engine(self) -> None:
        """Load the engine, if it is not, and have it speak a sentence of which nothing is heard."""
        if self.engine is None:
            engine = load(self.options.engine, self.options.options)
            self._places = threading.Semaphore(engine.slots)
            self.engine = engine
        probe = Utterance(WARM_UP)
        n_bytes = sum(len(chunk.pcm) for chunk in self.engine.speak(self._adapted(self.engine, probe), lambda: False))
        if not n_bytes:
            raise EngineFailed(f"{self.name} gave no audio for its first sentence")
        self._note_pace(probe, ms_of_bytes(n_bytes, self.engine.rate_hz))
