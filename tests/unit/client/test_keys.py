"""The keyspace: pinned, because two versions of the code share it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seriatim.keys import (
    END,
    GAP,
    SHARDS,
    StreamPosition,
    job_prefix,
    ordered_stream,
    pool_prefix,
    queue,
    shard_of,
    user_jobs,
    user_of,
    user_tag,
)

JOB = "00112233445566778899aabbccddeeff"


def test_keys_are_what_other_versions_expect():
    assert pool_prefix("espeak") == "seriatim:1:{p:espeak}"
    assert queue("espeak") == "seriatim.espeak"
    assert job_prefix(JOB) == "seriatim:1:{k:04}"
    assert ordered_stream(JOB) == f"seriatim:1:{{k:04}}:o:{JOB}"


@given(st.text(min_size=1))
def test_every_job_has_a_shard(job):
    assert 0 <= shard_of(job) < SHARDS


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_users_name_parts_no_key_and_reads_back(name):
    tag = user_tag(name)
    assert user_of(tag) == name
    assert not set(tag) & set("|{}: \t\n")


def test_plain_names_stay_as_they_are_in_keys():
    assert user_jobs("anna.b@example.org") == "seriatim:1:{u:anna.b@example.org}:jobs"
    assert user_jobs("auth0|5f 7c") == "seriatim:1:{u:auth0%7C5f%207c}:jobs"


@given(st.integers(0, 10**6), st.integers(0, END))
def test_a_position_reads_back_as_it_was_written(sentence, offset):
    assert StreamPosition.parse(str(StreamPosition(sentence, offset))) == StreamPosition(sentence, offset)


def test_positions_are_ordered_as_redis_orders_ids():
    unordered = [
        StreamPosition(2, 0),
        StreamPosition(1, 0),
        StreamPosition(1, 480),
        StreamPosition(1, GAP),
        StreamPosition(1, END),
        StreamPosition(),
    ]
    assert [str(p) for p in sorted(unordered)] == ["0-0", "1-0", "1-480", f"1-{GAP}", f"1-{END}", "2-0"]


@pytest.mark.parametrize("wrong", ["", "3", "3-", "-1", "a-b", "3-4-5", "-3-4", f"1-{END + 1}", "١-٢"[:1]])
def test_what_is_no_position_is_refused(wrong):
    with pytest.raises(ValueError, match="is not a position; expected <sentence>-<offset>, such as 3-9600"):
        StreamPosition.parse(wrong)
