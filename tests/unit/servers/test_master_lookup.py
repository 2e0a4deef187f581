"""Reasons why Sentinels name no master: what they answered decides which line is shown."""

import pytest
from redis import exceptions

from seriatim.servers.master_lookup import Reply, no_master_reason

DOWN = exceptions.ConnectionError("Error 111 connecting to a:1. Connection refused.")


@pytest.mark.parametrize(
    ("replies", "says"),
    [
        ([DOWN, {"s": {}}], "the Sentinels know no master of 's' that is up: a failover is under way, or"),
        ([DOWN, {"t": {}, "r": {}}], "the Sentinels know no service 's', they have r, t; correct service="),
        ([{}], "the Sentinels know no service 's', they have none; correct service="),
        ([DOWN, DOWN], f"no Sentinel answers: {str(DOWN)[:-1]}, {str(DOWN)[:-1]}; are they up?"),
        ([DOWN, exceptions.AuthenticationError("no")], "the Sentinel at h1:1 refused the password: no; see sentinel_"),
        ([exceptions.ResponseError("unknown")], "what answers at h0:1 is no Sentinel: unknown; name Sentinels, or"),
    ],
)
def test_the_answers_decide_what_is_said(replies: list[Reply], says: str) -> None:
    assert no_master_reason("s", {(f"h{i}", 1): reply for i, reply in enumerate(replies)}).startswith(says)
