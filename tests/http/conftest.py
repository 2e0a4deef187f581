"""One system with a gateway for all tests of HTTP: real processes, with the tone engine."""

from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from tests.http.gateways import Gateway, start
from tests.support.process_system import RealSystem

#: no process that gets no turn for some seconds is taken for dead, or its sentence for stuck: tests hold sentences
CALM: dict[str, Any] = {"lease_ms": 60_000, "message_timeout_ms": 20_000, "stall_timeout_ms": 600_000, "handover_ms": 0}


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealSystem]:
    with RealSystem.on(tmp_path_factory.mktemp("http"), **CALM) as made:
        made.reassembler()
        made.workers(2, slots=4)
        yield made


@pytest.fixture(scope="session")
def gateway(system: RealSystem) -> Gateway:
    return start(system)


@pytest.fixture
def client(gateway: Gateway) -> Iterator[httpx2.Client]:
    with gateway.client() as made:
        yield made
