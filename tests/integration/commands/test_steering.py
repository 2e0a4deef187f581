"""Looking and steering while jobs run: cancel frees the slot at once, shares change, and the picture is drawn."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from seriatim.client.job import Job
from seriatim.client.operator_limits import set_user_limits
from seriatim.errors import Busy
from seriatim.keys import pool_prefix
from seriatim.lua.pool_scripts import signals
from seriatim.lua.script_calls import run
from seriatim.pool_metrics import PoolMetrics
from seriatim.stream_entries import Discontinuity
from tests.support.command_line import complaint, seriatim
from tests.support.expected_audio import Listener, by_sentence, sentences, spoken_pcm, stream_of
from tests.support.process_system import PATIENCE_S, RealSystem, wait_until

SLOW = {"rtf": 0.5, "chunk_ms": 100}
RESUMING = {"rtf": 0.25, "chunk_ms": 200, "continuity": "resumable"}
HEARD_OUT_MS = 60_000  #: more than a short answer: its listener has heard all of it


@pytest.fixture(scope="module")
def system(new_system: Callable[..., RealSystem]) -> RealSystem:
    # Nothing is lost, and no job is without its reader for too long, however busy the machine is.
    system = new_system(lease_ms=60_000, message_timeout_ms=60_000, reader_grace_s=600)
    system.reassembler()
    system.workers(1, slots=4)
    system.workers(1, name="slow", pool="slow", slots=1, options=SLOW)
    return system


def metrics_of(system: RealSystem, pool: str) -> PoolMetrics:
    with system.redis as client:
        return run(client, signals(pool))


def speaking(system: RealSystem, job: Job) -> bool:
    """Is a sentence of it half spoken?"""
    with system.redis as client:
        running = [client.hkeys(key) for key in client.scan_iter(f"{pool_prefix(job.pool)}:run:*")]
    return any(name.startswith(job.id.encode()) for names in running for name in names)


def admitted(system: RealSystem, text: list[str]) -> Job | None:
    """A job of ann's, once there is room: who listened before is known to have heard all of it a moment later."""
    try:
        return system.enqueue(text, pool="slow", user="ann")
    except Busy:
        return None


def test_a_cancel_frees_the_slot_within_a_chunk_and_the_next_job_speaks(system: RealSystem) -> None:
    """One slot, and a sentence that would not end by itself: barge-in does not wait for the sentence in the slot."""
    before = metrics_of(system, "slow").counts
    for _ in range(5):
        text = [*system.held([]), *sentences(2, "interrupted at once and for good")]
        old = wait_until(lambda text=text: admitted(system, text))  # type: ignore[misc]  # called at once
        wait_until(lambda job=old: speaking(system, job))  # type: ignore[misc]  # called at once
        old.cancel()
        new = system.enqueue(["No."], pool="slow", user="ann")
        assert Listener(new).pcm() == stream_of(["No."])
        new.report_played(HEARD_OUT_MS)
    grown = {name: n - before.get(name, 0) for name, n in metrics_of(system, "slow").counts.items()}
    assert grown["saved_ms"] > 5_000
    assert grown["ended_cancelled"] == 5


@pytest.mark.thorough
def test_a_book_makes_way_for_a_listener_and_is_whole_all_the_same(system: RealSystem) -> None:
    """One slot, and a batch sentence of six seconds that was just begun: in its first half it makes way."""
    text = [f"Nobody who talks to an agent would like to wait for the end of a sentence {'so very ' * 14}long."] * 2

    def made_way() -> Job | None:
        """A book that did, and None where we came too late twice: whatever kept us, we try again."""
        before = metrics_of(system, "slow").counts.get("made_way", 0)
        book = system.enqueue(text, kind="batch", drain="window", pool="slow", user="hog")
        for i in range(2):
            wait_until(lambda: speaking(system, book))
            answer = system.enqueue(["Yes."], pool="slow", user=f"ann{i}")
            assert Listener(answer).pcm() == stream_of(["Yes."])
            answer.report_played(HEARD_OUT_MS)
        if metrics_of(system, "slow").counts.get("made_way", 0) > before:
            return book
        book.cancel()
        return None

    assert Listener(wait_until(made_way, "a book makes way")).pcm() == stream_of(text)


