"""One listener of the load bench: it reports what was played, not what arrived."""

import pytest
from redis import Redis

from bench.load.listening import REPORT_S, Listening
from bench.load.plan import Ask, RequestResult
from seriatim.audio.pcm import bytes_of_ms
from seriatim.client.job import Job
from seriatim.keys import StreamPosition
from seriatim.records import DrainMode
from seriatim.settings import Settings
from seriatim.stream_entries import Audio, End, Entry, SentenceStart

RATE_HZ = 8_000


def listener(**changes: float) -> Listening:
    redis = Redis()  # not connected: nothing here asks it
    job = Job("j", "tone", DrainMode.WINDOW, redis, redis, Settings())
    return Listening(Ask(0.0, "ann", (9.0,), **changes), RequestResult("ann", "live", "live", 0.0, job="j"), job)  # type: ignore[arg-type]  # fields by name


def sentence(seq: int, *lengths_ms: int, at_ms: int = 0) -> list[Entry]:
    entries: list[Entry] = [SentenceStart(StreamPosition(seq + 1), seq, bytes_of_ms(at_ms, RATE_HZ), RATE_HZ, "said")]
    end = 0
    for ms in lengths_ms:
        end += bytes_of_ms(ms, RATE_HZ)
        entries.append(Audio(StreamPosition(seq + 1, end), bytes(bytes_of_ms(ms, RATE_HZ))))
    return entries


def test_it_reports_what_was_played_and_where_that_is() -> None:
    """Two sentences lie in its buffer after a second: only the second that was heard is reported as used."""
    ann = listener()
    ann.take(sentence(0, 600) + sentence(1, 5_000, at_ms=600), 1.0)
    ack, mark = ann.report(2.0)
    assert ack.args[1] == "j"
    assert ack.args[2] == ack.args[3] == pytest.approx(1_000), "delivered and heard"
    assert mark.args[2] == 1, "the sentence whose last byte was heard"


def test_it_reports_every_now_and_then_and_not_before_the_first_sound() -> None:
    ann = listener()
    assert ann.report(9.0) == []
    ann.take(sentence(0, 5_000), 9.0)
    assert ann.report(9.0) == []
    assert ann.report(9.0 + REPORT_S)
    assert ann.report(9.0 + REPORT_S + 0.01) == []


def test_a_slow_listener_has_heard_less() -> None:
    ann = listener(pace=0.5)
    ann.take(sentence(0, 5_000), 1.0)
    assert ann.report(3.0)[0].args[2] == pytest.approx(1_000)


def test_a_silent_one_never_says_anything() -> None:
    ann = listener(silent=True)
    ann.take(sentence(0, 5_000), 1.0)
    assert ann.report(9.0) == []


def test_it_listens_until_it_has_heard_the_end() -> None:
    """The end arrives long before it is heard."""
    ann = listener()
    ann.take([*sentence(0, 5_000), End(StreamPosition(2, 2), "done", "", bytes_of_ms(5_000, RATE_HZ), 1)], 1.0)
    assert not ann.over(5.9)
    assert ann.over(6.0)
    assert ann.result.state == "done"
    assert not ann.leaves(6.0)


def test_who_has_had_enough_leaves_before_the_end() -> None:
    ann = listener(leaves_s=2.0)
    assert not ann.over(9.0), "who hears nothing waits"
    ann.take(sentence(0, 5_000), 9.0)
    assert not ann.over(10.9)
    assert ann.over(11.0)
