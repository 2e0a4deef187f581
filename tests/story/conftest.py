"""The stage of the stories: a running system, as `seriatim up --engine tone --workers 2` would start it."""

from collections.abc import Iterator

import pytest

from seriatim.client.default_client import default_client
from tests.support.process_system import RealSystem


@pytest.fixture(scope="session")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealSystem]:
    """Two voices ready to speak, a reassembler that puts in order what they say, and the settings that lead there."""
    with RealSystem.on(tmp_path_factory.mktemp("studio")) as system, pytest.MonkeyPatch.context() as environment:
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
    """Every story takes place there."""
