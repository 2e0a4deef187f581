"""The bench of users: its figures of recorded pieces of sound, what each user does, and that gevent stays outside."""

import re
import subprocess
import sys
from importlib.util import find_spec
from itertools import islice
from pathlib import Path

import pytest

from bench.load.plan import RequestResult
from bench.load.usage import Used
from bench.users.__main__ import description, parse
from bench.users.user_figures import figures_of
from bench.users.user_plan import (
    LEAVES_AFTER,
    LONG,
    SHORT,
    TEXTS_S,
    UsersRun,
    key_of,
    keys_file,
    processes_for,
    slots_for,
    wishes,
)
from bench.users.user_table import figure_rows, usage_rows
from gateway.http.api_keys import read_keys

ROOT = Path(__file__).parents[3]


def played(
    *chunks: tuple[float, float], asked_s: float = 0.0, ended_s: float = 30.0, left: bool = False
) -> RequestResult:
    """A text that was heard: (arrival in s, ms) of each piece."""
    return RequestResult(
        "user0", SHORT, "live", asked_s, job="j", accepted_s=asked_s, chunks=list(chunks), left=left,
        ended_s=-1.0 if left else ended_s, over_s=chunks[-1][0] if left else ended_s, state="" if left else "done",
    )  # fmt: skip


def steady(n: int, *, late_s: float = 0.0) -> RequestResult:
    """A second of sound each second, the last of `n` pieces later than that."""
    times = [(1.0 + i, 1000.0) for i in range(n)]
    times[-1] = (times[-1][0] + late_s, 1000.0)
    return played(*times)


def refused(*, back: bool = False) -> RequestResult:
    return RequestResult("user1", SHORT, "live", 1.0, refused="503", retry_after_s=2.0, back=back, over_s=1.0)


def test_sound_that_comes_in_time_has_no_jitter_and_no_stall() -> None:
    found = figures_of([steady(20)])
    assert (found.texts, found.stalls, found.stalled, found.longest_ms, found.failed) == (1, 0, 0, 0.0, 0)
    assert found.jitter_p99_ms == 0
    assert (found.first_p50_ms, found.first_p95_ms) == (1000, 1000)
    assert found.played_s == 20
    assert found.meets_target


def test_sound_that_comes_ahead_of_playback_has_no_jitter() -> None:
    assert figures_of([played(*((1.0 + i / 4, 1000.0) for i in range(20)))]).jitter_p99_ms == 0


def test_jitter_is_the_lateness_of_one_piece_in_a_hundred() -> None:
    """Of 99 pieces behind the first the latest is the 99th percentile; of 199 it is the one that is not so late."""
    assert figures_of([steady(100, late_s=0.06)]).jitter_p99_ms == pytest.approx(60)
    found = figures_of([steady(100, late_s=0.06), steady(101)])
    assert found.jitter_p99_ms == 0
    assert found.meets_target


def test_a_silence_of_more_than_a_tenth_of_a_second_is_a_stall() -> None:
    short, long = figures_of([steady(5, late_s=0.09)]), figures_of([steady(5, late_s=0.35), steady(5)])
    assert (short.stalls, round(short.longest_ms)) == (0, 90)
    assert (long.stalls, long.stalled, long.texts, round(long.longest_ms)) == (1, 1, 2, 350)
    assert not long.meets_target


def test_a_listener_who_waits_at_the_end_of_the_run_has_a_stall() -> None:
    waiting = RequestResult("user0", SHORT, "live", 0.0, job="j", chunks=[(1.0, 1000.0)], over_s=2.5, cut=True)
    assert figures_of([waiting]).stalls == 1


def test_a_listener_who_leaves_has_none() -> None:
    found = figures_of([played((1.0, 1000), (2.0, 1000), left=True)])
    assert (found.left, found.stalls) == (1, 0)


def test_refusals_and_broken_answers_are_counted_apart() -> None:
    back = steady(3)
    back.back = True
    broken = steady(3)
    broken.state = "failed: IncompleteRead"
    found = figures_of([refused(), refused(back=True), back, broken])
    assert (found.texts, found.refused, found.returned, found.failed) == (2, 2, 1, 1)
    assert not found.meets_target


