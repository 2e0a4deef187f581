"""Refusals by an engine: an error for its caller, at once, once, and without effect on other jobs."""

import re
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from seriatim.client.job import Job
from seriatim.client.job_options import JobRequest
from seriatim.errors import BadInput, JobFailed, UnknownLanguage, UnknownOption
from seriatim.records import Sentence
from tests.support.process_system import RealSystem, wait_until

DEAD = "seriatim:1:{p:%s}:dead:at"
SPEEDS = "the espeak engine speaks at 0.46 to 4 times the normal rate at rate 175"


@pytest.fixture(scope="module")
def espeak(system: RealSystem) -> Iterator[None]:
    """Workers of espeak beside those of the tone engine."""
    system.start("espeak", "-m", "workers", "--engine", "espeak", "--processes", "1")
    wait_until(lambda: system.slots("espeak"), "espeak is there")
    yield
    system.end("espeak")


def enqueue(system: RealSystem, text: list[Any], engine: str = "espeak", **options: object) -> Job:
    return system.producer().enqueue(text, JobRequest.of({"engine": engine, "kind": "batch", **options}))


def trouble(system: RealSystem, pool: str) -> tuple[int, int, int]:
    """Retries, sentences given up, dead letters."""
    return system.attempts_lost(pool), system.count("given_up", pool), int(system.redis.zcard(DEAD % pool))


def jobs(client: httpx2.Client) -> set[str]:
    return {job["id"] for job in client.get("/v1/jobs").json()["data"]}


@pytest.mark.usefixtures("espeak")
@pytest.mark.parametrize(("model", "options", "code", "param", "message"), [
    ("espeak", {"language": "Germann"}, "unknown_language", "language",
     "unknown espeak language 'Germann'; nearest: de (german)"),
    ("espeak", {"language": "tlh"}, "unknown_language", "language", "unknown espeak language 'tlh'; "),
    ("espeak", {"speed": 0.3}, "unknown_option", None, f"speed=0.3; {SPEEDS}"),
    ("espeak", {"options": {"temperature": 0.5}}, "unknown_option", None, "unknown espeak option 'temperature'"),
    ("espeak", {"options": {"pitch": 300}}, "unknown_option", None, "option pitch is 300, expected 0 to 99"),
    ("tone", {"options": {"temperature": 0.5}}, "unknown_option", None,
     "the tone engine has no options per sentence, found: temperature"),
])  # fmt: skip
def test_what_the_engine_cannot_do_is_400_before_a_job_is_made(
    client: httpx2.Client, system: RealSystem, model: str, options: dict[str, object], code: str, param: str | None,
    message: str,
) -> None:  # fmt: skip
    before, jobs_before = trouble(system, model), jobs(client)
    for path, more in (("/v1/audio/speech", {}), ("/v1/jobs", {"kind": "batch"}), ("/v1/jobs", {"kind": "live"})):
        answer = client.post(path, json={"model": model, "input": "Hello there.", **more, **options})
        error = answer.json()["error"]
        assert (answer.status_code, error["type"], error["code"]) == (400, "invalid_request_error", code)
        assert error["param"] == param
        assert error["message"].startswith(message)
    assert trouble(system, model) == before
    assert jobs(client) <= jobs_before


@pytest.mark.usefixtures("espeak")
def test_a_language_is_understood_by_its_name_and_its_codes(client: httpx2.Client) -> None:
    answers = {
        tuple(options.items()): client.post(
            "/v1/audio/speech",
            json={"model": "espeak", "input": "Das ist ein Haus.", "response_format": "pcm", **options},
        )
        for options in ({"voice": "de"}, {"voice": "German"}, {"voice": "deu"}, {"voice": "DE"},
                      {"language": "de"}, {"language": "German"}, {"language": "deu"}, {"language": "ger-AT"})
    }  # fmt: skip
    assert {answer.status_code for answer in answers.values()} == {200}
    assert len({answer.content for answer in answers.values()}) == 1
    assert len(client.post("/v1/audio/speech", json={"model": "espeak", "input": "Hi."}).content) > 0


