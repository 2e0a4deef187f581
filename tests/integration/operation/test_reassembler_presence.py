"""Presence of reassemblers, on any server: for health checks, people and dashboards."""

import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from seriatim.keys import REASSEMBLERS
from seriatim.reassembler_heartbeats import running_reassemblers
from tests.http.gateways import start
from tests.support.command_line import installed, seriatim
from tests.support.process_system import RealSystem, wait_until
from tests.support.redis_servers import SERVER_KINDS, embedded

LATER_S = 3_600  #: longer than any test


@pytest.fixture(params=SERVER_KINDS)
def system(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[RealSystem]:
    binary = embedded() if request.param == "valkey" else installed("redis-server", package="redis-server")
    with RealSystem.on(tmp_path, binary=binary) as made:
        yield made


def alive(system: RealSystem) -> bool:
    return seriatim("healthcheck", "reassembler", settings=system.settings.to_env()).returncode == 0


@pytest.mark.thorough
def test_one_that_works_is_alive_however_little_there_is_to_do_and_one_that_hangs_is_not(system: RealSystem) -> None:
    assert not alive(system)
    child = system.reassembler()
    wait_until(lambda: alive(system), "it says that it is there")
    with system.redis as client:
        (found,) = wait_until(lambda: running_reassemblers(client), "it says so again, however late its signs come")
        assert found.name.startswith(f"{socket.gethostname()}.{child.pid}.")
        assert found.store == system.settings.store_dir
        child.send_signal(signal.SIGSTOP)
        wait_until(lambda: not running_reassemblers(client), "it is silent")
        assert not alive(system)
        child.send_signal(signal.SIGCONT)
        wait_until(lambda: running_reassemblers(client), "it goes on")
    drawn = seriatim("status", settings=system.settings.to_env()).stdout.decode()
    assert "1 reassembler" in drawn or "no pool yet" in drawn


def test_one_that_is_ready_is_known(system: RealSystem) -> None:
    """From its first moment on: a gateway that looks for it then is ready, too."""
    system.reassembler()
    wait_until(lambda: " ready " in system.log("reassembler"))
    with system.redis as client:
        assert client.zcard(REASSEMBLERS) == 1


@pytest.mark.thorough
def test_a_gateway_that_looks_for_recordings_elsewhere_says_so(tmp_path: Path) -> None:
    with RealSystem.on(tmp_path) as system:
        system.reassembler()
        with system.redis as client:
            wait_until(lambda: running_reassemblers(client))
            system.end("reassembler", signal.SIGKILL)
            for name, shown_s in client.zrange(REASSEMBLERS, 0, -1, withscores=True):
                client.zadd(REASSEMBLERS, {name: shown_s + LATER_S})  # it is there as long as the test lasts
        start(system, "right")
        start(system, "wrong", store_dir=tmp_path / "elsewhere")
        assert "recordings will not be found" not in system.log("right")
        assert f"here='{tmp_path / 'elsewhere'}'" in system.log("wrong")
