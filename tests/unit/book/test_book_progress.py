"""The progress of a book: parts, speed and time left, from durations of speech."""

import pytest

from gateway.book.book_project import BookProject
from gateway.book.corrections import Correction
from gateway.book.making.book_progress import BookPace
from gateway.book.speak_chapters import speech_estimates
from tests.unit.book.spoken_books import RATE_HZ, SENTENCE_SAMPLES, planned, speak


def test_speed_and_time_left_follow_from_what_is_spoken() -> None:
    now_s, changes = [100.0], list[float]()
    pace = BookPace([(1, 10_000), (2, 30_000)], lambda: changes.append(pace.audio_ms), lambda: now_s[0])
    assert (pace.part, pace.left_s, pace.times_real_time, pace.n_complete) == (0, None, 0, 0)
    now_s[0] += 2
    pace.chapters[1].add_audio(6_000)
    assert (pace.times_real_time, pace.part) == (3, 0.15)
    assert pace.left_s == pytest.approx((40 - 6) / 3)
    pace.chapters[0].complete()
    assert (pace.n_complete, pace.part) == (1, 0.4)
    assert changes == [6_000]


def test_a_chapter_that_is_longer_than_its_estimate_is_not_complete_before_its_end() -> None:
    pace = BookPace([(1, 1_000)])
    pace.chapters[0].add_audio(5_000)
    assert pace.part == 0.99
    pace.chapters[0].complete()
    assert pace.part == 1


def test_of_a_corrected_chapter_only_its_corrections_are_spoken(tmp_path_factory: pytest.TempPathFactory) -> None:
    plan, project = planned("Harbour", "Sea"), BookProject(tmp_path_factory.mktemp("project"))
    speak(plan, project)
    sea = plan.chapters[1]
    corrected = plan.with_corrections({sea.key: [Correction(1, "It is calm.")]}).chapters
    sentence_ms = 1000 * SENTENCE_SAMPLES / RATE_HZ
    assert speech_estimates(corrected[1:], project) == [(2, sentence_ms)]
    unspoken = planned("Home", first=9).chapters
    assert speech_estimates(unspoken, project) == [(1, unspoken[0].estimated_ms)]