@pytest.mark.usefixtures("espeak")
@pytest.mark.parametrize("name", ["auto", "Auto"])
def test_auto_is_the_language_of_the_text_whatever_the_voice(client: httpx2.Client, name: str) -> None:
    request = {"model": "espeak", "input": "Das ist ein kleines Haus am Meer.", "response_format": "pcm"}
    german, auto, beside_a_voice = (
        client.post("/v1/audio/speech", json=request | options).raise_for_status().content
        for options in ({"language": "de"}, {"language": name}, {"language": name, "voice": "en-gb"})
    )
    assert auto == german
    assert beside_a_voice == german


@pytest.mark.usefixtures("espeak")
def test_each_sentence_of_a_dialogue_is_looked_at(system: RealSystem) -> None:
    cases: list[tuple[Sentence, type[BadInput], str]] = [
        (Sentence("Two.", language="Germann"), UnknownLanguage, "unknown espeak language 'Germann'"),
        (Sentence("Two.", speed=0.3), UnknownOption, f"speed=0.3; {SPEEDS}"),
    ]
    for sentence, kind, message in cases:
        with pytest.raises(kind) as refused:
            enqueue(system, ["One.", sentence])
        assert str(refused.value).startswith(message)
    assert enqueue(system, ["One.", Sentence("Zwei.", voice="German")]).status().sentences == 2


@pytest.mark.usefixtures("espeak")
def test_a_text_that_is_still_written_is_refused_when_it_begins(system: RealSystem) -> None:
    with pytest.raises(UnknownLanguage, match="unknown espeak language 'Germann'"):
        system.producer().open(JobRequest.of({"engine": "espeak", "language": "Germann"}))


def test_a_key_is_one_job_however_its_voice_is_spelt(system: RealSystem) -> None:
    """Before the pool's first worker came, the names of its voices were unknown."""
    options = {"pool": "unborn", "idempotency_key": "night"}
    first = enqueue(system, ["Eins."], **options, voice="German")
    assert enqueue(system, ["Eins."], **options, voice="de").id == first.id
    first.cancel()


@pytest.fixture
def unborn(request: pytest.FixtureRequest, system: RealSystem) -> Iterator[str]:
    """The name of a pool of tones without workers; the test starts some by that name."""
    name = re.sub(r"\W+", "-", request.node.name)[-50:].strip("-_").lower()
    yield name
    if name in system.children:
        system.end(name)


@pytest.mark.parametrize(
    "gap", ["fail", *(pytest.param(gap, marks=pytest.mark.thorough) for gap in ("silence", "skip"))]
)
def test_without_workers_yet_the_first_attempt_refuses_the_whole_job(system: RealSystem, unborn: str, gap: str) -> None:
    """A night's work whose options are wrong fails instead of being silent, whichever sentence is tried first."""
    text = ["One.", "Two.", "Three."]
    job = enqueue(system, text, "tone", pool=unborn, gap=gap, options={"temperature": 0.5})
    system.workers(1, name=unborn, pool=unborn)
    refused = r"sentence \d: UnknownOption: the tone engine has no options per sentence, found: temperature"
    with pytest.raises(JobFailed, match=refused):
        list(job.pcm())
    assert trouble(system, unborn) == (0, 0, 0)


def test_a_sentence_that_alone_asks_for_what_is_not_there_is_a_gap(
    client: httpx2.Client, system: RealSystem, unborn: str
) -> None:
    """The first, too: the others are spoken."""
    text = [Sentence("One.", voice="nobody"), "Two.", Sentence("Three.", voice="nobody")]
    job = enqueue(system, text, "tone", pool=unborn, gap="silence")
    system.workers(1, name=unborn, pool=unborn)
    assert b"".join(job.pcm())
    assert (job.status().state, job.status().gaps) == ("done", 2)
    assert client.get(f"/v1/jobs/{job.id}").json()["gaps"] == 2
    assert trouble(system, unborn) == (0, 0, 0)
