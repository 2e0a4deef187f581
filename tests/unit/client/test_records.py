"""Records between processes: they read back, and refuse what is not theirs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seriatim.records import BadRecord, JobSpec, Sentence, TaskMessage, seed_of
from tasks.celery_task import parse_task_arguments

text = st.text()
sentences = st.builds(
    Sentence,
    text=text,
    pause_ms=st.integers(0, 60_000),
    voice=text,
    language=text,
    speed=st.floats(0, 4),
    seed=st.integers(-1, 2**63 - 1),
)
specs = st.builds(
    JobSpec,
    voice=text,
    language=text,
    speed=st.floats(0.25, 4),
    seed=st.integers(0, 2**63 - 1),
    options=st.dictionaries(text, st.floats(allow_nan=False, allow_infinity=False)),
)


@given(sentences)
def test_a_sentence_reads_back_as_it_was_written(sentence):
    assert Sentence.from_json(sentence.to_json()) == sentence


@given(specs)
def test_a_spec_reads_back_as_it_was_written(spec):
    assert JobSpec.from_json(spec.to_json()) == spec


def test_a_sentence_writes_only_what_differs_from_the_job():
    assert Sentence("Good morning.", 200).to_json() == '{"text":"Good morning.","pause_ms":200}'


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ("{", "a sentence that is not JSON"),
        ("[]", "a sentence that is not a JSON object"),
        ("{}", "a sentence without text"),
        ('{"text":"a","shout":1}', "a sentence with an unknown field 'shout'; was it written by a newer version?"),
        ('{"text":5}', "a sentence whose text is 5; expected str"),
        ('{"text":"a","pause_ms":true}', "a sentence whose pause_ms is True; expected int"),
    ],
)
def test_what_is_no_sentence_is_refused(raw, message):
    with pytest.raises(BadRecord) as refused:
        Sentence.from_json(raw)
    assert str(refused.value).startswith(message)


def test_a_spec_of_another_version_is_refused():
    with pytest.raises(BadRecord, match="a job spec of version 2; this process knows version 1: upgrade it"):
        JobSpec.from_json('{"v":2}')


@given(st.integers(0, 2**63 - 1), st.integers(0, 10**6))
def test_each_sentence_has_a_seed_of_its_own(spec_seed, seq):
    assert 0 <= seed_of(spec_seed, -1, seq) < 2**63
    assert seed_of(spec_seed, -1, seq) != seed_of(spec_seed, -1, seq + 1)
    assert seed_of(spec_seed, 7, seq) == 7


def test_a_message_names_an_attempt():
    assert parse_task_arguments("a1", 2, 3) == TaskMessage("a1", 2, 3)
    assert TaskMessage("a1", 2, 3).task_id == "a1:2:3"


@pytest.mark.parametrize(
    "arguments",
    [
        (None, 0, 1), ("", 0, 1), ("a|b", 0, 1), ("a" * 65, 0, 1), ("a}:x", 0, 1),
        ("a", "0", 1), ("a", -1, 1), ("a", 0, 2**53), ("a", 0.5, 1),
    ],
)  # fmt: skip
def test_a_forged_message_is_refused(arguments):
    with pytest.raises(BadRecord, match=r"^(message out of range|foreign message)"):
        parse_task_arguments(*arguments)
