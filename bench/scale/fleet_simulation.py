"""Simulation of a fleet in virtual time: listeners, workers' slots and Redis nodes, each step with its measured cost.

The real scripts cannot do it: 100,000 listeners take 20 s of their time for each second. So the order is the scripts'
(of all sentences within their windows the one that is due first), and the rest is a queue: each node carries out one
step after another, in the order in which they come. Reports, heartbeats and looks of reassemblers come evenly, and
make every other step of their node longer, as they leave it less of the core.

A listener asks for a text, hears it, and asks for the next. It falls silent where a sentence's first sound comes later
than the end of all before it. A sentence's chunks come faster than they are heard, so the first alone matters.
"""

import heapq
import math
from collections import deque
from dataclasses import dataclass, field
from random import Random

from bench.load.figures import quantile
from bench.scale.capacity_model import ServedLoad, ServerCosts, ServerLayout, sweep_share
from seriatim.keys import SHARDS
from seriatim.lua.pool_records import SweepResult

TARGET_S = 0.5  #: after which first sound is due (SERIATIM_FIRST_AUDIO_MS)
FIRST_S = 0.06  #: seconds of sound in the first chunk
SPREAD = (0.4, 1.6)  #: lengths of sentences by their mean, drawn evenly
RAMP_S = 10.0  #: in which the listeners come
WAITS = 200_000  #: of steps, the latest, of which the wait is kept
FULL = 0.98  #: of a core, taken by what comes evenly: nothing else is carried out
SILENCE_S = 0.1
_ASKS, _TAKES, _SOUNDS, _WAKES = range(4)  #: kinds of events


@dataclass(frozen=True, slots=True)
class Fleet:
    """What is simulated."""

    layout: ServerLayout
    listeners: int = 100_000
    workers: int = 1_000
    load: ServedLoad = field(default_factory=ServedLoad)
    span_s: float = 20.0  #: of virtual time, the ramp with it
    seed: int = 1


@dataclass(frozen=True, slots=True)
class FleetFigures:
    """What the listeners of a fleet heard, and how busy its nodes were, from the first arrival on."""

    texts: int  #: with a first sound
    sentences: int
    first_p50_s: float
    first_p95_s: float
    stalls: int  #: silences of more than 100 ms
    silent: int  #: listeners with one
    wait_p99_ms: float  #: of steps before their node
    busiest: float  #: share of the busiest node's core, with what comes evenly; 1: it was never free
    unheard: int  #: listeners who wait for the first sound of their text at the end


@dataclass(slots=True)
class _Node:
    """A server: one step at a time."""

    even: float  #: share of its core that reports, heartbeats and looks take
    free_s: float = 0.0
    busy_s: float = 0.0

    def serve(self, now_s: float, cost_ms: float) -> float:
        """Carry out a step that comes now; returns when it is done."""
        took_s = cost_ms / 1000 / (1 - self.even)
        self.free_s = max(self.free_s, now_s) + took_s
        self.busy_s += cost_ms / 1000
        return self.free_s


@dataclass(slots=True)
class _Hearer:
    """A listener, and the text that it hears."""

    part: int
    shard: int
    asked_s: float = 0.0
    due_s: float = 0.0  #: when playback of all before the next sentence is over
    left_s: float = 0.0  #: of the text, not yet taken by a slot
    plays_to_s: float = -1.0  #: when all that came is played; negative: nothing came
    coming: int = 0  #: sentences in slots
    silent: bool = False


@dataclass(slots=True)
class _Part:
    """A part of the pool: what its slots may take, what is still too far ahead, and its free slots."""

    ready: list[tuple[float, int]] = field(default_factory=list)  #: (due, listener)
    ahead: list[tuple[float, int]] = field(default_factory=list)  #: (from when on it is in its window, listener)
    free: int = 0


