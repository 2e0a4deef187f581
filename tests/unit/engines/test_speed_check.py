"""The check of tuned slots: a process follows what its machine has become, one slot at a time."""

from workers.tune.speed_check import N_SENTENCES, SpeedChange, SpeedCheck

TUNED_X = 2.0


def changes_at(check: SpeedCheck, speed_x: float, n: int = N_SENTENCES, n_busy: int = 9) -> list[SpeedChange]:
    """What changes while sentences are spoken at a speed, each beside so many others."""
    changes = (check.note(1_000, 1_000 / speed_x, n_busy) for _ in range(n))
    return [change for change in changes if change]


def test_as_fast_as_it_was_tuned_nothing_changes() -> None:
    check = SpeedCheck(TUNED_X, 4)
    assert changes_at(check, 1.5, 10 * N_SENTENCES) == []
    assert check.offered == 0


def test_a_machine_that_became_slower_gets_fewer_slots_until_each_is_fast_enough() -> None:
    """All slots together speak 4 s of audio per second, where it was 8 s."""
    check, slots = SpeedCheck(TUNED_X, 4), 4
    offered = []
    for _ in range(6):
        for change in changes_at(check, 4 / slots):
            slots = change.slots
            offered.append(slots)
    assert offered == [3, 2]


def test_it_gets_them_back_when_the_machine_is_as_it_was() -> None:
    check = SpeedCheck(TUNED_X, 4, offered=2)
    (change,) = changes_at(check, 4.0)
    assert change == SpeedChange(4.0, TUNED_X, 3)
    (change,) = changes_at(check, 8 / 3)
    assert change.slots == 4
    assert changes_at(check, 2.0, 5 * N_SENTENCES) == []


def test_that_the_last_slot_is_too_slow_is_reported_once() -> None:
    check = SpeedCheck(TUNED_X, 1)
    assert [change.slots for change in changes_at(check, 0.5, 5 * N_SENTENCES)] == [1]


def test_sentences_beside_idle_slots_and_a_few_slow_ones_say_nothing() -> None:
    check = SpeedCheck(TUNED_X, 4)
    assert changes_at(check, 0.1, 5 * N_SENTENCES, n_busy=3) == []
    assert changes_at(check, 0.1, N_SENTENCES // 2 - 1) == []
    assert changes_at(check, 2.0, 5 * N_SENTENCES) == []


def test_slots_that_were_not_tuned_are_not_checked() -> None:
    assert changes_at(SpeedCheck(), 0.1) == []
