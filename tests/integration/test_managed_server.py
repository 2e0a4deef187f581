"""A managed Redis: its provider forbids BGREWRITEAOF and CONFIG, and answers for the log."""

from collections.abc import Callable

import pytest
from redis import Redis

from seriatim.connect import commands
from seriatim.errors import Misconfigured
from seriatim.server import GUARDED, check
from tasks.request import Request
from tests.listening import Listener, sentences
from tests.servers import PrivateServer, embedded
from tests.systems import RealSystem, wait_until

LOGGED = ("--appendonly", "yes", "--appendfsync", "always")
MANAGED = (*LOGGED, "--rename-command", "BGREWRITEAOF", "", "--rename-command", "CONFIG", "")


def test_a_server_without_those_commands_is_used_and_a_warning_says_so(new_system: Callable[..., RealSystem]) -> None:
    system = new_system(*MANAGED)
    system.reassembler()
    system.workers(1)
    job = system.producer().enqueue(sentences(2, "managed"), Request.of({"engine": "tone"}))
    assert Listener(job).pcm()
    wait_until(lambda: "knows no BGREWRITEAOF" in system.log("reassembler"), "the reassembler warns")
    assert "CONFIG GET refused" in system.log("reassembler")


def test_a_server_that_knows_them_is_warned_of_nothing() -> None:
    with PrivateServer(embedded(), *LOGGED) as server, commands(server.url) as client:
        assert check(client).warnings == ()


def test_a_user_who_may_not_is_told_what_it_lacks() -> None:
    """Another user may, and must: going on would hide from it that the log is not safe yet."""
    with PrivateServer(embedded(), *LOGGED) as server:
        with server.client() as client:
            client.execute_command("ACL", "SETUSER", "small", "on", "nopass", "~*", "+@all", "-bgrewriteaof")
        with (
            commands(server.url.replace("unix://", "unix://small:any@")) as small,
            pytest.raises(Misconfigured) as said,
        ):
            small.ping()
        assert "give the user +bgrewriteaof" in str(said.value)
        assert "disk" not in str(said.value)
        with Redis.from_url(server.url) as client:
            assert client.get(GUARDED) is None
