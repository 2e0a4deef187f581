"""Word events of espeak: each goes to its word of the sentence, though espeak got another text."""

from workers.engines.espeak.word_events import event_word_times


def test_added_marks_and_spaces_move_no_word() -> None:
    text, read = "Dr. May is 12 now.", "Dr.\u00ad may, is 1 2 now."
    events = [(1, 0), (6, 100), (11, 300), (14, 400), (16, 450), (18, 500)]
    assert event_word_times(text, read, events, 800) == ((0, 100), (100, 300), (300, 400), (400, 500), (500, 800))


def test_words_that_espeak_speaks_as_one_share_its_time_by_their_letters() -> None:
    assert event_word_times("one of the day", "one of the day", [(1, 0), (5, 300), (12, 800)], 1000) == (
        (0, 300), (300, 500), (500, 800), (800, 1000),
    )  # fmt: skip


def test_another_text_or_none_has_no_times() -> None:
    assert event_word_times("one two", "one too", [(1, 0), (5, 300)], 500) == ()
    assert event_word_times("one two", "one two", [], 500) == ()
    assert event_word_times("...", "...", [(1, 0)], 500) == ()
