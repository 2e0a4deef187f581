"""Takes of a sentence: what a retry repeats, which ones are held, where a seam is marked."""

import pytest
from redis import Redis

from seriatim.keys import StreamPosition
from seriatim.lua.job_scripts import AppendVerdict, OpenVerdict
from seriatim.stream_entries import Discontinuity
from tests.scripts.job.slot_driver import Slot, pcm
from tests.scripts.server_contents import contents


def test_a_retry_goes_on_at_the_next_byte(redis: Redis) -> None:
    """The dead worker's bytes that were not heard are dropped; those that were heard are not sent again."""
    slot = Slot(redis, 1)
    slot.open(0, 1)
    slot.append(0, 1, 0, pcm(0)[:400], checksum=17)
    slot.emit()
    slot.append(0, 1, 400, pcm(0)[400:700], checksum=18)
    opened = slot.open(0, 2)
    assert (opened.base, opened.checksum) == (400, 17)
    assert slot.append(0, 1, 700, pcm(0)[700:]) == (AppendVerdict.FENCED, 0)
    assert slot.append(0, 2, 400, pcm(0)[400:], final=True) == (AppendVerdict.OK, 1_000)
    slot.emit()
    assert slot.sound() == pcm(0)
    assert slot.markers() == ["SentenceStart 1", "End 2"]


def test_overlap_is_trimmed_and_a_hole_is_refused(redis: Redis) -> None:
    slot = Slot(redis, 1)
    slot.open(0, 1)
    assert slot.append(0, 1, 0, pcm(0)[:400]) == (AppendVerdict.OK, 400)
    assert slot.append(0, 1, 200, pcm(0)[200:600]) == (AppendVerdict.OK, 600)
    assert slot.append(0, 1, 0, pcm(0)[:300]) == (AppendVerdict.OK, 600), "all of it is here"
    assert slot.append(0, 1, 800, pcm(0)[800:]) == (AppendVerdict.GAP, 600), "send from there"
    slot.append(0, 1, 600, pcm(0)[600:], final=True)
    chunks = contents(redis, slot.prefix)[f":b:{slot.name}:0"]
    assert b"".join(fields[b"d"] for _, fields in chunks) == pcm(0), "no byte is kept twice"
    slot.emit()
    assert slot.sound() == pcm(0)


def test_another_take_is_marked_once_and_where_it_begins(redis: Redis) -> None:
    """An engine that never says a thing twice, and a job that does not want to wait for whole sentences."""
    slot = Slot(redis, 1, hold="0")
    slot.open(0, 1, "none")
    slot.append(0, 1, 0, pcm(0)[:400])
    slot.emit()
    assert slot.open(0, 2, "none").base == 400
    slot.open(0, 3, "none")
    other = pcm(0, 900, salt=1)
    for _ in range(2):  # a repeated append, and an emit between
        slot.append(0, 3, 400, other[400:800])
        slot.emit()
    slot.append(0, 3, 800, other[800:], final=True)
    slot.emit()
    seams = [entry for entry in slot.stream() if isinstance(entry, Discontinuity)]
    assert seams == [Discontinuity(StreamPosition(1, 401), 0, 400)]
    assert slot.sound() == pcm(0)[:400] + other[400:]


def test_an_engine_that_broke_its_promise_is_marked_once(redis: Redis) -> None:
    """The worker compared checksums. Its call was sent again after it was heard: that marks nothing."""
    slot = Slot(redis, 1)
    slot.open(0, 1)
    slot.append(0, 1, 0, pcm(0)[:400])
    slot.emit()
    slot.open(0, 2)
    other = pcm(0, salt=1)
    for end in (800, 800, 900):
        slot.append(0, 2, 400, other[400:end], differs=True)
        slot.emit()
    slot.append(0, 2, 900, other[900:], final=True)
    slot.emit()
    seams = [entry for entry in slot.stream() if isinstance(entry, Discontinuity)]
    assert seams == [Discontinuity(StreamPosition(1, 401), 0, 400)]


def test_a_take_that_is_shorter_than_what_was_heard_ends_there(redis: Redis) -> None:
    """Else the sentence would never be whole, and the job never done."""
    slot = Slot(redis, 1, hold="0")
    slot.open(0, 1, "none")
    slot.append(0, 1, 0, pcm(0)[:800])
    slot.emit()
    slot.open(0, 2, "none")
    assert slot.append(0, 2, 200, pcm(0, salt=1)[200:600], final=True) == (AppendVerdict.OK, 800)
    assert slot.emit().state == "done"
    assert slot.sound() == pcm(0)[:800]


