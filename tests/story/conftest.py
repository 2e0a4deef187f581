"""The stage of the stories: a running system, as `seriatim up --engine tone --workers 2` would start it."""

from collections.abc import Iterator
from typing import Any

import pytest

from seriatim.client.default_client import default_client
from tests.support.process_system import RealSystem, alive, wait_until

#: no worker counts as dead, and no sentence that a story holds as stuck, because this machine is busy
PATIENT: dict[str, Any] = {"lease_ms": 60_000, "stall_timeout_ms": 600_000, "handover_ms": 0}


@pytest.fixture(scope="session")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealSystem]:
    """Two voices ready to speak, a reassembler that puts in order what they say, and the settings that lead there."""
    with (
        RealSystem.on(tmp_path_factory.mktemp("studio"), **PATIENT) as system,
        pytest.MonkeyPatch.context() as environment,
    ):
        system.reassembler()
        system.workers(2, options={"fixed_ms": 60})
        for name, value in system.settings.to_env().items():
            environment.setenv(name, value)
        default_client.cache_clear()
        yield system
        default_client().close()
    default_client.cache_clear()


@pytest.fixture(autouse=True)
def _on_stage(studio: RealSystem) -> None:
    """Every story takes place there, with both voices, whatever became of them in the last one."""
    wait_until(lambda: len([pid for pid in studio.worker_pids().values() if alive(pid)]) == 2 == studio.slots())
