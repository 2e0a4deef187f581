"""The route engine: several engines in a chain, one of which speaks each sentence.

The first engine that is there speaks. One that fails before a sound was passed on is followed by the next, within the
same attempt. One that fails in the middle of a sentence ends the attempt; the next attempt begins with the next engine,
and if a part was heard it speaks the rest alone, behind the discontinuity that the pool marks.

Where a live listener has little ahead, the quick engine comes first, if the operator named one.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Annotated

from seriatim.engine import AudioChunk, Continuity, Engine, Utterance, Voice
from seriatim.engine_abilities import Abilities
from seriatim.errors import (
    BadInput,
    EngineBusy,
    EngineFailed,
    EngineUnavailable,
    SeriatimError,
    UnknownOption,
    UnknownVoice,
    UpstreamFailed,
)
from seriatim.nearest_names import unknown_word
from workers.engines.engine_options import OptionInfo, read_options
from workers.engines.route.remaining_text import heard_chars
from workers.engines.route.route_file import read_route
from workers.engines.route.route_step import RouteStep

DEFAULT_VOICE = "default"  #: of a route whose file names no voices
MARK = "engine_"  #: before the name of an engine other than the first, in the mark of its sentences


class BusyPolicy(StrEnum):
    """Handling of an engine whose server accepts no request now."""

    WAIT = "wait"  #: postpone the sentence: every listener keeps the first engine's voice
    NEXT = "next"  #: the next engine speaks it


@dataclass(frozen=True, slots=True)
class RouteOptions:
    """The route engine's options."""

    file: Annotated[str, OptionInfo("the route: a TOML file with its engines")] = ""
    rate_hz: Annotated[int, OptionInfo("rate of the pool; everything else is resampled", 8_000, 48_000)] = 24_000
    slots: Annotated[int, OptionInfo("sentences spoken at once; 0: as many as the first engine does", 0, 4096)] = 0
    busy: Annotated[BusyPolicy, OptionInfo("where an engine's server is busy: wait, or the next engine")] = (
        BusyPolicy.WAIT
    )
    quick: Annotated[str, OptionInfo("name of the engine that speaks where a live listener has little ahead")] = ""
    quick_ms: Annotated[int, OptionInfo("audio ahead of a listener below which that engine speaks", 1, 600_000)] = 2_000
    failures: Annotated[int, OptionInfo("failures in a row after which an engine is away", 1, 100)] = 2
    return_s: Annotated[float, OptionInfo("between two tries of an engine that is away", 0.05, 86_400)] = 30.0