@pytest.mark.thorough
def test_a_long_live_sentence_makes_way_for_a_short_text_and_goes_on_without_a_seam(system: RealSystem) -> None:
    """One slot, and a sentence of 23 s that takes it for six: a second listener does not wait for its end."""
    system.workers(1, name="resuming", pool="resuming", slots=1, options=RESUMING)
    text = f"It goes on and on, {'and on and on, ' * 24}and ends."

    def displaced() -> Listener | None:
        """The listener of one that was, and None where we came too late: whatever kept us, we try again."""
        before = metrics_of(system, "resuming").counts.get("displaced", 0)
        long = Listener(system.enqueue([text], pool="resuming", user="hog"))
        wait_until(lambda: speaking(system, long.job))
        answer = system.enqueue(["Yes."], pool="resuming", user="ann")
        assert len(Listener(answer).pcm()) == len(stream_of(["Yes."]))
        answer.report_played(HEARD_OUT_MS)
        if metrics_of(system, "resuming").counts.get("displaced", 0) > before:
            return long
        long.job.cancel()
        return None

    listener = wait_until(displaced, "a long sentence makes way")
    assert [len(pcm) for pcm in by_sentence(listener.all()).values()] == [len(spoken_pcm(text))]
    assert not any(isinstance(entry, Discontinuity) for entry in listener.entries)


def test_a_listener_that_is_gone_for_its_grace_gives_its_slots_back(system: RealSystem) -> None:
    job = system.enqueue(sentences(30, "unheard"), reader_grace_s=0.5)
    assert job.wait(PATIENCE_S).state == "cancelled"
    assert job.status().reason == "no reader for 0.5 s"
    assert wait_until(lambda: metrics_of(system, "tone").in_flight == 0)


def test_what_a_user_gets_changes_while_its_jobs_run(system: RealSystem) -> None:
    job = system.enqueue(system.held(sentences(3, "capped")), kind="batch", user="bob", window_ms=3_600_000)
    with system.redis as client:
        share = set_user_limits(client, "tone", "bob", {"in_flight": 1, "weight": 2})
        assert (share.in_flight, share.weight) == (1, 2)
        assert client.hget(f"{pool_prefix('tone')}:u:bob", "cap_infl") == b"1"
        assert set_user_limits(client, "tone", "bob", {"in_flight": None}).in_flight is None
    assert job.tune(priority=4)
    job.cancel()
    assert not job.tune(priority=4)


