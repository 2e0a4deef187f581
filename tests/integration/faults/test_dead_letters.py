"""Dead letters: `seriatim dead-letters` lists what was given up, with reasons, and speaks it again after a repair."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seriatim.client.job import Job
from seriatim.client.job_options import JobRequest
from seriatim.errors import JobFailed
from seriatim.exit_codes import ExitCode
from seriatim.keys import job_prefix, pool_prefix
from seriatim.recording_store import events
from seriatim.stream_entries import End
from tests.support.command_line import TONE, complaint, seriatim
from tests.support.expected_audio import Listener, sentences, spoken_pcm
from tests.support.process_system import PATIENCE_S, RealSystem, wait_until

POISON = "This sentence is venom to every process."
BROKEN = {"fail_on": "venom"}


@pytest.fixture(scope="module")
def system(new_system: Callable[..., RealSystem]) -> RealSystem:
    system = new_system(max_failures=1, lease_ms=60_000)  # no process that gets no turn has failed a sentence
    system.reassembler()
    system.workers(1, name="broken", pool="venom", options=BROKEN)
    return system


@pytest.fixture(autouse=True)
def _empty(system: RealSystem) -> None:
    with system.redis as client:
        for key in client.scan_iter("seriatim:1:{p:*}:dead*"):
            client.delete(key)


def given_up(system: RealSystem, text: list[str], **options: object) -> Job:
    """A job with sentences that no worker can speak."""
    system.children.get("broken") or system.workers(1, name="broken", pool="venom", options=BROKEN)
    request = {"engine": "tone", "pool": "venom", "kind": "batch", "drain": "window"} | options
    job = system.producer().enqueue(text, JobRequest.of(request))
    try:
        Listener(job).all(60)
    except JobFailed:
        assert options.get("gap", "silence" if request["kind"] == "batch" else "fail") == "fail"
    return job


def dead(system: RealSystem, *words: str) -> Any:
    done = seriatim("dead-letters", *words, settings=system.settings.to_env())
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout) if "--json" in words else done.stdout.decode()


def start_repaired(system: RealSystem) -> None:
    system.end("broken")  # it says so: a lease would last
    system.workers(1, name="repaired", pool="venom")


def test_what_was_given_up_is_listed_and_spoken_again_as_a_recorded_job(system: RealSystem) -> None:
    text = [*sentences(2, "dead"), POISON, *sentences(1, "behind"), "More venom here."]
    job = given_up(system, text, gap="skip", user="ann", seed=40, voice="tenor", speed=1.5)
    listed = dead(system, "--json")
    found = {(d["job"], d["seq"], d["pool"], d["user"], d["failures"], d["text"]) for d in listed}
    assert found == {(job.id, seq, "venom", "ann", 1, text[seq]) for seq in (2, 4)}
    assert all(0 <= d["ago_s"] < 60 for d in listed)
    shown = dead(system, "--pool", "venom")
    assert f"{job.id} 2  pool venom, 1 failure," in shown
    assert f"  {listed[0]['reason']}\n  {POISON}" in shown
    assert "EngineFailed" in listed[0]["reason"]

    start_repaired(system)
    output = dead(system, "retry", job.id)
    assert output.endswith(f" speaks sentences of job {job.id}: 2, 4\n")
    again = system.producer().attach(output.split()[1])
    assert Listener(again).pcm() == b"".join(spoken_pcm(text[n], "tenor", 40 + n, 1.5) for n in (2, 4)), (
        "as it would have been"
    )
    assert again.status().state == "done"
    assert dead(system) == "no dead letters\n"
    assert job.status().state == "done", "what was heard of it stays as it was"
    system.end("repaired")


@pytest.mark.thorough
def test_one_sentence_is_spoken_again_and_the_other_forgotten(system: RealSystem) -> None:
    text = [POISON, "More venom here."]
    job = given_up(system, text, gap="silence")
    assert dead(system, "retry", job.id, "1").endswith(f"of job {job.id}: 1\n")
    wait_until(lambda: len(dead(system, "--json")) == 2, "it failed again, and is given up under its new id")
    assert {d["job"] for d in dead(system, "--json")} > {job.id}
    assert dead(system, "forget", job.id, "0") == "1 sentence forgotten\n"
    assert dead(system, "forget", "--all") == "1 sentence forgotten\n"
    assert dead(system) == "no dead letters\n"


@pytest.mark.thorough
def test_a_job_that_failed_is_spoken_again_too(system: RealSystem) -> None:
    job = given_up(system, [POISON, "Never reached."], gap="fail")
    assert [d["seq"] for d in dead(system, "--json")] == [0], "only what was given up"
    assert dead(system, "forget", job.id) == "1 sentence forgotten\n"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["retry"], "dead-letters retry: expected JOB, JOB SEQ ..., or --all"),
        pytest.param(
            ["forget", "abc", "--all"],
            "dead-letters forget: expected JOB, JOB SEQ ..., or --all",
            marks=pytest.mark.thorough,
        ),
        pytest.param(
            ["retry", "abc"],
            "job abc is not in the dead-letter list; see: seriatim dead-letters",
            marks=pytest.mark.thorough,
        ),
        (["retry", "abc", "3"], "sentence 3 of job abc is not in the dead-letter list; see: seriatim dead-letters"),
        pytest.param(
            ["retry", "a|b"],
            "'a|b' is not a job id; expected letters and digits, such as 5f2c...",
            marks=pytest.mark.thorough,
        ),
    ],
)
def test_a_sentence_that_is_not_there_is_said(system: RealSystem, words: list[str], message: str) -> None:
    done = seriatim("dead-letters", *words, settings=system.settings.to_env())
    assert (done.returncode, complaint(done)) == (2, message)


@pytest.mark.thorough
def test_entries_of_another_version_are_skipped_and_shown_text_obeys_no_terminal(system: RealSystem) -> None:
    key = f"{pool_prefix('odd')}:dead"
    good = {"reason": "\x1b[2Jwhy", "at": "5", "failures": 2, "sentence": '9|{"text":"\\u001b]0;x\\u0007 said"}'}
    with system.redis as client:
        client.hset(
            key, mapping={"j|1": json.dumps(good), "j|2": "{", "nothing": "[]", "j|x": json.dumps(good), b"\xff|1": "5"}
        )
        client.expire(key, 60)
    shown = dead(system, "--pool", "odd")
    assert shown == "j 1  pool odd, 2 failures, 0 s ago\n  ·[2Jwhy\n  ·]0;x· said\n"
    assert "\x1b" not in shown


@pytest.mark.thorough
def test_what_lost_its_text_can_only_be_forgotten(system: RealSystem, tmp_path: Path) -> None:
    with system.redis as client:
        client.hset(
            f"{pool_prefix('odd2')}:dead", "j|1", json.dumps({"reason": "r", "at": "5", "failures": 2, "sentence": ""})
        )
        client.expire(f"{pool_prefix('odd2')}:dead", 60)
    assert "(its text is lost)" in dead(system, "--pool", "odd2")
    done = seriatim("dead-letters", "retry", "j", settings=system.settings.to_env())
    assert complaint(done) == "the text of job j is lost; it cannot be retried, only forgotten"
    assert dead(system, "forget", "j", "--pool", "odd2") == "1 sentence forgotten\n"


@pytest.mark.parametrize(("kind", "state", "gaps"), [("live", "failed", 0), ("batch", "done", 1)])
def test_a_listeners_job_fails_and_a_nights_work_goes_on_and_counts_its_gap(
    system: RealSystem, kind: str, state: str, gaps: int
) -> None:
    system.children.get("broken") or system.workers(1, name="broken", pool="venom", options=BROKEN)
    before = system.log("broken").count("gap in a job")
    job = given_up(system, [*sentences(1, f"default {kind}"), POISON, "The rest of it."], kind=kind)
    status = job.status()
    assert (status.state, status.gaps) == (state, gaps)
    shown = seriatim("status", job.id, settings=system.settings.to_env()).stdout.decode()
    assert (", 1 gap" in shown) == bool(gaps)
    wait_until(lambda: system.log("broken").count("gap in a job") >= before + gaps, "a worker says so")


@pytest.mark.thorough
def test_a_recording_knows_its_gaps_when_nothing_else_does(system: RealSystem) -> None:
    system.children.get("broken") or system.workers(1, name="broken", pool="venom", options=BROKEN)
    text = [*sentences(1, "recorded"), POISON, "More venom here."]
    job = system.producer().enqueue(text, JobRequest.of({"engine": "tone", "pool": "venom", "kind": "batch"}))
    assert job.wait(PATIENCE_S).gaps == 2
    wait_until(lambda: any(isinstance(each, End) for each in events(job.store_dir, job.id)), "its end is recorded")
    with system.redis as client:
        client.delete(f"{job_prefix(job.id)}:c:{job.id}")
    assert (job.status().state, job.status().gaps) == ("done", 2)


@pytest.mark.thorough
def test_a_file_with_a_gap_is_whole_and_its_command_says_what_is_missing(tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text(f"All is well. {POISON} All is well again.", "utf-8")
    poisoned = (*TONE, "--engine-option", "fail_on=venom")
    done = seriatim("speak", tmp_path / "text.txt", "-o", tmp_path / "out.pcm", *poisoned, "--json")
    assert done.returncode == ExitCode.FAILED
    assert [gap.partition(": ")[0] for gap in json.loads(done.stdout)["gaps"]] == ["sentence 1"]
    whole = spoken_pcm("All is well."), spoken_pcm("All is well again.", seed=2)
    kept = (tmp_path / "out.pcm").read_bytes()
    assert kept.startswith(whole[0])
    assert kept.endswith(whole[1])
    done = seriatim("speak", tmp_path / "text.txt", "-o", tmp_path / "strict.pcm", *poisoned, "--gap", "fail", "-q")
    assert done.returncode == ExitCode.FAILED
    assert not (tmp_path / "strict.pcm").exists(), "where no gap is allowed nothing looks whole"
