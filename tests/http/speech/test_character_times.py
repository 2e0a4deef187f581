"""Character times: those of a word share its time, and those between words the pause."""

from gateway.http.reading.character_times import character_times
from seriatim.text.word_times import WordTime

TEXT = "Yes, no."
WORDS = (WordTime(0, "Yes", 20, 320), WordTime(5, "no", 520, 720))


def test_characters_share_the_time_of_their_word() -> None:
    assert character_times(TEXT, WORDS).marks_ms == (20, 120, 220, 320, 420, 520, 620, 720, 720)
    assert character_times(TEXT, WORDS, 1_000).alignment()["character_start_times_seconds"][:3] == [1.02, 1.12, 1.22]


def test_a_message_has_whole_milliseconds() -> None:
    alignment = character_times(TEXT, WORDS).stream_alignment()
    assert alignment["chars"] == list(TEXT)
    assert alignment["charStartTimesMs"] == [20, 120, 220, 320, 420, 520, 620, 720]
    assert alignment["charDurationsMs"] == [100, 100, 100, 100, 100, 100, 100, 0]


def test_a_text_without_words_takes_no_time() -> None:
    assert character_times("…", ()).marks_ms == (0, 0)
