"""Users are called what identity providers call them: encoded where keys need it, shown as they are."""

import json
import time
from collections.abc import Callable

import pytest

from seriatim import JobOptions
from seriatim.client.job_options import JobRequest
from seriatim.client.operator_limits import characters_of_today, set_user_limits
from seriatim.errors import BudgetSpent, CapReached
from seriatim.keys import user_tag
from seriatim.stream_entries import SentenceStart
from tests.support.command_line import seriatim
from tests.support.expected_audio import Listener, sentences, stream_of
from tests.support.process_system import RealSystem, wait_until

DAY_S = 86_400
MARGIN_S = 180  #: more than the test takes on a busy machine
NAMES = ("auth0|5f7c", "urn:uuid:7d44", "Anna of {Green Gables}", "100%", "%7C", "auth0%7C5f7c", "x" * 256, "安娜")


@pytest.fixture(scope="module")
def system(new_system: Callable[..., RealSystem]) -> RealSystem:
    # Each sentence has one attempt, however busy the machine is: another one would cost its user's budget, too.
    system = new_system(reader_grace_s=600.0, lease_ms=60_000, message_timeout_ms=60_000)
    system.reassembler()
    system.workers(1, slots=4)
    return system


def test_any_name_has_its_own_jobs_and_is_shown_as_it_is(system: RealSystem) -> None:
    """One key, eight users: eight jobs, each its own user's."""
    text = sentences(2, "users")
    jobs = {
        name: system.enqueue(text, user=name, idempotency_key="the same", pool="later", kind="batch") for name in NAMES
    }
    assert len({job.id for job in jobs.values()}) == len(NAMES)
    for name, job in jobs.items():
        assert job.status().user == name
        assert system.enqueue(text, user=name, idempotency_key="the same", pool="later", kind="batch").id == job.id
    pools = json.loads(seriatim("status", "--json", settings=system.settings.to_env()).stdout)
    (later,) = (pool for pool in pools if pool["pool"] == "later")
    assert {line["user"] for line in later["jobs"]} == set(NAMES)
    with system.redis as client:
        keys = [key.decode() for key in client.scan_iter("*p:later}:u:*")]
    assert sorted(keys) == sorted(f"seriatim:1:{{p:later}}:u:{user_tag(name)}" for name in NAMES)
    assert not any(set(" {|") & set(key.removeprefix("seriatim:1:{p:later}")) for key in keys)
    for job in jobs.values():
        job.cancel()


@pytest.mark.parametrize("name", NAMES)
def test_a_share_that_an_operator_sets_is_that_users(system: RealSystem, name: str) -> None:
    with system.redis as client:
        assert set_user_limits(client, "silent", name, {"jobs": 1}).jobs == 1
    first = system.enqueue(sentences(2, "shares"), user=name, kind="batch", pool="silent")
    with pytest.raises(CapReached, match="has as many jobs"):
        system.enqueue(sentences(2, "shares"), user=name, kind="batch", pool="silent")
    first.cancel()


def test_the_characters_of_a_users_day_end_a_job_that_needs_more_and_refuse_the_next(system: RealSystem) -> None:
    """An open job may be sent more text than its user's budget covers: it ends where the budget does."""
    wait_until(
        lambda: time.time() % DAY_S < DAY_S - MARGIN_S,
        "a new day (UTC), where this one is nearly over",
        patience_s=2 * MARGIN_S,
    )
    text = sentences(3, "frugal")
    with system.redis as client:
        set_user_limits(client, "tone", "frugal", {"characters_day": sum(map(len, text[:2]))})
    job = system.producer().open(JobRequest.of({"engine": "tone", "user": "frugal", "pause_ms": 0}))
    audio = job.job.audio()
    for sentence in text[:2]:
        job.say(sentence)
        job.flush()
    assert any(isinstance(entry, SentenceStart) and entry.seq == 1 for entry in audio), "the second is spoken"
    job.say(text[2])
    job.flush()
    with pytest.raises(
        BudgetSpent, match=r"sentence 2: BudgetSpent: the user has spent the \d+ characters of this day"
    ):
        list(audio)
    with system.redis as client:
        assert characters_of_today(client, "tone", "frugal") == sum(map(len, text[:2]))
    with pytest.raises(CapReached, match="has spent as many characters today as SERIATIM_USER_CHARACTERS_DAY allows"):
        system.enqueue(text, user="frugal")


@pytest.mark.parametrize("name", NAMES)
def test_any_user_is_spoken_to(system: RealSystem, name: str) -> None:
    assert Listener(system.enqueue(sentences(2, "spoken"), user=name)).pcm() == stream_of(sentences(2, "spoken"))


def test_none_is_as_if_it_were_not_said(system: RealSystem) -> None:
    """A caller hands on what it may or may not have; a key that is None is none."""
    nothing = dict.fromkeys(JobOptions.__annotations__)
    assert JobRequest.of(nothing) == JobRequest.of({})
    empty = {"idempotency_key": None, "user": None, "options": None, "seed": None}
    jobs = [system.enqueue(sentences(1, "none"), **empty) for _ in range(2)]
    assert jobs[0].id != jobs[1].id
    assert jobs[0].status().user == "anonymous"
