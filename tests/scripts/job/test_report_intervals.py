"""Reports as readers make them: few, and from them the pool knows as well how far playback is as from one a piece."""

from itertools import repeat
from random import Random

import pytest
from redis import Redis

from seriatim.audio.pcm import bytes_of_ms
from seriatim.keys import StreamPosition
from seriatim.lua import pool_scripts
from seriatim.reader_state import LEAST_REPORT_S, REPORT_MS, DeliveryState
from seriatim.stream_entries import ReaderCursor
from tests.scripts.pool.pool_driver import POOL, PoolDriver

RATE_HZ = 8_000
ROUNDING_MS = 3
Pieces = list[tuple[int, int]]  #: (ms that pass, ms of audio that come then)


class TwoReaders:
    """Two readers that take the same pieces: of job `each` all are reported at once, of job `few` when they are due."""

    def __init__(self, redis: Redis) -> None:
        self.stage = PoolDriver(redis, slots=8)
        for job in ("each", "few"):
            self.stage.accept(job, *[1_000] * 9, user=job)
        self.few, self.taken_ms, self.n_reports = DeliveryState("few", POOL), 0, 0
        self.report()

    def report(self) -> None:
        self.n_reports += 1
        call, _ = self.few.report(self.stage.now / 1000)
        self.few.granted(self.stage.do(call.at(self.stage.now)))

    def waits(self, until_ms: int) -> None:
        """Time passes, with the reports that are due in it."""
        while self.few.moved and (due_ms := round(self.few.due_s * 1000)) <= until_ms:
            self.stage.now = max(due_ms, self.stage.now)
            self.report()
        self.stage.now = until_ms

    def takes(self, ms: int) -> None:
        self.taken_ms += ms
        n_bytes = bytes_of_ms(self.taken_ms, RATE_HZ)
        self.stage.ack("each", self.taken_ms)
        self.few.move(ReaderCursor(StreamPosition(1, n_bytes), 0, n_bytes, RATE_HZ))
        self.waits(self.stage.now)

    def heard_ms(self, job: str) -> float:
        """How far playback is now, as the pool has it."""
        played_ms = self.stage.now - float(self.stage.job(job, "t0"))  # below 0: it has not begun
        return max(0.0, min(float(self.stage.job(job, "acked")), played_ms))


def pieces_by_chance(seed: int) -> Pieces:
    """Some come at once, some in time, and some so late that playback pauses."""
    random = Random(seed)
    kinds = {"ahead": (20, 200), "in time": (900, 1_100), "late": (500, 4_000)}
    found: Pieces = []
    for _ in range(6):
        passes_ms = kinds[random.choice(list(kinds))]
        found += [(random.randint(*passes_ms), random.randint(100, 1_500)) for _ in range(random.randint(1, 8))]
    return found


@pytest.mark.parametrize("seed", range(12))
def test_the_pool_knows_how_far_playback_is_as_from_a_report_of_each_piece(redis: Redis, seed: int) -> None:
    """For barge-in, for deadlines, and for the pauses of playback.

    It learns of the beginning, and of more audio where little is ahead, by the least time between two reports later.
    """
    readers = TwoReaders(redis)
    for passes_ms, ms in pieces_by_chance(seed):
        readers.waits(readers.stage.now + passes_ms)
        behind_ms = readers.heard_ms("each") - readers.heard_ms("few")
        assert abs(behind_ms) <= LEAST_REPORT_S * 1000 + ROUNDING_MS
        readers.takes(ms)
        assert readers.taken_ms - float(readers.stage.job("few", "acked")) < REPORT_MS, "its window opens late"


def test_a_reader_with_ten_seconds_ahead_reports_a_quarter_of_its_pieces(redis: Redis) -> None:
    readers = TwoReaders(redis)
    readers.takes(10_000)
    for passes_ms, ms in repeat((1_000, 1_000), 60):
        readers.waits(readers.stage.now + passes_ms)
        readers.takes(ms)
    assert readers.n_reports <= 60 / 4 + 2


def test_a_report_returns_what_the_job_wants_of_its_reader(redis: Redis) -> None:
    stage = PoolDriver(redis)
    stage.accept("j", 1_000, 1_000, window_ms=1_500, grace_ms=9_000)
    terms = stage.do(pool_scripts.ack(POOL, "j", 0).at(stage.now))
    assert (terms.grace_ms, terms.window_ms) == (9_000, 1_500)
    stage.cancel("j")
    terms = stage.do(pool_scripts.ack(POOL, "j", 0).at(stage.now))
    assert (terms.grace_ms, terms.window_ms) == (0, 0)
