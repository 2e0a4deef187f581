"""A slow start of workers: the waiting command reports what they said, for their log goes with the folder."""

from pathlib import Path

import pytest

from gateway.local import processes as gateway_system
from gateway.local.processes import LocalSystem
from seriatim.errors import EngineUnavailable
from seriatim.settings import Settings
from tests.support.process_system import PATIENCE_S


def test_workers_that_are_not_ready_in_time_are_quoted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gateway_system, "READY_S", 0.0)
    with LocalSystem(Settings(redis_url=f"unix://{tmp_path}/none"), tmp_path) as system:
        system.start_child("workers", "this")  # a module that prints, and ends
        system.children["workers"].wait(PATIENCE_S)
        with pytest.raises(
            EngineUnavailable, match=r"^no worker of pool 'p' was ready within 0 s; its log ends with: Namespaces"
        ):
            system.await_workers("p")