@pytest.mark.parametrize(
    ("hold", "continuity", "held"),
    [("auto", "exact", False), ("auto", "none", True), ("auto", "resumable", False), ("1", "exact", True),
     ("1", "none", True), ("0", "none", False)],
)  # fmt: skip
def test_who_is_held_until_whole(redis: Redis, hold: str, continuity: str, held: bool) -> None:
    slot = Slot(redis, 1, hold=hold)
    slot.open(0, 1, continuity)
    slot.append(0, 1, 0, pcm(0)[:400])
    slot.emit()
    assert (slot.sound() == b"") is held
    slot.append(0, 1, 400, pcm(0)[400:], final=True)
    slot.emit()
    assert slot.sound() == pcm(0)


def test_a_held_sentence_is_one_take(redis: Redis) -> None:
    slot = Slot(redis, 1)
    slot.open(0, 1, "none")
    slot.append(0, 1, 0, pcm(0)[:400])
    slot.emit()
    slot.says(0, 2, pcm(0, 800, salt=2), continuity="none")
    slot.emit()
    assert slot.sound() == pcm(0, 800, salt=2)
    assert slot.markers() == ["SentenceStart 1", "End 2"]


def test_a_resumable_engine_goes_on_behind_what_was_received(redis: Redis) -> None:
    """Not behind what was heard: nothing is spoken again."""
    slot = Slot(redis, 1)
    slot.open(0, 1, "resumable")
    slot.append(0, 1, 0, pcm(0)[:400], checksum=3, state=b"\x00at 400")
    slot.emit()
    slot.append(0, 1, 400, pcm(0)[400:600], checksum=4, state=b"\xffat 600")
    opened = slot.open(0, 2, "resumable")
    assert (opened.base, opened.checksum, opened.state) == (600, 4, b"\xffat 600")
    slot.append(0, 2, 600, pcm(0)[600:], final=True)
    slot.emit()
    assert slot.sound() == pcm(0)


def test_a_state_counts_only_behind_the_bytes_that_it_stands_behind(redis: Redis) -> None:
    """A chunk came without one: who resumed from the state before it would say that chunk twice."""
    slot = Slot(redis, 1)
    slot.open(0, 1, "resumable")
    slot.append(0, 1, 0, pcm(0)[:400], state=b"at 400")
    slot.append(0, 1, 400, pcm(0)[400:600])
    opened = slot.open(0, 2, "resumable")
    assert (opened.base, opened.state) == (0, b"")


def test_a_sentence_that_is_whole_says_how_long_it_is(redis: Redis) -> None:
    """A worker died between its last append and its finish: the next one has nothing to speak, but must count right."""
    slot = Slot(redis, 3)
    slot.says(0, 1, pcm(0, 600))
    assert (slot.open(0, 2).verdict, slot.open(0, 2).base) == (OpenVerdict.DONE, 600)
    slot.emit()
    assert (slot.open(0, 3).verdict, slot.open(0, 3).base) == (OpenVerdict.DONE, 600), "also when it was heard"
    assert slot.append(0, 3, 0, pcm(0)) == (AppendVerdict.DONE, 600)
    slot.says(1, 1, pcm(1))
    slot.says(2, 1, pcm(2))
    slot.emit()
    assert slot.open(0, 4) == slot.open(0, 3), "and when the job is done"


def test_lengths_are_forgotten_in_time(redis: Redis) -> None:
    """A job of 100,000 sentences keeps 64 of them."""
    slot = Slot(redis, -1)
    for seq in range(100):
        slot.says(seq, 1, b"ab")
        slot.emit()
    assert sum(name.startswith("L") for name in contents(redis, slot.prefix)[":c:j"]) == 64
    assert slot.open(20, 2).base == 0
    assert slot.open(36, 2).base == 2


@pytest.mark.parametrize("seq", [0, 1])
def test_an_open_may_be_sent_again(redis: Redis, seq: int) -> None:
    slot = Slot(redis, 2)
    slot.open(seq, 1)
    slot.append(seq, 1, 0, pcm(seq)[:400], checksum=5)
    again = slot.open(seq, 1)
    assert (again.base, again.checksum) == (400, 5), "what is here is not dropped"
    assert slot.open(seq, 0).verdict is OpenVerdict.FENCED


