"""The catalogue of pools and voices: complete as soon as they are there, with what people need to choose."""

import json
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace

import httpx2
import pytest

from gateway.http.metrics import pool_metrics_collector
from gateway.http.metrics.pool_metrics_collector import SHARE, SOON_S, PoolMetricsCollector
from seriatim.lua.pool_records import WorkerRegistration
from seriatim.lua.pool_scripts import register
from seriatim.lua.script_calls import run
from tests.http.gateways import start
from tests.support.process_system import RealSystem, wait_until

FACTS = WorkerRegistration(2, 8000, "exact", 0.1, 0.9, 0.1, "[]", "babel", "here", 1, 1)
#: a gateway's patch: what asks for names of any age gets the first for ever, and a look that took long is no excuse
NO_SCRAPE = """
from gateway.http.metrics import pool_metrics_collector as names
names.PoolMetricsCollector.known.__defaults__, names.SHARE = (1e9,), 1e9
"""
CARDS = [
    {"name": "Ana", "language": "", "description": "of the checkpoint", "languages": ["en", "de"]},
    {"name": "lfn", "language": "lfn", "description": "Lingua Franca Nova"},
]


def test_a_new_pool_is_seen_at_once_by_name_and_soon_in_lists(new_system: Callable[..., RealSystem]) -> None:
    system = new_system()
    with start(system, patch=NO_SCRAPE).client() as client, system.redis as redis:

        def listed() -> set[str]:
            lists = [client.get(path).json()["data"] for path in ("/v1/models", "/v1/pools")]
            found = [{each["id"] for each in each_list} for each_list in lists]
            return found[0] & found[1]

        assert listed() == set()
        for name in ("babel", "again"):
            assert client.get(f"/v1/models/{name}").status_code == 404
            run(redis, register(name, "w", 60_000, FACTS))
            assert client.get(f"/v1/models/{name}").json()["id"] == name
            wait_until(lambda name=name: name in listed(), "it is listed")  # type: ignore[misc]  # mypy: no type of a default


def test_voices_say_what_they_speak(new_system: Callable[..., RealSystem]) -> None:
    system = new_system()
    with start(system).client() as client, system.redis as redis:
        run(redis, register("babel", "w", 60_000, replace(FACTS, voices=json.dumps(CARDS))))
        ana, lfn = client.get("/v1/voices?model=babel").json()["data"]
        assert ana["rate_hz"] > 0
    assert (ana["language"], ana["languages"], ana["description"]) == ("", ["en", "de"], "of the checkpoint")
    assert (lfn["language"], lfn["languages"], lfn["description"]) == ("lfn", ["lfn"], "Lingua Franca Nova")


def test_voices_of_any_language_list_none(client: httpx2.Client) -> None:
    voices = client.get("/v1/voices").json()["data"]
    assert all(voice["description"] and voice["languages"] == [] for voice in voices)


def test_an_unknown_voice_points_to_where_callers_find_them(client: httpx2.Client) -> None:
    answer = client.post("/v1/audio/speech", json={"input": "Hello.", "voice": "nobody"})
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["param"]) == (400, "unknown_voice", "voice")
    assert error["message"].endswith(" more (GET /v1/voices)")
    assert "seriatim voices" not in error["message"]


def test_looking_for_pools_takes_no_more_than_its_share(
    new_system: Callable[..., RealSystem], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where there are so many keys that a look takes long, lists are older."""
    clock = SimpleNamespace(monotonic=lambda: 1000.0)  # stands still: only the test makes what is known older
    monkeypatch.setattr(pool_metrics_collector, "time", clock)
    with new_system().redis as redis:
        pools = PoolMetricsCollector(redis)
        assert pools.known(SOON_S) == []
        run(redis, register("late", "w", 60_000, FACTS))
        assert pools.known(SOON_S) == [], "it has just looked"
        pools.named_s -= 1.5 * SOON_S
        pools.cost_s = 2 * SOON_S * SHARE
        assert pools.known(SOON_S) == [], "which took long"
        pools.named_s -= SOON_S
        assert pools.known(SOON_S) == ["late"]
        assert pools.cost_s != 2 * SOON_S * SHARE, "and how long it took now is known"
        assert pools.known() == ["late"], "scrapes know it, too"
