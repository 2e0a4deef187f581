"""The outage of one server, as the jobs of a gateway find it."""

import pytest

from gateway.http.routing.server_outage import FRESH_S, ServerOutage
from seriatim.errors import StoreUnavailable, Unavailable


def fails(outage: ServerOutage, error: Unavailable) -> None:
    """A job that the server does not answer."""
    with pytest.raises(type(error), match=str(error)), outage.trial():
        raise error


def test_a_job_that_failed_refuses_those_behind_it_until_one_may_try() -> None:
    outage = ServerOutage("b")
    fails(outage, Unavailable("no answer"))
    with pytest.raises(Unavailable, match="server b does not answer; try again in 5 s"), outage.trial():
        raise AssertionError("it was let through")
    outage.next_try_s = 0.0  # the time has come
    with outage.trial(), pytest.raises(Unavailable), outage.trial():
        raise AssertionError("two try at once")
    with outage.trial(), outage.trial():
        pass  # the one that tried was served


def test_what_failed_long_ago_says_nothing() -> None:
    outage = ServerOutage("b")
    fails(outage, Unavailable("no answer"))
    assert outage.failed_s is not None
    outage.failed_s -= FRESH_S + 1
    with outage.trial():
        pass


def test_a_bucket_that_is_away_is_not_the_server() -> None:
    outage = ServerOutage("b")
    fails(outage, StoreUnavailable("no bucket"))
    with outage.trial():
        pass