def test_the_command_line_adjusts_a_job_and_a_user(system: RealSystem) -> None:
    settings = system.settings.to_env()
    job = system.enqueue(sentences(40, "adjusted"), window_ms=3_000)
    done = seriatim("set", job.id, "--priority", "5", "--weight", "2", settings=settings)
    assert (done.returncode, done.stdout.decode()) == (0, f"job {job.id} is changed\n")
    user = ("set", "--user", "anna", "--pool", "tone")
    done = seriatim(*user, "--weight", "4", "--in-flight", "2", "--queued-s", "90", settings=settings)
    output = done.stdout.decode()
    assert output == "user anna in pool tone: weight 4, in-flight 2, queued-s 90\n"
    done = seriatim(*user, "--weight", "none", "--in-flight", "none", "--queued-s", "none", settings=settings)
    assert done.stdout.decode() == "user anna in pool tone: no limits set; those of each job apply\n"
    done = seriatim(*user, "--characters-day", "9000", settings=settings)
    assert done.stdout.decode() == "user anna in pool tone: characters-day 9000 (0 of them spent today)\n"
    job.cancel()  # it can be asked for for a minute
    done = seriatim("set", job.id, "--priority", "5", settings=settings)
    assert done.stdout.decode() == f"job {job.id} has already ended: cancelled\n"
    pool = ("set", "--pool", "tone", "--allowed")
    done = seriatim(*pool, "3", settings=settings)
    assert done.stdout.decode() == "pool tone: at most 3 sentences at once; it may use 3 of its slots now\n"
    (tone,) = (p for p in json.loads(seriatim("status", "--json", settings=settings).stdout) if p["pool"] == "tone")
    assert tone["allowed"] == 3
    done = seriatim(*pool, "none", settings=settings)
    assert done.stdout.decode() == "pool tone: no limit set; it may use 4 of its slots now\n"
    rates = ("set", "--pool", "tone", "--requests-minute", "120", "--characters-minute")
    done = seriatim(*rates, "9000", settings=settings)
    assert done.stdout.decode() == "pool tone: at most 120 requests and 9000 characters a minute\n"
    done = seriatim(*rates[:-2], "none", rates[-1], "none", settings=settings)
    assert done.stdout.decode() == "pool tone: no rate is limited\n"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            (),
            "nothing to set; give JOB with --priority or --weight, --user NAME with a weight or a cap, or --pool NAME "
            "with --allowed, --requests-minute or --characters-minute",
        ),
        (("--user", "anna", "--weight", "much"), "--weight 'much'; expected a number, or none to remove the setting"),
        (("--user", "anna", "--weight", "0"), "--weight=0; expected a number from 0.001 to 1000"),
        (("--user", "anna", "--queued-s", "0"), "--queued-s=0; expected a number from 0.001 to 1e+06"),
        (
            ("--user", "anna", "--in-flight", "two"),
            "--in-flight 'two'; expected a number, or none to remove the setting",
        ),
        (
            ("--pool", "tone", "--requests-minute", "0"),
            "--requests-minute=0; expected a whole number from 1 to 1000000000",
        ),
        (("--pool", "tone", "--allowed", "2.5"), "--allowed=2.5; expected a whole number from 1 to 1000000000"),
        (("--user", "anna", "--jobs", "1.5"), "--jobs=1.5; expected a whole number from 1 to 1000000000"),
        (("--pool", "tone", "--allowed", "0"), "--allowed=0; expected a whole number from 1 to 1000000000"),
        (
            ("--user", "anna", "--priority", "3"),
            "--user sets limits for all of a user's jobs and excludes JOB and --priority",
        ),
    ],
)
def test_an_impossible_adjustment_is_refused(system: RealSystem, options: tuple[str, ...], message: str) -> None:
    done = seriatim("set", *options, settings=system.settings.to_env())
    assert done.returncode == 2
    assert complaint(done) == message


def test_status_shows_waits_slack_refusals_and_who_runs_dry_when(system: RealSystem) -> None:
    settings = system.settings.to_env()
    job = system.enqueue(sentences(40, "looked at"), window_ms=3_000)

    def looked_at() -> dict[str, Any] | None:
        """The pool, once a sentence of it is reported, a moment behind its sound, and a recent one has waited."""
        (tone,) = (p for p in json.loads(seriatim("status", "--json", settings=settings).stdout) if p["pool"] == "tone")
        return tone if tone["done"] and tone["wait_p95_ms"] is not None else None

    tone = wait_until(looked_at, "a sentence is done, and how long one waited is known")
    assert tone["load"] >= 0
    seen = seriatim("status", settings=settings).stdout.decode()
    for word in ("waiting", "slack p5", "jobs refused", "wasted", "ahead s", "due s"):
        assert word in seen
    watched = seriatim("status", "--watch", settings=settings).stdout.decode()
    assert "ahead s" in watched, "without a terminal it is drawn once"
    job.cancel()


def test_the_timeline_of_a_job_is_drawn(system: RealSystem, tmp_path: Path) -> None:
    text = sentences(6, "drawn")
    job = system.enqueue(text)
    assert Listener(job).pcm() == stream_of(text)
    out = tmp_path / "job.svg"

    def drawn() -> str:
        return seriatim("timeline", job.id, "-o", out, settings=system.settings.to_env()).stdout.decode()

    wait_until(lambda: f"{out}: 6 sentences, " in drawn(), "the last one is reported, behind its sound")
    assert drawn() == f"{out}: 6 sentences, 0 attempts lost\n"
    titles = [t.text or "" for t in ElementTree.parse(out).iter("{http://www.w3.org/2000/svg}title")]
    for seq in range(6):
        assert any(title.startswith(f"sentence {seq}, attempt ") for title in titles)
    done = seriatim("timeline", job.id, "-o", "/nowhere/job.svg", settings=system.settings.to_env())
    assert (done.returncode, complaint(done)) == (2, "cannot write /nowhere/job.svg: there is no such directory")
