"""Limits, each with its own error, its setting and what to do; and ids that cannot be made into other keys."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from seriatim.client.job import Job
from seriatim.client.job_options import JobRequest
from seriatim.client.producer import Producer
from seriatim.errors import (
    BadInput,
    CapReached,
    JobUnknown,
    SentenceTooLong,
    SeriatimError,
    TextTooLarge,
    TooManySentences,
    UnknownOption,
)
from seriatim.keys import PREFIX
from seriatim.records import Sentence
from tests.support.process_system import RealSystem

LIMITS = {"max_text_bytes": 2_000, "max_sentences": 40, "max_sentence_chars": 300, "user_jobs": 2}


@pytest.fixture(scope="module")
def system(new_system: Callable[..., RealSystem]) -> RealSystem:
    return new_system(**LIMITS)


@pytest.fixture
def producer(system: RealSystem) -> Iterator[Producer]:
    yield system.producer()
    with system.redis as client:
        client.flushall()


def enqueue(producer: Producer, text: Any, **options: Any) -> Job:
    return producer.enqueue(text, JobRequest.of({"engine": "tone", "kind": "batch"} | options))


def keys(system: RealSystem) -> list[bytes]:
    with system.redis as client:
        return [key for key in client.scan_iter(f"{PREFIX}*") if b":j:" in key or b":c:" in key]


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("word " * 401, TextTooLarge, "a text of 2005 bytes; SERIATIM_MAX_TEXT_BYTES allows 2000: send it in parts"),
        ("é" * 1001, TextTooLarge, "a text of 2002 bytes; SERIATIM_MAX_TEXT_BYTES allows 2000: send it in parts"),
        (["word " * 50] * 9, TextTooLarge,
         "a text of 2250 bytes; SERIATIM_MAX_TEXT_BYTES allows 2000: send it in parts"),
        (
            ["fine", "x" * 301], SentenceTooLong,
            "element 1 of the text has 301 characters; SERIATIM_MAX_SENTENCE_CHARS allows 300: "
            "pass the text as one string to have it split",
        ),
        ([Sentence("a", pause_ms=10**9)], UnknownOption,
         "element 0 of the text: pause_ms=1000000000; expected a whole number from -1 to 60000"),
        ([Sentence("a", speed=1e9)], UnknownOption,
         "element 0 of the text: speed=1000000000.0; expected a number from 0.25 to 4"),
        ([Sentence("a", seed=-2)], UnknownOption,
         "element 0 of the text: seed=-2; expected a whole number from -1 to 9223372036854775807"),
        ([Sentence("a", pause_ms=1.5)], UnknownOption,  # type: ignore[arg-type]  # that is it
         "element 0 of the text: pause_ms=1.5; expected a whole number from -1 to 60000"),
        ([Sentence("a", seed=2.0)], UnknownOption,  # type: ignore[arg-type]  # that is it
         "element 0 of the text: seed=2.0; expected a whole number from -1 to 9223372036854775807"),
        ([Sentence("a", voice="\0")], UnknownOption,
         "element 0 of the text: voice='\\x00'; expected printable characters"),
        ([Sentence(5)], BadInput, "the text of element 0 is int; expected a string"),  # type: ignore[arg-type]  # that is it
        ([b"bytes"], BadInput, "element 0 of the text is bytes; expected a string or a Sentence"),
    ],
)  # fmt: skip
def test_what_is_over_a_limit_is_refused_with_its_own_error_and_leaves_nothing(
    system: RealSystem, producer: Producer, text: Any, error: type[SeriatimError], message: str
) -> None:
    with pytest.raises(error) as refused:
        enqueue(producer, text)
    assert type(refused.value) is error
    assert str(refused.value) == message
    assert keys(system) == []


def test_what_is_at_a_limit_is_taken(producer: Producer) -> None:
    assert enqueue(producer, "word " * 400, user="a").status().sentences > 1
    assert enqueue(producer, ["Hm."] * 40, user="b").status().sentences == 40
    assert enqueue(producer, ["x " * 150], user="c").status().sentences >= 1


def test_the_limit_of_sentences_counts_in_the_rest_of_a_long_text_too(system: RealSystem, producer: Producer) -> None:
    """The first are accepted before the last are known: then the job is cancelled."""
    with pytest.raises(TooManySentences):
        enqueue(producer, (f"Number {n}." for n in range(41)))
    (state,) = [key for key in keys(system) if b":c:" in key]
    with system.redis as client:
        assert client.hget(state, "state") == b"cancelled"


def test_a_user_has_so_many_jobs_at_once(producer: Producer) -> None:
    for _ in range(2):
        enqueue(producer, "Yes.", user="ann")
    with pytest.raises(
        CapReached, match=r"^user 'ann' has as many jobs as SERIATIM_USER_JOBS allows; retry after 1\.0 s$"
    ):
        enqueue(producer, "Yes.", user="ann")
    enqueue(producer, "Yes.", user="bob")


def test_an_open_job_has_the_limits_of_any_other(producer: Producer) -> None:
    session = producer.open(JobRequest.of({"engine": "tone", "kind": "batch"}))
    with pytest.raises(TextTooLarge, match="SERIATIM_MAX_TEXT_BYTES"):
        session.say("word " * 401)
    session.say("Said. " * 39)
    with pytest.raises(TooManySentences, match="SERIATIM_MAX_SENTENCES"):
        session.say("Said. " * 10)
    assert not session.job.status().ended, "what was said is spoken"
    session.job.cancel()


ODD_IDS = [
    "", "a|b", "{p:tone}", "a:0", "a b", "a\nb", "../../etc", "x" * 65, "*", "?", "[a-z]", "é", "\ud800", "a\0", "-",
    "٣",
]  # fmt: skip


@pytest.mark.parametrize("job_id", [*ODD_IDS, None, 5, b"abc", ["a"]], ids=repr)
def test_what_cannot_be_a_jobs_id_is_refused_before_a_key_is_made_of_it(producer: Producer, job_id: Any) -> None:
    with pytest.raises(BadInput, match=r" is not a job id; expected letters and digits, such as 5f2c\.\.\.$"):
        producer.attach(job_id)


def test_an_unknown_id_is_unknown_and_nothing_is_made_of_it(system: RealSystem, producer: Producer) -> None:
    with pytest.raises(JobUnknown):
        producer.attach("0" * 32)
    assert keys(system) == []


def test_ids_have_128_random_bits(producer: Producer) -> None:
    ids = [enqueue(producer, "Yes.", user=f"u{n}").id for n in range(50)]
    assert len(set(ids)) == 50
    assert all(len(job_id) == 32 and int(job_id, 16) >= 0 for job_id in ids)
    ones = [f"{int(job_id, 16):0128b}".count("1") for job_id in ids]
    assert 50 < sum(ones) / len(ones) < 78, "no bit is always the same"


@pytest.mark.parametrize("name", ["voice", "language", "engine", "pool", "user", "idempotency_key"])
@pytest.mark.parametrize("value", ["a\nb", "\0", "\ud800", "\u202e", "x" * 257, 5, b"x"], ids=repr)
def test_names_that_cannot_be_shown_are_refused(name: str, value: Any) -> None:
    with pytest.raises(UnknownOption, match=name):
        JobRequest.of({name: value})


@pytest.mark.parametrize(
    "options", [5, {"a": "b"}, {"a": float("nan")}, {"a": float("inf")}, {5: 1}, {"\0": 1}, {"a": True}], ids=repr
)
def test_options_of_an_engine_are_names_and_finite_numbers(options: Any) -> None:
    with pytest.raises(UnknownOption, match="option"):
        JobRequest.of({"options": options})


def test_two_users_keys_never_name_the_same_job(producer: Producer) -> None:
    """However the names are put together: the length of the user's stands before it."""
    made = {
        enqueue(producer, "Yes.", user=user, idempotency_key=key).id
        for user, key in [
            ("ab", "c"),
            ("a", "bc"),
            ("ab", ":c"),
            ("abc", ":"),
            ("1", "x:1:x"),
        ]
    }
    assert len(made) == 5
    again = enqueue(producer, "Yes.", user="ab", idempotency_key="c").id
    assert again in made


@pytest.mark.parametrize(
    "after",
    ["", "x", "1", "1-", "-1", "1-1-1", "9" * 30 + "-0", "0-" + "9" * 5000, "\ud800-1", "1-1\n"],
    ids=lambda a: repr(a)[:20],
)
def test_what_is_no_position_is_refused(producer: Producer, after: str) -> None:
    job = enqueue(producer, "Yes.")
    with pytest.raises(BadInput, match="is not a position"):
        next(job.audio(after))
    job.cancel("\ud800" * 10_000)
    assert len(job.status().reason) == 500
