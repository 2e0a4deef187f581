"""Gauges of the GPU's memory reach /metrics. CUDA has the figures; here they are set by hand."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from redis import Redis

from seriatim.celery_app import make_app
from seriatim.dispatch import PoolClient
from seriatim.lua.pool_scripts import register
from seriatim.lua.script_calls import run
from seriatim.settings import Settings
from tests.integration.operation.test_gauges import exported
from tests.xtts.xtts_systems import Alone, Setup, alone
from workers.engines.xtts.batch.device_memory import FRESH_S, DeviceMemoryWatch
from workers.gpu_pinning import own_gpu
from workers.registration import registration_of
from workers.worker_gauges import WorkerGauges
from workers.worker_state import WorkerState

GB = 1 << 30


@pytest.fixture(scope="module")
def soloist(tiny_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alone]:
    with alone(Setup(tiny_dir, tmp_path_factory.mktemp("voices"))) as made:
        yield made


def test_what_the_engine_saw_of_its_gpu_is_exported(soloist: Alone, redis: Redis) -> None:
    engine, settings = soloist.engine, Settings(redis_url="redis://nowhere")
    pool_client = PoolClient(redis, make_app("memory://", "p"), "p", settings)
    worker_state = WorkerState(pool_client, engine, "w", registration_of(engine, settings, 1))
    run(redis, register("p", "w", 60_000, worker_state.facts))
    engine._watch.seen = {}
    gauges = WorkerGauges.of(worker_state, {})
    gauges.report()
    assert not exported(redis, "seriatim_gpu_memory_used_ratio"), "on a CPU there is nothing to say"
    engine._watch.note(4 * GB, 40 * GB, 12 * GB)
    engine._watch.seen_s += 3600  # what was seen stays fresh, however long this test takes
    gauges.forget()
    gauges.report()
    assert exported(redis, "seriatim_gpu_memory_used_ratio") == {"w": 0.9}
    assert exported(redis, "seriatim_gpu_memory_bytes") == {"w": 12 * GB}


def test_an_engine_that_does_not_speak_says_nothing_of_what_others_hold() -> None:
    watch = DeviceMemoryWatch(torch.device("cuda"))
    watch.note(4 * GB, 40 * GB, 12 * GB)
    watch.seen_s -= FRESH_S + 0.1
    assert watch.gauges == {"gpu": 0, "gpu_memory_bytes": 12 * GB}


@pytest.mark.parametrize(("device", "name"), [("cuda", "0"), ("cuda:1", "1")])
def test_an_engine_without_a_pinned_gpu_says_which_one_it_is_on(device: str, name: str) -> None:
    watch = DeviceMemoryWatch(torch.device(device))
    assert own_gpu({}, watch.gauges) is None, "before it has looked"
    watch.note(4 * GB, 40 * GB, 12 * GB)
    assert own_gpu({}, watch.gauges) == name
    assert own_gpu({"CUDA_VISIBLE_DEVICES": "7,5"}, watch.gauges) == {"0": "7", "1": "5"}[name]
