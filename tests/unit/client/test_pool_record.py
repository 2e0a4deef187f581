"""The pool's record as producers read it."""

from seriatim.state.pool_record import PoolRecord

FACTS = PoolRecord(limit_chars=250, limits={"ja": 71, "zh-cn": 82, "zh": 80})


def test_a_language_may_have_a_limit_of_its_own() -> None:
    assert FACTS.limit_of("ja") == FACTS.limit_of("ja-JP") == FACTS.limit_of("JA") == 71


def test_the_longest_beginning_of_its_tag_counts() -> None:
    assert FACTS.limit_of("zh-CN") == 82
    assert FACTS.limit_of("zh-TW") == 80


def test_all_others_have_the_pools() -> None:
    assert FACTS.limit_of("en-GB") == FACTS.limit_of("") == FACTS.limit_of("jam") == 250