class FleetSimulation:
    """One run. Events are (time, tie, kind, number, seconds): a listener or a part of the pool is the number."""

    def __init__(self, fleet: Fleet, costs: ServerCosts) -> None:
        self._fleet, self._costs, self._random = fleet, costs, Random(fleet.seed)
        self._nodes = [_Node(share) for share in even_shares(fleet, costs)]
        self._hearers = [_Hearer(i % fleet.layout.pools, i % SHARDS) for i in range(fleet.listeners)]
        slots = fleet.workers * fleet.load.slots
        self._parts = [_Part(free=slots // fleet.layout.pools) for _ in range(fleet.layout.pools)]
        self._events: list[tuple[float, int, int, int, float]] = []
        self._ties = 0
        self._now_s = 0.0
        self._firsts_s: list[float] = []
        self._waits_ms: deque[float] = deque(maxlen=WAITS)
        self._sentences = self._stalls = 0

    def run(self) -> FleetFigures:
        """Let the time pass. A node that has no core left for steps ends the run: nothing is heard."""
        if all(node.even < FULL for node in self._nodes):
            for i in range(len(self._hearers)):
                self._later(self._random.random() * RAMP_S, _ASKS, i)
            handlers = (self._ask, self._take, self._sound, self._wake)
            while self._events and self._events[0][0] <= self._fleet.span_s:
                self._now_s, _, kind, number, seconds = heapq.heappop(self._events)
                handlers[kind](number, seconds)
        return self._figures()

    def _later(self, at_s: float, kind: int, number: int, seconds: float = 0.0) -> None:
        self._ties += 1
        heapq.heappush(self._events, (at_s, self._ties, kind, number, seconds))

    def _serve(self, node: int, cost_ms: float) -> float:
        """A step at a node: its wait is noted, and its end returned."""
        server = self._nodes[node]
        self._waits_ms.append(max(0.0, server.free_s - self._now_s) * 1000)
        return server.serve(self._now_s, cost_ms)

    def _ask(self, i: int, _: float) -> None:
        """A listener submits its next text."""
        hearer, load = self._hearers[i], self._fleet.load
        layout = self._fleet.layout
        accepted_s = self._serve(layout.node_of_pool(hearer.part), self._costs.pool_text)
        accepted_s = max(accepted_s, self._serve(layout.node_of_job(hearer.part, hearer.shard), self._costs.job_text))
        hearer.asked_s, hearer.due_s, hearer.left_s = self._now_s, self._now_s + TARGET_S, load.text_s
        hearer.plays_to_s, hearer.coming = -1.0, 0
        heapq.heappush(self._parts[hearer.part].ready, (hearer.due_s, i))
        self._call_slot(hearer.part, accepted_s)

    def _call_slot(self, number: int, at_s: float) -> None:
        """A free slot takes what is ready: of this part, or of another one if slots steal."""
        parts = range(len(self._parts)) if self._fleet.layout.steals else ()
        for part in (number, *parts):
            if self._parts[part].free:
                self._parts[part].free -= 1
                self._later(at_s, _TAKES, part)
                return

    def _take(self, number: int, _: float) -> None:
        """A slot of a part reports its last sentence and takes its next one, if there is any."""
        found = self._due_first(number)
        if found is None:
            self._parts[number].free += 1
            return
        hearer, load = self._hearers[found], self._fleet.load
        sentence_s = min(hearer.left_s, load.sentence_s * self._random.uniform(*SPREAD))
        hearer.left_s -= sentence_s
        hearer.due_s += sentence_s
        hearer.coming += 1
        layout = self._fleet.layout
        picked_s = self._serve(layout.node_of_pool(hearer.part), self._costs.pool_sentence)
        self._later(picked_s + min(FIRST_S, sentence_s) * load.rtf, _SOUNDS, found, sentence_s)
        self._later(picked_s + sentence_s * load.rtf, _TAKES, number)
        if hearer.left_s > 0:
            self._place(hearer.part, found)

    def _due_first(self, number: int) -> int | None:
        """The listener whose sentence a slot of this part takes."""
        others = range(len(self._parts)) if self._fleet.layout.steals else ()
        for part in (number, *others):
            place = self._parts[part]
            while place.ahead and place.ahead[0][0] <= self._now_s:
                _, i = heapq.heappop(place.ahead)
                heapq.heappush(place.ready, (self._hearers[i].due_s, i))
            if place.ready:
                entry: tuple[float, int] = heapq.heappop(place.ready)
                return entry[1]
        return None

    def _place(self, part: int, i: int) -> None:
        """The next sentence of a listener: within its window it may be taken, else it waits until it is."""
        hearer = self._hearers[i]
        opens_s = hearer.due_s - self._fleet.load.window_s
        if opens_s <= self._now_s:
            heapq.heappush(self._parts[part].ready, (hearer.due_s, i))
            self._call_slot(part, self._now_s)
        else:
            heapq.heappush(self._parts[part].ahead, (opens_s, i))
            self._later(opens_s, _WAKES, part)

    def _wake(self, number: int, _: float) -> None:
        """What was too far ahead is within its window, unless a slot that came free took it at this moment."""
        if self._parts[number].ahead and self._parts[number].ahead[0][0] <= self._now_s:
            self._call_slot(number, self._now_s)

    def _sound(self, i: int, sentence_s: float) -> None:
        """The first sound of a sentence is appended: the rest of it comes in time."""
        hearer, load, costs = self._hearers[i], self._fleet.load, self._costs
        node = self._fleet.layout.node_of_job(hearer.part, hearer.shard)
        chunks = max(1, round(sentence_s / load.chunk_s))
        arrives_s = self._serve(node, costs.job_sentence + costs.job_chunk)
        self._nodes[node].serve(self._now_s, costs.job_chunk * (chunks - 1))
        self._sentences += 1
        hearer.coming -= 1
        if hearer.plays_to_s < 0:
            self._first_sound(hearer, arrives_s)
        elif arrives_s > hearer.plays_to_s + SILENCE_S:
            self._stalls += 1
            hearer.silent = True
        hearer.plays_to_s = max(hearer.plays_to_s, arrives_s) + sentence_s
        if hearer.left_s <= 0 and not hearer.coming:
            self._later(hearer.plays_to_s, _ASKS, i)

    def _first_sound(self, hearer: _Hearer, at_s: float) -> None:
        """Playback begins: what is due later is due by that much."""
        hearer.due_s += at_s - (hearer.asked_s + TARGET_S)
        self._firsts_s.append(at_s - hearer.asked_s)

    def _figures(self) -> FleetFigures:
        span_s = self._fleet.span_s
        return FleetFigures(
            texts=len(self._firsts_s), sentences=self._sentences,
            first_p50_s=quantile(self._firsts_s, 0.5), first_p95_s=quantile(self._firsts_s, 0.95),
            stalls=self._stalls, silent=sum(hearer.silent for hearer in self._hearers),
            wait_p99_ms=quantile(list(self._waits_ms), 0.99),
            busiest=max(min(1.0, node.even + node.busy_s / span_s) for node in self._nodes),
            unheard=sum(hearer.plays_to_s < 0 for hearer in self._hearers),
        )  # fmt: skip


def even_shares(fleet: Fleet, costs: ServerCosts) -> list[float]:
    """The share of each node's core for what comes evenly: reports, heartbeats, looks of reassemblers."""
    layout, load = fleet.layout, fleet.load
    shares = [0.0] * layout.nodes
    sweep_s = load.sweep_s * SweepResult(False, (), (), math.ceil(fleet.workers / layout.pools)).stretch
    beats = costs.beat / load.beat_s + costs.idle_sweep / sweep_s
    for part in range(layout.pools):
        reports = fleet.listeners / layout.pools * costs.pool_report / load.report_s
        workers = fleet.workers / layout.pools * beats
        shares[layout.node_of_pool(part)] += (reports + workers) / 1000 + sweep_share(load, costs)
        for shard in range(SHARDS):
            even_ms = costs.job_looks + costs.job_report / load.report_s
            shares[layout.node_of_job(part, shard)] += fleet.listeners / layout.pools / SHARDS * even_ms / 1000
    return shares


def simulate(fleet: Fleet, costs: ServerCosts) -> FleetFigures:
    """Simulate a fleet whose steps cost so much."""
    return FleetSimulation(fleet, costs).run()
