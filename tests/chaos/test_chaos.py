"""Chaos: a short schedule of real faults, and whether the checker notices what it must. `make chaos` runs more."""

import itertools
import json
import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.chaos import check as checker
from tests.chaos.__main__ import Show, play
from tests.chaos.check import check, verdict
from tests.chaos.cluster import Scale
from tests.chaos.history import Event, History, read
from tests.chaos.nemesis import ALL, OF_TOPOLOGY
from tests.chaos.topologies import Topology
from tests.support import rabbitmq_server

pytestmark = pytest.mark.timeout(1_200)  # 15 and 35 s on an idle machine; it waits for progress, not for a clock
SCALE = Scale(listeners=2, lease_s=6.0)
SHORT_SCHEDULE = ("kill worker", "kill reassembler", "kill server", "stop worker", "reset wire", "flush broker")
SCHEDULE = (
    "kill worker", "kill supervisor", "kill reassembler", "kill reassemblers", "kill client", "kill server",
    "kill twice", "kill at a point", "kill everything", "stop worker", "end worker", "reset wire", "cut replies",
    "flush scripts", "flush broker", "drop connections",
)  # fmt: skip
OTHER_SCHEDULES = {
    Topology.CLUSTER: ("kill worker", "kill reassembler", "fail over", "move slots", "stop worker"),
    Topology.RABBITMQ: ("kill worker", "kill reassembler", "kill server", "kill broker"),
}
Change = Callable[[list[Event]], list[Event]]


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> list[Event]:
    return history_of(tmp_path_factory.mktemp("chaos"), SHORT_SCHEDULE)


def history_of(folder: Path, schedule: tuple[str, ...], topology: Topology = Topology.SINGLE) -> list[Event]:
    calm_s = 2.0 if topology is Topology.SINGLE else 0.0  # what safety costs is measured once
    return play(Show(folder, seed=7, seconds=0, scale=SCALE, calm_s=calm_s, schedule=schedule, topology=topology))


def test_listeners_of_a_system_that_is_being_broken_hear_everything_once_and_in_order(history: list[Event]) -> None:
    check_history(history)


@pytest.mark.thorough
def test_so_do_they_whatever_else_happens(tmp_path: Path) -> None:
    check_history(history_of(tmp_path, SCHEDULE))


@pytest.mark.thorough
@pytest.mark.parametrize("topology", OTHER_SCHEDULES)
def test_so_do_they_on_other_servers(tmp_path: Path, topology: Topology) -> None:
    """A master is replaced by its replica, or the broker is killed, between faults that any system may have."""
    if topology is Topology.RABBITMQ and not rabbitmq_server.installed() and not os.environ.get("CI"):
        pytest.skip("rabbitmq-server is not installed")
    check_history(history_of(tmp_path, OTHER_SCHEDULES[topology], topology))


def check_history(history: list[Event]) -> None:
    report, fine = verdict(history)
    assert fine, report
    kills = Counter(event["component"] for event in history if event["e"] == "kill")
    assert {"worker", "reassembler", "redis"} <= set(kills), report
    assert sum(event["e"] == "end" and event["state"] == "done" for event in history) >= 5, report


def changed(where: Callable[[Event], Any], **facts: object) -> Change:
    """The same history, and something else at the first event that is like this, behind the first few."""

    def change(events: list[Event]) -> list[Event]:
        place = next(i for i, event in enumerate(events) if where(event))
        return [*events[:place], events[place] | facts, *events[place + 1 :]]

    return change


def without(where: Callable[[Event], Any]) -> Change:
    """The same history without the first event that is like this."""

    def change(events: list[Event]) -> list[Event]:
        place = next(i for i, event in enumerate(events) if where(event))
        return [*events[:place], *events[place + 1 :]]

    return change


def doubled(where: Callable[[Event], Any]) -> Change:
    """The same history with the first event that is like this twice."""

    def change(events: list[Event]) -> list[Event]:
        place = next(i for i, event in enumerate(events) if where(event))
        return [*events[: place + 1], *events[place:]]

    return change


def of_kind(name: str) -> Callable[[Event], Any]:
    return lambda event: event["e"] == name


def sentence(event: Event) -> bool:
    return bool(event["e"] == "mark" and event["kind"] == "sentence" and event["seq"] > 0)


def done(event: Event) -> bool:
    return bool(event["e"] == "final" and event["state"] == "done")


@pytest.mark.parametrize(
    ("change", "kind"),
    [
        (without(of_kind("heard")), "lost"),
        (doubled(of_kind("heard")), "twice"),
        (changed(of_kind("heard"), sha="0" * 24), "foreign"),
        (without(sentence), "out of order"),
        (changed(sentence, text="another text"), "foreign"),
        (changed(done, ends=2), "end"),
        (changed(done, state="failed"), "end"),
        (changed(done, state=""), "lost"),
        (without(of_kind("over")), "end"),
        (changed(of_kind("left_behind"), running=["somebody"]), "end"),
        (changed(of_kind("left_behind"), immortal=["seriatim:1:x"]), "keys"),
        (changed(of_kind("left_behind"), **{"sim:lease": ["j|1"]}), "books"),
        (changed(of_kind("books"), leases=99), "books"),
        (changed(of_kind("calm"), retries=1), "twice"),
        (changed(of_kind("left"), status=1), "clients"),
    ],
    ids=itertools.count(),
)
@pytest.mark.thorough
def test_the_checker_notices(history: list[Event], change: Change, kind: str) -> None:
    """A checker that finds nothing is worth something only if it finds what was put there."""
    assert kind in {wrong.kind for wrong in check(change(history))}


def test_a_job_behind_one_key_twice_is_noticed(history: list[Event]) -> None:
    accepted = next(event for event in history if event["e"] == "accepted")
    assert "twice" in {wrong.kind for wrong in check([*history, accepted | {"job": "another"}])}


def test_a_history_that_was_cut_short_is_read_and_is_no_proof(history: list[Event], tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    lines = [json.dumps(event) for event in history[: len(history) // 2]]
    path.write_text("\n".join(lines)[:-10], "utf-8")
    assert len(read(path)) == len(lines) - 1
    assert checker.main([str(path)]) == 1


def test_a_damaged_history_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "history.jsonl"
    path.write_text('{"e":"run"}\nnonsense\n{"e":"end"}\n', "utf-8")
    with pytest.raises(ValueError, match=r"history\.jsonl:2 is no event: b'nonsense'"):
        read(path)


def test_an_event_is_on_the_disk_when_note_returns(tmp_path: Path) -> None:
    history = History(tmp_path / "history.jsonl")
    history.note("heard", job="ä", n=2)
    (event,) = read(history.path)
    history.close()
    assert (event["e"], event["job"], event["n"]) == ("heard", "ä", 2)


def test_every_fault_has_a_name_of_its_own_and_says_what_it_does() -> None:
    assert len({fault.name for fault in ALL}) == len(ALL)
    assert all(fault.inflict.__doc__ for fault in ALL)
    assert {fault.name for faults in OF_TOPOLOGY.values() for fault in faults} == {fault.name for fault in ALL}
