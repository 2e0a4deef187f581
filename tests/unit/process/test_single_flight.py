"""Single flight: several threads that need the same costly thing at once load it once."""

import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from typing import Any

import pytest

from seriatim.audio import telephone_encoders
from seriatim.client import default_client
from seriatim.process.single_flight import single_flight
from seriatim.text import language_detector, unicode_forms
from seriatim.text.reading import sentence_reader
from seriatim.text.segment import phrase_breaks
from workers.engines.tone import melody

THREADS = 8
PATIENCE_S = 60.0
LOADERS: dict[str, tuple[Any, Callable[[], object]]] = {
    "language detector": (language_detector._model, lambda: language_detector.load_detector_ahead().join()),
    "plain forms": (unicode_forms._folded, unicode_forms._folded),
    "reading rules": (sentence_reader._rules, partial(sentence_reader._rules, "pl", digits=True)),
    "phrases": (phrase_breaks._parser, partial(phrase_breaks._parser, "thai")),
    "telephone codes": (
        telephone_encoders._table,
        partial(telephone_encoders._table, telephone_encoders._mu_law, 14),
    ),
    "wave": (melody._wave_table, partial(melody._wave_table, "alto")),
    "default client": (default_client.default_client, default_client.default_client),
}


@pytest.fixture(autouse=True)
def _frequent_switches() -> Iterator[None]:
    """Threads that alternate often, so that all of them enter what lets them in."""
    interval_s = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(interval_s)


def call_at_once(function: Callable[[], object]) -> list[object]:
    """The results of `THREADS` threads that call a function at the same time."""
    barrier = threading.Barrier(THREADS)

    def call(_: int) -> object:
        barrier.wait()
        return function()

    with ThreadPoolExecutor(THREADS) as threads:
        return list(threads.map(call, range(THREADS)))


def test_a_second_thread_waits_for_the_first_one() -> None:
    """The load would end early if another thread entered it; otherwise none comes, and it goes on."""
    loads: list[int] = []
    second = threading.Event()

    @single_flight
    @cache
    def load() -> object:
        loads.append(threading.get_ident())
        if len(loads) > 1:
            second.set()
        second.wait(0.1)
        return object()

    assert len(set(call_at_once(load))) == 1
    assert len(loads) == 1


def test_what_is_loaded_waits_for_no_other_load() -> None:
    started, go_on = threading.Event(), threading.Event()

    @single_flight
    @cache
    def load(name: str) -> str:
        if name == "slow":
            started.set()
            go_on.wait()
        return name

    load("quick")
    with ThreadPoolExecutor(2) as threads:
        slow = threads.submit(load, "slow")
        started.wait()
        try:
            assert threads.submit(load, "quick").result(PATIENCE_S) == "quick"
        finally:
            go_on.set()
        assert slow.result(PATIENCE_S) == "slow"


@pytest.mark.parametrize("name", LOADERS)
def test_each_costly_thing_is_loaded_once(name: str) -> None:
    cached, load = LOADERS[name]
    cached.cache_clear()
    results = call_at_once(load)
    assert all(result is results[0] for result in results)
    assert cached.cache_info().misses == 1
