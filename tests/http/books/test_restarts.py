"""Restarts of gateways while they make books: of several gateways one makes each, and another one goes on with it."""

import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from seriatim.state.book_run import read_book_run
from tests.http.books.book_client import HARBOUR, HELD, SEA, card_of, ended, file_of, is_held, jobs_accepted, make
from tests.http.gateways import start
from tests.support.process_system import RealSystem, wait_until

LEASE_S = 2  #: a gateway that gets no turn for so long stops its book, and begins again


def test_a_book_whose_gateway_is_killed_has_the_same_bytes(new_system: Callable[..., RealSystem]) -> None:
    """Killed in the middle of a chapter; what was spoken before is not spoken again."""
    system = new_system(book_lease_s=LEASE_S, stall_timeout_ms=600_000)
    system.reassembler()
    system.workers(1, slots=4)
    doomed = start(system, "doomed")
    with doomed.client() as client:
        system.gate.touch()
        undisturbed = make(client, HARBOUR + HELD)["id"]
        (file,) = ended(client, undisturbed)["files"]
        expected = file_of(client, undisturbed, file["name"])
        system.gate.unlink()
        book = make(client, HARBOUR + HELD)["id"]
        wait_until(lambda: is_held(client, book), "a chapter stands still, and the other is spoken")
    system.end("doomed", signal.SIGKILL)
    (folder,) = (Path(system.settings.store_dir) / "books").glob(f"*/{book}")
    (master,) = (folder / "project" / "chapters").glob("*.flac")
    kept = master.stat().st_ino
    with start(system, "next").client() as client:
        assert card_of(client, book)["chapters"][0]["state"] == "spoken"
        system.gate.touch()
        ended(client, book)
        assert file_of(client, book, file["name"]) == expected
    assert master.stat().st_ino == kept


@pytest.mark.thorough
def test_of_two_gateways_one_makes_a_book_and_both_show_it(new_system: Callable[..., RealSystem]) -> None:
    """One that is stopped leaves its books to the other."""
    system = new_system(book_lease_s=30, stall_timeout_ms=600_000)
    system.reassembler()
    system.workers(1, slots=4)
    with start(system, "here").client() as client:
        book = make(client, HARBOUR + HELD)["id"]
        wait_until(lambda: is_held(client, book), "a chapter stands still, and the other is spoken")
    with start(system, "there").client() as other:
        assert is_held(other, book), "the other one shows how far it is"
        ended(other, make(other, SEA)["id"])
        assert jobs_accepted(other) == 3, "each chapter is one job"
        assert system.end("here") == 0
        system.gate.touch()
        ended(other, book)
        wait_until(lambda: read_book_run(system.redis, book) is None, "the lease is free")
