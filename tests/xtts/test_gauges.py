"""What the engine knows of its GPU's memory reaches /metrics. CUDA has the figures; here they are told by hand."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from redis import Redis

from seriatim.pool import register
from seriatim.scripts import run
from seriatim.settings import Settings
from tasks.app import make_app
from tasks.dispatch import Desk
from tests.integration.test_gauges import exported
from tests.xtts.stage import Alone, Setup, alone
from workers.engines.xtts.memory import FRESH_S, Watch
from workers.facts import facts_of
from workers.gauges import Gauges
from workers.gpus import own
from workers.station import Station

GB = 1 << 30


@pytest.fixture(scope="module")
def soloist(tiny_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alone]:
    with alone(Setup(tiny_dir, tmp_path_factory.mktemp("voices"))) as made:
        yield made


def test_what_the_engine_saw_of_its_gpu_is_exported(soloist: Alone, redis: Redis) -> None:
    engine, settings = soloist.engine, Settings(redis_url="redis://nowhere")
    desk = Desk(redis, make_app("memory://", "p"), "p", settings)
    station = Station(desk, engine, "w", facts_of(engine, settings, 1))
    run(redis, register("p", "w", 60_000, station.facts))
    engine._watch.seen = {}
    gauges = Gauges.of(station, {})
    gauges.show()
    assert not exported(redis, "seriatim_gpu_memory_used_ratio"), "on a CPU there is nothing to say"
    engine._watch.note(4 * GB, 40 * GB, 12 * GB)
    gauges.forget()
    gauges.show()
    assert exported(redis, "seriatim_gpu_memory_used_ratio") == {"w": 0.9}
    assert exported(redis, "seriatim_gpu_memory_bytes") == {"w": 12 * GB}


def test_an_engine_that_does_not_speak_says_nothing_of_what_others_hold() -> None:
    watch = Watch(torch.device("cuda"))
    watch.note(4 * GB, 40 * GB, 12 * GB)
    watch.seen_s -= FRESH_S + 0.1
    assert watch.gauges == {"gpu": 0, "gpu_memory_bytes": 12 * GB}


@pytest.mark.parametrize(("device", "name"), [("cuda", "0"), ("cuda:1", "1")])
def test_an_engine_that_nobody_pinned_says_which_gpu_it_is_on(device: str, name: str) -> None:
    watch = Watch(torch.device(device))
    assert own({}, watch.gauges) is None, "before it has looked"
    watch.note(4 * GB, 40 * GB, 12 * GB)
    assert own({}, watch.gauges) == name
    assert own({"CUDA_VISIBLE_DEVICES": "7,5"}, watch.gauges) == {"0": "7", "1": "5"}[name]
