"""Progress as the command line shows it while a text is spoken, and afterwards."""

import io
import json
import re
import threading
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from gateway.cli.render.duration import clock_face
from gateway.cli.render.progress import ProgressDisplay, ProgressState
from gateway.cli.render.summary import RunSummary, summary_json, summary_text


class Clock:
    """Time that the test sets."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


class Screen:
    """What a progress shows, on a terminal or in a log."""

    def __init__(self, *, terminal: bool, width: int = 80, term: str = "xterm-256color") -> None:
        self._out = io.StringIO()
        self.clock = Clock()
        console = Console(
            file=self._out, force_terminal=terminal, width=width, legacy_windows=False, _environ={"TERM": term}
        )
        self.progress = ProgressDisplay(console, self.clock)

    @property
    def text(self) -> str:
        return self._out.getvalue()

    @property
    def plain(self) -> str:
        """The text without colours and cursor movements."""
        return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", self.text)

    def speak(self, sentences: int, each_s: float, sound_ms: float) -> None:
        for _ in range(sentences):
            self.clock.now_s += each_s
            self.progress.add_audio(sound_ms)
            self.progress.count_sentence()


def test_a_terminal_shows_sentences_sound_speed_and_time_left():
    screen = Screen(terminal=True)
    with screen.progress as progress:
        progress.start_counting(40)
        screen.speak(10, each_s=1.5, sound_ms=6000)
    assert "10/40 · 1:00 of audio · 4.0 × real time · 0:45 left" in screen.plain
    assert "━" in screen.text


def test_a_terminal_is_left_as_it_was():
    screen = Screen(terminal=True)
    with screen.progress as progress:
        progress.start_counting(2)
        screen.speak(1, each_s=1, sound_ms=1000)
    assert screen.text.count("\x1b[?25l") == screen.text.count("\x1b[?25h") == 1, "the cursor was hidden, and is shown"
    assert screen.text.endswith("\x1b[1A\x1b[2K"), "the bar is wiped away: the summary takes its place"


def test_a_narrow_terminal_loses_the_bar_before_the_words():
    screen = Screen(terminal=True, width=60)
    with screen.progress as progress:
        progress.start_counting(12000)
        screen.speak(340, each_s=0.8, sound_ms=10900)
    assert "340/12000 · 1:01:46 of audio · 13.6 × real time · 2:35:28 left" not in screen.plain
    assert "340/12000 · 1:01:46 of audio · 13.6 × real time" in screen.plain


def test_a_text_of_unknown_length_has_no_time_left():
    screen = Screen(terminal=True)
    with screen.progress as progress:
        progress.start_counting(None)
        screen.speak(3, each_s=1, sound_ms=2000)
    assert "3 · 0:06 of audio · 2.0 × real time" in screen.plain
    assert "left" not in screen.plain


def test_a_log_gets_a_line_every_ten_seconds_at_most():
    screen = Screen(terminal=False)
    with screen.progress as progress:
        progress.start_counting(120)
        screen.speak(35, each_s=1, sound_ms=4000)
    assert screen.text.splitlines() == [
        "9 of 120 sentences, 0:40 of audio, 4.0 × real time, 2:03 left",
        "19 of 120 sentences, 1:20 of audio, 4.0 × real time, 1:46 left",
        "29 of 120 sentences, 2:00 of audio, 4.0 × real time, 1:34 left",
    ]


def test_a_log_hears_nothing_of_a_short_text():
    screen = Screen(terminal=False)
    with screen.progress as progress:
        progress.start_counting(3)
        screen.speak(3, each_s=1, sound_ms=4000)
    assert screen.text == ""


def test_a_dumb_terminal_is_a_log():
    screen = Screen(terminal=True, term="dumb")
    with screen.progress as progress:
        progress.start_counting(3)
        screen.speak(11, each_s=1, sound_ms=4000)
    assert len(screen.text.splitlines()) == 1


def test_a_resumed_text_counts_what_was_there_but_not_as_speed():
    progress = ProgressState(total=100, before=60, sentences=10, audio_ms=20_000, elapsed_s=5)
    assert progress.done == 70
    assert progress.log_line() == "70 of 100 sentences, 0:20 of audio, 4.0 × real time, 0:15 left"


def test_nothing_is_promised_before_anything_is_heard():
    assert ProgressState(total=5).log_line() == "0 of 5 sentences, 0:00 of audio"


def test_time_counts_from_the_start_and_not_from_when_the_screen_was_made():
    screen = Screen(terminal=False)
    screen.clock.now_s += 500
    screen.progress.start_counting(20)
    screen.speak(10, each_s=1, sound_ms=1000)
    assert screen.text == "9 of 20 sentences, 0:10 of audio, 1.0 × real time, 0:12 left\n"


@given(st.integers(1, 500), st.integers(0, 500), st.floats(0.001, 1e5), st.floats(0, 1e9))
def test_the_time_left_ends_at_nothing(sentences, more, elapsed_s, audio_ms):
    progress = ProgressState(total=sentences + more, sentences=sentences, audio_ms=audio_ms, elapsed_s=elapsed_s)
    assert progress.left_s is not None
    assert progress.left_s >= 0
    assert (progress.left_s == 0) == (more == 0)


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0, "0:00"), (-3, "0:00"), (7.4, "0:07"), (59.6, "1:00"), (125, "2:05"), (36125, "10:02:05")]
)
def test_durations_are_shown_as_on_a_clock(seconds, shown):
    assert clock_face(seconds) == shown


RUN = RunSummary(
    output="speech.wav",
    sentences=12,
    audio_ms=61_500,
    wall_s=15.0,
    first_audio_s=0.314,
    first_audio_age_s=1.528,
    sentences_by_worker={"tone-2": 5, "tone-1": 7},
)


def test_the_summary_says_what_happened():
    assert summary_text(RUN) == (
        "speech.wav: 1:02 of audio (61.5 s)\n"
        "12 sentences in 15.0 s, 4.1 × real time\n"
        "first audio after 0.31 s, 1.5 s after the start of the command\n"
        "2 workers: tone-1 7, tone-2 5"
    )


def test_the_summary_of_a_resumed_run_tells_it_from_the_whole():
    run = RunSummary("a.wav", 1, 2000.0, 1.0, None, {"w": 1}, sentences_before=9, audio_ms_before=8000.0)
    assert summary_text(run) == (
        "a.wav: 0:10 of audio (10.0 s)\n"
        "1 sentence in 1.0 s, 2.0 × real time; 9 more by the interrupted run\n"
        "1 worker: w 1"
    )
    assert summary_json(run)["audio_s"] == 10.0
    assert summary_json(run)["audio_s_this_run"] == 2.0


def test_the_summary_names_what_was_doubted_up_to_ten():
    run = replace(RUN, doubts=tuple(f"sentence {seq}: short" for seq in range(12)))
    assert summary_text(run).splitlines()[-1] == (
        "12 doubtful sentences: " + "; ".join(f"sentence {seq}: short" for seq in range(10)) + " ..."
    )
    assert summary_json(run)["doubts"] == list(run.doubts)


def test_the_summary_for_programs_has_the_same_as_numbers():
    assert json.loads(json.dumps(summary_json(RUN))) == {
        "output": "speech.wav",
        "audio_s": 61.5,
        "audio_s_this_run": 61.5,
        "sentences": 12,
        "sentences_this_run": 12,
        "wall_s": 15.0,
        "first_audio_s": 0.314,
        "first_audio_after_start_s": 1.53,
        "times_real_time": 4.1,
        "workers": 2,
        "sentences_by_worker": {"tone-1": 7, "tone-2": 5},
        "gaps": [],
        "doubts": [],
    }


def test_the_total_may_come_from_another_thread_and_nothing_is_lost():
    """The text is still being sent while its beginning is heard."""
    screen = Screen(terminal=False)

    def send() -> None:
        for total in range(1, 2001):
            screen.progress.start_counting(total)

    sender = threading.Thread(target=send)
    sender.start()
    screen.speak(2000, each_s=0, sound_ms=1)
    sender.join()
    screen.clock.now_s += 10
    screen.progress.add_audio(0)
    assert screen.text == "2000 of 2000 sentences, 0:02 of audio, 0.2 × real time, 0:00 left\n"
