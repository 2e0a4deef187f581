"""The clients' process: one thread reads for all listeners, ten milliseconds a round; some submit jobs.

Run as `python -m bench.load.clients`, with a `Run` as JSON on its input and the settings in its environment; prints
the result of each listener, as one line of JSON. All streams are read by one XREAD, and all reports of a round go
in one pipeline: 120 listeners cost some tenth of a core. A chunk counts as arrived when the round that read it did.
"""

import heapq
import json
import os
import sys
import time
from dataclasses import asdict, dataclass, field
from itertools import count
from random import Random
from typing import Any, cast

from bench.load.job_submitter import JobSubmitter
from bench.load.listening import Listening
from bench.load.plan import Ask, LoadRun, RequestResult
from seriatim.errors import SeriatimError
from seriatim.lua.script_calls import run_many
from seriatim.servers.redis_clients import command_client
from seriatim.settings import Settings
from seriatim.stream_entries import decode

ROUND_S = 0.01
READ_ENTRIES = 64  #: of each stream in a round
REPORTS = 32  #: readers in one pipeline: bounds how long the server is kept
OVER_S = 5.0  #: for answers that are under way when the run is over


@dataclass(slots=True)
class Clients:
    """All that submit and listen in one run. Times in seconds from its start."""

    run: LoadRun
    settings: Settings
    results: list[RequestResult] = field(default_factory=list)
    listening: dict[bytes, Listening] = field(default_factory=dict)  #: by the key of the stream
    books: list[Listening] = field(default_factory=list)  #: without a listener
    gone: list[Listening] = field(default_factory=list)  #: who left without a word
    due: list[tuple[float, int, Ask, bool]] = field(default_factory=list)  #: (when, tie, who, comes back)
    began_s: float = 0.0
    rounds_ms: list[float] = field(default_factory=list)  #: how long each round took
    _ties: "count[int]" = field(default_factory=count)
    _pending: int = 0  #: wishes without an answer

    def go(self) -> None:
        """Live through the run."""
        redis = command_client(self.settings.redis_url)
        with JobSubmitter(self.settings) as context:
            for ask in self.run.asks:
                self._later(ask.at_s, ask, back=False)
            self.began_s = time.perf_counter()
            while (now_s := self._now_s()) < self.run.span_s:
                self._answers(context, now_s)
                self._wishes(context, now_s)
                self._read(redis)
                self._report(redis)
                self._part(context)
                self._rest(now_s)
            self._end(context)
        redis.close()

    def _now_s(self) -> float:
        return time.perf_counter() - self.began_s

    def _later(self, at_s: float, ask: Ask, *, back: bool) -> None:
        heapq.heappush(self.due, (at_s, next(self._ties), ask, back))

    def _rest(self, began_s: float) -> None:
        took_s = self._now_s() - began_s
        self.rounds_ms.append(took_s * 1000)
        time.sleep(max(0.001, ROUND_S - took_s))

    def _wishes(self, context: JobSubmitter, now_s: float) -> None:
        while self.due and self.due[0][0] <= now_s:
            at_s, tie, ask, back = heapq.heappop(self.due)
            seed = ask.seed * 1_000 + tie
            text_s = Random(seed).choice(ask.texts_s)
            result = RequestResult(
                ask.user, ask.group or ask.kind, ask.kind, round(at_s, 4), back=back, text_s=text_s, pace=ask.pace,
                listens=ask.listens,
            )  # fmt: skip
            self.results.append(result)
            self._pending += 1
            context.ask(ask, result, seed)

    def _answers(self, context: JobSubmitter, now_s: float) -> None:
        for ask, result, job in context.answered():
            self._pending -= 1
            if job is None:
                self._refused(ask, result, now_s)
                continue
            result.accepted_s = round(now_s, 4)
            if ask.listens:
                self.listening[job.stream.encode()] = Listening(ask, result, job)
            else:
                self.books.append(Listening(ask, result, job))

    def _refused(self, ask: Ask, result: RequestResult, now_s: float) -> None:
        result.over_s = now_s
        if ask.comes_back and result.retry_after_s:
            self._later(now_s + result.retry_after_s, ask, back=True)

    def _read(self, redis: Any) -> None:
        places = {key: each.after for key, each in self.listening.items() if each.result.ended_s < 0}
        if not places:
            return
        reply = redis.xread(places, READ_ENTRIES)
        now_s = self._now_s()
        for key, rows in cast("list[Any]", reply or []):
            self.listening[key].take([decode(entry_id, fields) for entry_id, fields in rows], now_s)

    def _report(self, redis: Any) -> None:
        now_s = self._now_s()
        reports = [(each, calls) for each in self.listening.values() if (calls := each.report(now_s))]
        for first in range(0, len(reports), REPORTS):
            some = reports[first : first + REPORTS]
            replies = run_many(redis, [call for _, calls in some for call in calls])
            for (each, _), terms in zip(some, replies[::2], strict=True):
                each.delivery.granted(terms)

    def _part(self, context: JobSubmitter) -> None:
        """Listeners that heard the end, or had enough; in a closed loop they have another wish."""
        now_s = self._now_s()
        for key, each in [(key, each) for key, each in self.listening.items() if each.over(now_s)]:
            del self.listening[key]
            each.result.over_s, each.result.left = now_s, each.result.ended_s < 0
            if each.result.left and each.ask.says_so:
                context.drop(each.job)
            elif each.result.left:
                self.gone.append(each)
            if each.ask.again:
                self._later(now_s, each.ask, back=False)

    def _end(self, context: JobSubmitter) -> None:
        """End the run: stop every listener and every job."""
        until_s = self._now_s() + OVER_S
        while self._pending and self._now_s() < until_s:
            self._answers(context, self.run.span_s)
            time.sleep(ROUND_S)
        for each in self.books:
            each.result.spoken_s, each.result.over_s = _spoken_s(each), self.run.span_s
        for each in self.listening.values():
            each.result.over_s, each.result.cut = self.run.span_s, True
        for each in [*self.listening.values(), *self.books, *self.gone]:
            context.drop(each.job)


def _spoken_s(book: Listening) -> float:
    try:
        return book.job.status().audio_s
    except SeriatimError:  # it has never spoken
        return 0.0


def main() -> None:
    """Read a run, live through it, print what came of it."""
    clients = Clients(LoadRun.from_json(sys.stdin.read()), Settings.from_env(os.environ))
    clients.go()
    answer = {"results": [asdict(each) for each in clients.results], "rounds_ms": clients.rounds_ms}
    print(json.dumps(answer), flush=True)
    os._exit(0)  # an orderly exit would wait for Celery's connections


if __name__ == "__main__":
    main()
