"""A job whose life is over: nothing that comes late about it makes it look like one that is there."""

from redis import Redis

from seriatim.keys import StreamPosition
from seriatim.lua.job_scripts import AppendVerdict
from seriatim.state.stream_record import known_jobs, note_plain_reader, read_stream_record
from tests.scripts.job.slot_driver import Slot, pcm


def test_a_late_note_of_a_reader_is_no_job(redis: Redis) -> None:
    note_plain_reader(redis, "j", StreamPosition(3, 0))
    assert read_stream_record(redis, "j") is None
    assert known_jobs(redis, ["j"]) == set()


def test_a_late_note_of_a_reader_does_not_stand_in_the_way_of_a_job_with_the_same_id(redis: Redis) -> None:
    """The same Idempotency-Key, a day later: it was taken for one that is there, and no sentence of it was accepted."""
    note_plain_reader(redis, "j", StreamPosition(3, 0))
    slot = Slot(redis, 1)
    slot.open(0, 1)
    assert slot.append(0, 1, 0, pcm(0), final=True)[0] is AppendVerdict.OK
    record = read_stream_record(redis, "j")
    assert record
    assert record.followed == ""