class RouteEngine:
    """The engine; thread-safe."""

    name = "route"
    continuity = Continuity.NONE
    limits: Mapping[str, int] = MappingProxyType({})
    gauges: Mapping[str, float] = MappingProxyType({})

    def __init__(self, options: RouteOptions, steps: Sequence[RouteStep]) -> None:
        engines = [step.engine for step in steps if step.engine is not None]
        if not engines:
            raise UpstreamFailed(f"none of the route's engines is there: {', '.join(step.name for step in steps)}")
        self._steps, self._options = tuple(steps), options
        self._quick = tuple(sorted(steps, key=lambda step: bool(options.quick) and step.name != options.quick))
        self.rate_hz, self.slots = options.rate_hz, options.slots or engines[0].slots
        self.rtf = engines[0].rtf
        self.limit_chars = min(min((engine.limit_chars, *engine.limits.values())) for engine in engines)
        self.merge_chars = max(engine.merge_chars for engine in engines)
        self.abilities = _joint_abilities(engines)
        self.voices = _joint_voices(steps)

    def speak(self, utterance: Utterance, cancelled: Callable[[], bool]) -> Iterator[AudioChunk]:
        """See `seriatim.engine.Engine.speak`.

        Raises:
            UnknownVoice: the route has no such voice.
            BadInput, EngineBusy, EngineFailed: no engine speaks the sentence; a reason that another attempt overcomes
                goes first.
        """
        voice = utterance.voice or self.voices[0].name
        if all(voice != known.name for known in self.voices):
            raise UnknownVoice(unknown_word("route voice", voice, [known.name for known in self.voices]))
        rest, reasons = self._remaining(replace(utterance, voice=voice)), list[SeriatimError]()
        for step in self._order(utterance):
            sent = False
            try:
                for chunk in self._marked(step, rest, cancelled):
                    sent = sent or bool(chunk.pcm)
                    yield chunk
            except (BadInput, EngineFailed, EngineUnavailable, EngineBusy) as error:
                if sent or (isinstance(error, EngineBusy) and self._options.busy is BusyPolicy.WAIT):
                    raise
                reasons.append(error)
            else:
                return
        raise min(reasons, key=_hopelessness)

    def close(self) -> None:
        """Free all engines."""
        for step in self._steps:
            step.close()

    def _marked(self, step: RouteStep, rest: Utterance, cancelled: Callable[[], bool]) -> Iterator[AudioChunk]:
        """The chunks of one engine; the first says where it begins, and names the engine if it is not the first."""
        mark = MARK + step.name if step is not self._steps[0] else ""
        with closing(step.speak(rest, cancelled)) as chunks:  # type: ignore[type-var]  # a generator
            for n, chunk in enumerate(chunks):
                first = replace(chunk, continues=rest.heard_ms > 0, mark=chunk.mark or mark)
                yield chunk if n else first

    def _order(self, utterance: Utterance) -> list[RouteStep]:
        """The engines to ask, the first choice first; a sentence that failed begins with another one each time.

        Those that are away come last: they are asked only where no other speaks the sentence.
        """
        steps = self._chain(utterance)
        first = utterance.failures % len(steps)
        return sorted([*steps[first:], *steps[:first]], key=lambda step: step.away)

    def _chain(self, utterance: Utterance) -> Sequence[RouteStep]:
        """The engines in the order of the route, or with the quick one first."""
        hurried = utterance.live and utterance.lead_ms < self._options.quick_ms
        return self._quick if hurried else self._steps

    def _remaining(self, utterance: Utterance) -> Utterance:
        """The sentence, or its rest from the word on at which the sound of an earlier attempt stopped."""
        if utterance.heard_ms <= 0:
            return utterance
        steps = self._chain(utterance)
        spoke = steps[max(0, utterance.failures - 1) % len(steps)]
        at = heard_chars(utterance.text, utterance.heard_ms, utterance.language, utterance.speed, spoke.pace)
        before = f"{utterance.previous_text} {utterance.text[:at]}".strip()
        return replace(utterance, text=utterance.text[at:], previous_text=before)


def load(values: Mapping[str, str]) -> RouteEngine:
    """The route engine with `values` as options; each of its engines has spoken a sentence.

    Raises:
        UnknownOption, Misconfigured: an option, or the file, cannot be used.
        EngineUnavailable: the package, model or key of one of its engines is missing.
        UpstreamFailed: none of its engines can be reached.
    """
    options = read_options(RouteOptions, "route", values)
    if not options.file:
        raise EngineUnavailable("the route engine needs --engine-option file=ROUTE.toml (docs/how-to/routes.md)")
    steps = [
        RouteStep(step, options.rate_hz, options.failures, options.return_s)
        for step in read_route(Path(options.file).expanduser())
    ]
    if options.quick and options.quick not in (names := [step.name for step in steps]):
        raise UnknownOption(unknown_word("quick engine", options.quick, names))
    for step in steps:
        step.start()
    return RouteEngine(options, steps)


def _hopelessness(reason: SeriatimError) -> int:
    """The order of reasons: what passes by itself, what another attempt may overcome, what none does."""
    return 0 if isinstance(reason, EngineBusy) else 2 if isinstance(reason, BadInput) else 1


def _joint_abilities(engines: Sequence[Engine]) -> Abilities:
    """The languages of all; options and speeds of the first, of which the others follow what they can."""
    every = [engine.abilities for engine in engines]
    languages = {tag for abilities in every for tag in abilities.languages}
    return replace(
        every[0], engine="route", blends=False, phonemes=False,
        languages=tuple(sorted(languages)) if all(abilities.languages for abilities in every) else (),
        neighbours=any(abilities.neighbours for abilities in every),
    )  # fmt: skip


def _joint_voices(steps: Sequence[RouteStep]) -> tuple[Voice, ...]:
    """The names that the route gives to voices, each with the card of the first engine that has it."""
    names = dict.fromkeys(name for step in steps for name in step.options.voices)
    return tuple(_card(name, steps) for name in names) or (Voice(DEFAULT_VOICE, ""),)


def _card(name: str, steps: Sequence[RouteStep]) -> Voice:
    own = {step.options.voices[name]: step for step in steps if name in step.options.voices}
    for theirs, step in own.items():
        for voice in step.engine.voices if step.engine else ():
            if voice.name == theirs:
                return replace(voice, name=name)
    return Voice(name, "")
