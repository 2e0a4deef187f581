"""Requests: the options of a job, and the error for each that is wrong."""

import pytest

from seriatim.client.job_options import JobRequest, check_text, check_voice
from seriatim.errors import BadInput, UnknownOption, UnknownVoice
from seriatim.records import DrainMode, GapPolicy, HoldPolicy, JobKind


def test_a_live_job_drains_by_window_and_a_batch_job_to_the_store():
    assert JobRequest.of({"kind": "live"}).drained_by is DrainMode.WINDOW
    assert JobRequest.of({"kind": "batch"}).drained_by is DrainMode.STORE
    assert JobRequest.of({"kind": "batch", "drain": "window"}).drained_by is DrainMode.WINDOW


def test_the_pool_is_named_like_the_engine_unless_said_otherwise():
    assert JobRequest.of({"engine": "tone"}).pool_name == "tone"
    assert JobRequest.of({"engine": "tone", "pool": "tone-b"}).pool_name == "tone-b"


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
        ({"pool": "{x}"}, "pool='{x}'; expected letters, digits, dot, dash and underscore"),
        ({"idempotency_key": "k" * 257}, "an idempotency_key of 257 characters; at most 256"),
    ],
)
def test_a_wrong_option_says_what_is_expected(options, message):
    with pytest.raises(UnknownOption) as refused:
        JobRequest.of(options)
    assert str(refused.value) == message


def test_an_unknown_voice_names_the_nearest():
    with pytest.raises(UnknownVoice) as refused:
        check_voice("alcie", ["alice", "bob", "carol"], "p")
    assert str(refused.value) == "unknown voice 'alcie'; pool 'p' has: alice and 2 more (seriatim voices)"


def test_variants_and_the_default_and_pools_without_workers_take_any_voice():
    assert check_voice("en-us+f3", ["en-us", "+f3"], "p") == "en-us+f3"
    assert check_voice("", ["en-us"], "p") == ""
    assert check_voice("unlisted", [], "p") == "unlisted"


@pytest.mark.parametrize(("voice", "name"), [
    ("german", "de"), ("deu", "de"), ("German+F3", "de+f3"), ("EN_US", "en-us"), ("American English", "en-us"),
    ("ANNA", "Anna"), ("+F3", "+f3"),
])  # fmt: skip
def test_a_voice_is_found_by_its_language_and_in_capitals(voice: str, name: str) -> None:
    assert check_voice(voice, ["en-us", "de", "Anna", "+f3"], "p") == name


@pytest.mark.parametrize(
    ("text", "message"), [(b"x", "decode it first"), (None, "expected a string"), (5, "expected a")]
)
def test_what_is_no_text_is_refused(text, message):
    with pytest.raises(BadInput, match=message):
        check_text(text)


def test_a_blend_names_voices_of_the_pool() -> None:
    known = ["af_bella", "af_sky"]
    for voice, name in (("AF_Bella + af_sky(2)", "af_bella+af_sky(2)"), ("af_sky(1.50)", "af_sky(1.5)")):
        assert check_voice(voice, known, "p", blends=True) == name
    with pytest.raises(UnknownVoice, match="unknown voice 'af_skye'; pool 'p' has: af_sky"):
        check_voice("af_bella+af_skye", known, "p", blends=True)
    with pytest.raises(UnknownVoice, match="unknown voice"):
        check_voice("af_bella+af_sky", known, "p")
