"""One system, one gateway, one browser for all tests of the page."""

import importlib.util
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from tests.http.gateways import Gateway, start
from tests.page.browser import Page, browser, installed
from tests.support.process_system import RealSystem, wait_until

ESPEAK = "espeak"  #: a pool with many voices, where espeak is installed
SLOW = "slow"  #: a pool whose two slots speak no faster than four times what is heard
#: no worker counts as dead, no held sentence as stuck, and no reader as gone, because this machine is busy
PATIENT: dict[str, Any] = {"lease_ms": 60_000, "stall_timeout_ms": 600_000, "reader_grace_s": 600}


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealSystem]:
    installed()
    with RealSystem.on(tmp_path_factory.mktemp("page"), **PATIENT) as made:
        made.reassembler()
        made.workers(1, slots=4)
        made.workers(1, slots=2, name="slow", pool=SLOW, options={"rtf": 0.5, "fail_on": "venom"})
        if (
            importlib.util.find_spec("espeakng_loader") is not None
        ):  # before the gateway: it looks for pools now and then
            made.start(ESPEAK, "-m", "workers", "--engine", "espeak", "--pool", ESPEAK, "--slots", "1")
            wait_until(lambda: made.slots(ESPEAK) == 1, "espeak speaks")
        yield made


@pytest.fixture(scope="session")
def gateway(system: RealSystem) -> Gateway:
    return start(system)


@pytest.fixture(scope="session")
def browsing(gateway: Gateway, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with browser(tmp_path_factory.mktemp("browser"), gateway.url) as made:
        yield made


@pytest.fixture
def page(browsing: Page) -> Iterator[Page]:
    """The page as on a first visit; afterwards the browser must have logged no error."""
    browsing.open()
    yield browsing
    assert not browsing.complaints()


@pytest.fixture
def client(gateway: Gateway) -> Iterator[httpx2.Client]:
    with gateway.client() as made:
        yield made
