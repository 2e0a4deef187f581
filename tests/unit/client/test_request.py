"""Requests: the options of a job, and the error for each that is wrong."""

import pytest

from seriatim.client.job_options import JobRequest
from seriatim.client.option_checks import check_text
from seriatim.errors import BadInput, UnknownOption
from seriatim.records import DrainMode, GapPolicy, HoldPolicy, JobKind


def test_a_live_job_drains_by_window_and_a_batch_job_to_the_store():
    assert JobRequest.of({"kind": "live"}).drained_by is DrainMode.WINDOW
    assert JobRequest.of({"kind": "batch"}).drained_by is DrainMode.STORE
    assert JobRequest.of({"kind": "batch", "drain": "window"}).drained_by is DrainMode.WINDOW


def test_the_pool_is_named_like_the_engine_unless_said_otherwise():
    assert JobRequest.of({"engine": "tone"}).pool_name == "tone"
    assert JobRequest.of({"engine": "tone", "pool": "tone-b"}).pool_name == "tone-b"


@pytest.mark.parametrize(
    ("options", "name", "expected"),
    [
        ({"engine": "Tone"}, "pool_name", "tone"),
        ({"engine": "my.Engine", "pool": "Tone-B"}, "pool_name", "tone-b"),
        ({"engine": "my.Engine", "pool": "Tone-B"}, "engine", "my.Engine"),
        ({"kind": "BATCH"}, "kind", JobKind.BATCH),
        ({"gap": "Skip"}, "gap", GapPolicy.SKIP),
        ({"hold": "Always"}, "hold", HoldPolicy.ALWAYS),
    ],
)
def test_capitals_count_as_small_letters(options, name, expected):
    """As over HTTP."""
    assert getattr(JobRequest.of(options), name) == expected


def test_words_become_choices():
    request = JobRequest.of({"kind": "batch", "gap": "skip", "hold": "always"})
    assert (request.kind, request.gap, request.hold) == (JobKind.BATCH, GapPolicy.SKIP, HoldPolicy.ALWAYS)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"voise": "x"}, "unknown option 'voise'; did you mean voice?"),
        ({"speed": 9}, "speed=9; expected a number from 0.25 to 4"),
        ({"speed": "fast"}, "speed='fast'; expected a number from 0.25 to 4"),
        ({"kind": "urgent"}, "kind='urgent'; expected one of live, batch"),
        ({"hold": "maybe"}, "hold='maybe'; expected one of auto, always, never"),
        ({"gap": "ignore"}, "gap='ignore'; expected one of fail, silence, skip"),
        ({"user": ""}, "user=''; expected a name of 1 to 256 characters"),
        (
            {"pool": "{x}"},
            "pool='{x}'; expected up to 64 letters, digits, dots, dashes and underscores, a letter or digit first",
        ),
        ({"idempotency_key": "k" * 257}, "an idempotency_key of 257 characters; at most 256"),
    ],
)
def test_a_wrong_option_says_what_is_expected(options, message):
    with pytest.raises(UnknownOption) as refused:
        JobRequest.of(options)
    assert str(refused.value) == message


@pytest.mark.parametrize(
    ("text", "message"), [(b"x", "decode it first"), (None, "expected a string"), (5, "expected a")]
)
def test_what_is_no_text_is_refused(text, message):
    with pytest.raises(BadInput, match=message):
        check_text(text)
