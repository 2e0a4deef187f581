"""The pool's record as producers read it."""

import pytest

from seriatim.client.job_options import JobRequest
from seriatim.client.resolved_request import ResolvedRequest
from seriatim.client.sentence_rows import live_limit_ms, segmentation_for
from seriatim.state.pool_record import FIELDS, PoolRecord
from seriatim.text.lexicon import Lexicon
from seriatim.text.segment import SegmentOptions
from seriatim.text.segment.stored_segmentation import segmentation_to_json, with_stored_segmentation

FACTS = PoolRecord(limit_chars=250, limits={"ja": 71, "zh-cn": 82, "zh": 80})


def test_a_language_may_have_a_limit_of_its_own() -> None:
    assert FACTS.limit_of("ja") == FACTS.limit_of("ja-JP") == FACTS.limit_of("JA") == 71


def test_the_longest_beginning_of_its_tag_counts() -> None:
    assert FACTS.limit_of("zh-CN") == 82
    assert FACTS.limit_of("zh-TW") == 80


def test_all_others_have_the_pools() -> None:
    assert FACTS.limit_of("en-GB") == FACTS.limit_of("") == FACTS.limit_of("jam") == 250


def record_of(**fields: str) -> PoolRecord:
    return PoolRecord.decode("tone", [fields[name].encode() if name in fields else None for name in FIELDS])


@pytest.mark.parametrize(
    ("demand", "limit_ms"), [("0", 0), ("0.5", 0), ("1.0", 8_000), ("1.6", 8_000), ("1.75", 4_000)]
)
def test_live_pieces_last_shorter_as_listeners_share_slots_and_need_nearly_all_of_them(
    demand: str, limit_ms: int
) -> None:
    """Two slots, each good for two listeners: the third would wait for a piece of another."""
    pool = record_of(slots="2", rtf="0.5", demand=demand)
    assert live_limit_ms(JobRequest.of({"engine": "tone"}), pool) == limit_ms
    assert live_limit_ms(JobRequest.of({"engine": "tone", "speed": 2}), pool) == 2 * limit_ms
    assert live_limit_ms(JobRequest.of({"engine": "tone", "kind": "batch"}), pool) == 0


def test_slots_that_the_governor_closes_count_for_no_listener() -> None:
    pool = record_of(slots="8", allowed="1", rtf="0.3", demand="0.3")
    assert live_limit_ms(JobRequest.of({"engine": "tone"}), pool) == 8_000


def test_pieces_of_an_engine_that_is_far_faster_than_speech_are_whole() -> None:
    pool = record_of(slots="1", rtf="0.01", demand="0.95")
    assert live_limit_ms(JobRequest.of({"engine": "tone"}), pool) == 0


@pytest.mark.parametrize(
    ("fields", "first_chars"),
    [
        pytest.param({"demand": "0.5"}, 80, id="a slot for each"),
        pytest.param({"demand": "1.0"}, 40, id="shared"),
        pytest.param({"demand": "1.75"}, 40, id="nearly full"),
        pytest.param({"demand": "0.5", "slots": "1"}, 40, id="one slot"),
        pytest.param({"demand": "1.0", "rtf": "0.09"}, 80, id="far faster than speech"),
        pytest.param({"demand": "1.0", "abilities": '[{"engine":"tone","cached":true}]'}, 80, id="kept in a cache"),
    ],
)
def test_first_parts_are_short_while_listeners_share_slots(fields: dict[str, str], first_chars: int) -> None:
    pool = record_of(**{"slots": "2", "rtf": "0.5"} | fields)
    for kind, chars in (("live", first_chars), ("batch", 0)):
        request = JobRequest.of({"engine": "tone", "kind": kind})
        assert segmentation_for(ResolvedRequest.of(request, pool, "", Lexicon())).first_chars == chars


def test_a_segmentation_is_stored_with_its_limit_of_time() -> None:
    cut = SegmentOptions("de", 200, 10, 40, limit_ms=4_000)
    assert with_stored_segmentation(SegmentOptions(), segmentation_to_json(cut)) == cut