def heard_in_part(redis: Redis, hold: str = "auto") -> Slot:
    """A worker with the fingerprint A was heard up to byte 400, and is gone."""
    slot = Slot(redis, 1, hold=hold)
    slot.open(0, 1, fingerprint="A")
    slot.append(0, 1, 0, pcm(0)[:400], checksum=17)
    slot.emit()
    slot.append(0, 1, 400, pcm(0)[400:700], checksum=18)
    return slot


def seams(slot: Slot) -> list[int]:
    return [entry.offset for entry in slot.stream() if isinstance(entry, Discontinuity)]


def test_another_machine_is_held_and_its_seam_marked(redis: Redis) -> None:
    """Both engines are exact, and give other bytes: the checksum of what was heard need not show it."""
    slot = heard_in_part(redis)
    opened = slot.open(0, 2, fingerprint="B")
    assert (opened.base, opened.checksum, opened.other) == (400, 17, True)
    assert slot.open(0, 2, fingerprint="B") == opened, "sent again"
    other = pcm(0, salt=1)
    slot.append(0, 2, 400, other[400:800])
    slot.emit()
    assert slot.sound() == pcm(0)[:400], "held until it is whole"
    slot.append(0, 2, 800, other[800:], final=True)
    slot.emit()
    assert slot.sound() == pcm(0)[:400] + other[400:]
    assert seams(slot) == [400]


def test_a_listener_who_would_rather_not_wait_hears_another_machine_at_once(redis: Redis) -> None:
    slot = heard_in_part(redis, hold="0")
    other = pcm(0, salt=1)
    slot.open(0, 2, fingerprint="B")
    slot.append(0, 2, 400, other[400:600], checksum=19)
    slot.emit()
    assert slot.sound() == pcm(0)[:400] + other[400:600]
    assert not slot.open(0, 3, fingerprint="B").other, "the last that was heard is its own"
    slot.append(0, 3, 600, other[600:800])
    slot.emit()
    assert slot.open(0, 4, fingerprint="A").other
    slot.append(0, 4, 800, pcm(0)[800:], final=True)
    slot.emit()
    assert slot.sound() == pcm(0)[:400] + other[400:800] + pcm(0)[800:]
    assert seams(slot) == [400, 800]


def test_a_machine_of_the_same_kind_continues_whatever_came_between(redis: Redis) -> None:
    """The attempt of another machine was lost before anything of it was heard."""
    slot = heard_in_part(redis)
    slot.open(0, 2, fingerprint="B")
    slot.append(0, 2, 400, pcm(0, salt=1)[400:800])
    opened = slot.open(0, 3, fingerprint="A")
    assert (opened.base, opened.other) == (400, False)
    slot.append(0, 3, 400, pcm(0)[400:800])
    slot.emit()
    assert slot.sound() == pcm(0)[:800], "nothing is held"
    slot.append(0, 3, 800, pcm(0)[800:], final=True)
    slot.emit()
    assert (slot.sound(), seams(slot)) == (pcm(0), [])


def test_what_was_not_heard_may_come_from_any_machine(redis: Redis) -> None:
    slot = Slot(redis, 2)
    slot.open(0, 1, fingerprint="A")
    slot.append(0, 1, 0, pcm(0)[:400])
    slot.open(1, 2, fingerprint="A")
    slot.append(1, 2, 0, pcm(1)[:400])
    assert not slot.open(0, 3, fingerprint="B").other
    slot.append(0, 3, 0, pcm(0)[:400])
    slot.emit()
    assert slot.sound() == pcm(0)[:400], "not held"
    slot.append(0, 3, 400, pcm(0)[400:], final=True)
    assert not slot.open(1, 4, fingerprint="B").other
    slot.append(1, 4, 0, pcm(1), final=True)
    slot.emit()
    assert (slot.sound(), seams(slot)) == (pcm(0) + pcm(1), [])


def test_another_machine_is_recognised_behind_a_torn_log(redis: Redis) -> None:
    """The server lost what it wrote of the emit, and not what was heard of it."""
    slot = heard_in_part(redis)
    slot.redis.hset(f"{slot.prefix}:c:{slot.name}", items=["off", 0])
    slot.redis.hdel(f"{slot.prefix}:c:{slot.name}", "Q", "F")
    opened = slot.open(0, 2, fingerprint="B")
    assert (opened.base, opened.other) == (400, True)
    slot.append(0, 2, 400, pcm(0, salt=1)[400:], final=True)
    slot.emit()
    assert seams(slot) == [400]