def test_nothing_heard_meets_nothing() -> None:
    assert not figures_of([refused()]).meets_target
    assert not figures_of([]).meets_target


def test_a_user_does_the_same_in_every_run_of_a_seed() -> None:
    first, again, other = (list(islice(wishes(n, seed), 3)) for n, seed in ((7, 1), (7, 1), (8, 1)))
    assert first == again != other


def test_texts_are_short_and_long_and_some_are_left_in_their_middle() -> None:
    found = [wish for number in range(100) for wish in islice(wishes(number, 1), 4)]
    assert {wish.group for wish in found} == {SHORT, LONG}
    assert 0.15 < sum(wish.group == LONG for wish in found) / len(found) < 0.35
    assert 0.1 < sum(bool(wish.leaves_s) for wish in found) / len(found) < 0.3
    for wish in found:
        low, high = TEXTS_S[wish.group]
        assert low * 0.7 < wish.text_s < high * 1.2
        assert not wish.leaves_s or LEAVES_AFTER[0] <= wish.leaves_s / wish.text_s <= LEAVES_AFTER[1]


def test_all_users_at_once_are_within_the_slots_and_workers_far_away_need_more() -> None:
    assert slots_for(100) == 14
    assert slots_for(100, delay_ms=20) == 20
    assert (processes_for(14), processes_for(67), processes_for(2)) == (2, 9, 2)


def test_each_user_has_a_key_that_the_gateway_knows(tmp_path: Path) -> None:
    path = tmp_path / "keys.toml"
    path.write_text(keys_file(3))
    keys = read_keys(str(path))
    assert [caller.user for n in range(3) if (caller := keys.caller(key_of(n)))] == ["user0", "user1", "user2"]


def test_the_table_has_the_published_target_beside_ours() -> None:
    rows = figure_rows(figures_of([steady(5, late_s=0.06), refused()]))
    assert "| jitter p99 | < 200 ms | < 50 ms | 60 ms |" in rows
    assert "| stalls over 100 ms | – | 0 | 0, in 0 of 1 texts |" in rows
    assert "| requests refused | – | – | 1, 0 of them accepted later |" in rows
    assert usage_rows({"redis": Used(0.25, 40.0)}, [])[2:] == [
        "| redis | 0.25 | 40 MB |", "| GPU | – | no worker reports one |",
    ]  # fmt: skip


def test_the_first_line_says_what_runs() -> None:
    line = description(UsersRun(100, 2.0, 5.0), busy=2)
    assert line.startswith(
        "100 users for 2 min, 15 slots in 2 processes, workers 5 ms away, 2 busy processes beside it; "
    )


def test_without_locust_the_command_says_how_to_install_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(["--python", str(tmp_path / "python")])
    assert "does not exist; in Seriatim's folder: make bench-users" in capsys.readouterr().err


def test_no_module_but_the_locust_file_imports_locust() -> None:
    """With its import gevent replaces the blocking parts of Python's library: not in a process that tests or serves."""
    folders = ("bench", "seriatim", "tasks", "workers", "reassembler", "gateway", "tests", "docs", "examples")
    modules = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    imports = re.compile(r"^\s*(?:import|from) (?:locust|gevent)\b", re.MULTILINE)
    found = {str(path.relative_to(ROOT)) for path in modules if imports.search(path.read_text("utf-8"))}
    assert found == {"bench/locustfile.py"}


def test_the_locust_file_needs_nothing_but_python_and_locust() -> None:
    """Its environment has no package of ours, nor what they need: `-S` leaves both out."""
    text = (ROOT / "bench" / "locustfile.py").read_text("utf-8")
    modules = re.findall(r"^from (bench\.\S+) import", text, re.MULTILINE)
    assert modules
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); import {', '.join(modules)}"
    subprocess.run([sys.executable, "-I", "-S", "-c", code], check=True)


def test_the_environment_of_tests_has_no_gevent() -> None:
    """With locust comes a plugin for pytest, which imports gevent into each process of tests."""
    assert find_spec("locust") is find_spec("gevent") is None
