"""A managed Redis: its provider forbids BGREWRITEAOF and CONFIG, and answers for the log."""

from collections.abc import Callable

import pytest
from redis import Redis

from seriatim.client.job_options import JobRequest
from seriatim.errors import Misconfigured
from seriatim.servers.redis_checks import GUARD_KEY, check_redis
from seriatim.servers.redis_clients import command_client
from tests.support.expected_audio import Listener, sentences
from tests.support.process_system import RealSystem, wait_until
from tests.support.redis_servers import PrivateServer, embedded

LOGGED = ("--appendonly", "yes", "--appendfsync", "always")
MANAGED = (*LOGGED, "--rename-command", "BGREWRITEAOF", "", "--rename-command", "CONFIG", "")


def test_a_server_without_those_commands_is_used_and_a_warning_says_so(new_system: Callable[..., RealSystem]) -> None:
    system = new_system(*MANAGED, lease_ms=60_000)  # its worker is there, however busy the machine is
    system.reassembler()
    system.workers(1)
    job = system.producer().enqueue(sentences(2, "managed"), JobRequest.of({"engine": "tone"}))
    assert Listener(job).pcm()
    for warning in ("knows no BGREWRITEAOF", "CONFIG GET refused"):
        wait_until(lambda text=warning: text in system.log("reassembler"), warning)  # type: ignore[misc]  # called at once


def test_a_server_that_knows_them_is_warned_of_nothing() -> None:
    with PrivateServer(embedded(), *LOGGED) as server, command_client(server.url) as client:
        assert check_redis(client).warnings == ()


def test_a_refusal_names_the_missing_permission() -> None:
    """Another user may, and must: going on would hide from it that the log is not safe yet."""
    with PrivateServer(embedded(), *LOGGED) as server:
        with server.client() as client:
            client.execute_command("ACL", "SETUSER", "small", "on", "nopass", "~*", "+@all", "-bgrewriteaof")
        with (
            command_client(server.url.replace("unix://", "unix://small:any@")) as small,
            pytest.raises(Misconfigured) as refused,
        ):
            small.ping()
        assert "give the user +bgrewriteaof" in str(refused.value)
        assert "disk" not in str(refused.value)
        with Redis.from_url(server.url) as client:
            assert client.get(GUARD_KEY) is None
