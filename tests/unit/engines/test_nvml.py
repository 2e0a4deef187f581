"""NVML, a GPU's use: what happens where it is unknown. Only machines with a GPU see the rest."""

import importlib.util
import logging
import sys
import threading
import time

import pytest

from workers.gpu_metrics import FRESH_S, GpuWatch, nvml_library

UUID = "GPU-0a1b2c3d-0000-1111-2222-333344445555"


def no_driver() -> bool:
    """Is the library here, and a driver not? Where there is one, tests about its absence tell nothing."""
    return importlib.util.find_spec("pynvml") is not None and nvml_library() is None


def test_without_the_library_nothing_is_seen_and_it_is_said_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", None)  # what Python itself does with a module that cannot be imported
    watch = GpuWatch(lambda: UUID, {})
    with caplog.at_level(logging.INFO):
        watch.run(threading.Event())  # returns: there is nothing to wait for
    assert watch.gauges() == {}
    assert caplog.messages == ["nvidia-ml-py is not installed (extra gpu); no GPU metrics"]


@pytest.mark.skipif(not no_driver(), reason="nvidia-ml-py is not installed, or there is a driver")
def test_without_a_driver_nothing_is_seen_and_it_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    watch = GpuWatch(lambda: UUID, {})
    watch.run(threading.Event())
    assert watch.gauges() == {}
    assert caplog.messages == ["NVML unavailable; no GPU metrics"]
    assert caplog.records[0].__dict__["why"] == "NVML Shared Library Not Found"


def test_a_process_that_is_on_no_gpu_never_looks_for_the_library(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", None)
    ended = threading.Event()
    ended.set()
    with caplog.at_level(logging.INFO):
        GpuWatch(lambda: None, {}).run(ended)
    assert not caplog.messages


def test_what_was_seen_long_ago_says_nothing_of_now() -> None:
    """A driver that hangs blocks its own thread alone: what it saw before is dropped."""
    watch = GpuWatch(lambda: UUID, {})
    watch._metrics, watch._metrics_s = {"gpu_utilization": 0.5}, time.monotonic()
    assert watch.gauges() == {"gpu_utilization": 0.5}
    watch._metrics_s -= FRESH_S + 0.1
    assert watch.gauges() == {}
