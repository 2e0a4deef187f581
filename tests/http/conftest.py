"""One system with a gateway for all tests of HTTP: real processes, with the tone engine."""

from collections.abc import Iterator

import httpx2
import pytest

from tests.http.gateways import Gateway, start
from tests.support.process_system import RealSystem


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealSystem]:
    with RealSystem.on(tmp_path_factory.mktemp("http")) as made:
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
