"""The bench's harness is strict, and every rival does its work in it: all sentences, whole, in order."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # its wheel ships no types
import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st

from bench import isolated
from bench.__main__ import OURS, ROUND_TRIP
from bench.broker import BenchBroker, Profile, started
from bench.isolated import Entry
from bench.measure import Contender, Piece, Row, Speak, WrongAudio, listen, measured
from bench.memory import watched
from bench.rivals import RAW, RIVALS
from bench.rivals.__main__ import main
from bench.rivals.process import WorkerFailed, running, wait_until_warm
from bench.table import Limits, as_json, as_text
from bench.work import Work, audio
from tests.support.process_system import wait_until

pytestmark = pytest.mark.thorough

WORK = Work(sentences=12, cost_ms=5, workers=2, audio_bytes=10_000)
HERE = "tests.integration.examples.test_bench_rivals"


def pieces(work: Work, cuts: Sequence[int]) -> list[Piece]:
    """Return the right audio of each sentence, cut at the same offsets."""
    edges = [0, *sorted(cuts), work.audio_bytes]
    spans = list(pairwise(edges))
    return [(seq, audio(seq, work.audio_bytes)[a:b]) for seq in range(work.sentences) for a, b in spans]


# Targets that run in a process of their own, as the rivals do.


@contextmanager
def _disorderly_ready(work: Work, _broker: BenchBroker) -> Iterator[Speak]:
    right = pieces(work, [])
    yield lambda: [right[1], right[0], *right[2:]]


disorderly = partial(measured, Contender(durable=False, ready=_disorderly_ready))


def endless(_work: Work, profile: Profile) -> Row:
    with started(profile):
        child = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()", tempfile.gettempdir()])
        child.wait()
    raise AssertionError


def never_ending(work: Work, profile: Profile) -> Row:
    while True:
        try:
            endless(work, profile)
        except SystemExit:
            continue


def silent(_work: Work, _profile: Profile) -> Row:
    os._exit(3)


def left_over(folder: Path) -> list[str]:
    """Return the command lines of what `endless` started in `folder`."""
    found = (process.info["cmdline"] or [] for process in psutil.process_iter(["cmdline"]))
    return [" ".join(line) for line in found if line and line[-1].startswith(str(folder))]


@pytest.mark.parametrize("entry", [OURS, *RIVALS, RAW], ids=lambda entry: entry.name)
def test_an_entry_speaks_every_sentence_in_order(entry: Entry) -> None:
    """A row without a failure exists only when every byte of every sentence was heard, once, in order."""
    if "dramatiq" in entry.name and not find_spec("dramatiq") and not os.environ.get("CI"):
        pytest.skip("dramatiq is not installed: pip install -e .[bench]")
    row = isolated.isolated(entry, WORK, Profile.NONE, limit_s=60)
    assert row.failure == ""
    assert (row.name, row.work, row.profile) == (entry.name, WORK, Profile.NONE)
    assert 0 <= row.first_audio_ms <= row.first_sentence_ms <= row.total_s * 1000
    assert row.total_s >= (WORK.ideal_s if entry is not RAW else 0)
    assert row.peak_mb > row.redis_peak_mb > 0


@given(st.lists(st.integers(0, 60), max_size=4), st.integers(1, 5))
def test_right_audio_is_heard_however_it_is_cut(cuts: list[int], sentences: int) -> None:
    work = Work(sentences, audio_bytes=60)
    times = listen(lambda: pieces(work, cuts), work)
    assert 0 < times.first_audio_s <= times.first_sentence_s <= times.total_s


@given(st.data())
def test_audio_that_is_lost_doubled_moved_or_altered_is_not_heard_as_right(data: st.DataObject) -> None:
    work = Work(4, audio_bytes=60)
    wrong = pieces(work, [20, 40])
    at = data.draw(st.integers(0, len(wrong) - 1))
    change = data.draw(st.sampled_from(["lose", "double", "move", "alter"]))
    if change == "lose":
        del wrong[at]
    elif change == "double":
        wrong.insert(at, wrong[at])
    elif change == "move":
        wrong.insert(data.draw(st.integers(0, len(wrong) - 1).filter(lambda to: to != at)), wrong.pop(at))
    else:
        seq, pcm = wrong[at]
        wrong[at] = seq, bytes([pcm[0] ^ 1]) + pcm[1:]
    with pytest.raises(WrongAudio):
        listen(lambda: wrong, work)


def test_wrong_audio_says_what_was_heard_and_what_was_due() -> None:
    work = Work(2, audio_bytes=60)
    first, second = pieces(work, [])
    for chunks, message in (
        ([second], "heard sentence 1, expected sentence 0 of 2 from byte 0 on"),
        ([first, (1, b"?")], "heard 1 wrong bytes, expected sentence 1 of 2 from byte 0 on"),
        ([first, second, second], "heard sentence 1, expected the end after 2 sentences"),
        ([first], "heard the end, expected sentence 1 of 2 from byte 0 on"),
    ):
        with pytest.raises(WrongAudio, match=f"^{message}$"):
            listen(lambda chunks=chunks: chunks, work)  # type: ignore[misc]  # a default binds the loop's value


def test_a_contender_that_changes_the_order_has_no_figures() -> None:
    row = isolated.isolated(Entry("disorderly", f"{HERE}:disorderly"), WORK, Profile.NONE, limit_s=30)
    assert row.failure == "WrongAudio: heard sentence 1, expected sentence 0 of 12 from byte 0 on"
    assert row.sentences_per_s == 0


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for all temporary files; pytest's own has too long a name for a socket."""
    with tempfile.TemporaryDirectory(prefix="t-") as name:
        monkeypatch.setattr("tempfile.tempdir", name)
        yield Path(name)


def test_a_run_that_does_not_end_is_ended_and_leaves_nothing(folder: Path) -> None:
    row = isolated.isolated(Entry("endless", f"{HERE}:endless"), WORK, Profile.NONE, limit_s=2)
    assert row.failure == "SystemExit: no end within its time limit"
    assert left_over(folder) == []
    assert list(folder.iterdir()) == []


def test_a_run_that_does_not_hear_its_alarm_is_ended_too(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setattr(isolated, "CLEANUP_S", 1)
    row = isolated.isolated(Entry("never ending", f"{HERE}:never_ending"), WORK, Profile.NONE, limit_s=2)
    assert row.failure == "no end within 2 s, nor after its alarm"
    assert left_over(folder) == []
    assert list(folder.iterdir()) == []


def test_a_run_that_says_nothing_is_a_failure_with_its_last_words() -> None:
    row = isolated.isolated(Entry("silent", f"{HERE}:silent"), WORK, Profile.NONE, limit_s=30)
    assert row.failure == "it gave no row; its last words: none"


def test_a_run_that_cannot_be_imported_says_what_is_missing() -> None:
    row = isolated.isolated(Entry("missing", "bench.rivals.no_such_rival:measure"), WORK, Profile.NONE, limit_s=30)
    assert row.failure == "ModuleNotFoundError: No module named 'bench.rivals.no_such_rival'"


def test_an_entry_that_asks_for_less_gets_less() -> None:
    reported: list[Row] = []
    entry = Entry("futures", "bench.rivals.futures_threads:measure", most=3)
    rows = isolated.run_all([entry], WORK, Profile.NONE, reported.append)
    assert [row.work.sentences for row in rows] == [3]
    assert reported == rows


def test_a_worker_that_does_not_come_up_is_named_with_its_last_words(tmp_path: Path) -> None:
    with (
        pytest.raises(WorkerFailed, match=r"ended before .*; the worker had ended with code 1, .*No module named"),
        running("the worker", ["no_such_module"], tmp_path) as process,
    ):
        wait_until_warm(process, lambda: False)


@pytest.mark.parametrize(
    ("profile", "log", "fsync"),
    [(Profile.NONE, "no", None), (Profile.EVERYSEC, "yes", "everysec"), (Profile.ALWAYS, "yes", "always")],
)
def test_a_server_keeps_the_log_that_was_asked_for_and_leaves_nothing(
    profile: Profile, log: str, fsync: str | None
) -> None:
    with started(profile) as broker, broker.connect() as client:
        assert client.config_get("appendonly")["appendonly"] == log
        assert fsync is None or client.config_get("appendfsync")["appendfsync"] == fsync
        assert client.config_get("save")["save"] == ""
        assert bool(list(broker.folder.glob("**/*.aof"))) is (profile is not Profile.NONE)
        with redis.Redis(port=broker.port) as by_port:
            by_port.set("k", bytes(5_000_000))
        assert broker.peak_mb() > 5
    assert not broker.folder.exists()
    assert not psutil.pid_exists(broker.pid)


def test_the_memory_of_children_counts() -> None:
    take = "import sys; held = b'x' * 50_000_000; print(flush=True); sys.stdin.read()"
    with watched() as before:
        pass
    with watched() as peak:
        (sampler,) = [each for each in psutil.Process().children() if "bench.memory" in each.cmdline()]
        with subprocess.Popen([sys.executable, "-c", take], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
            assert child.stdout
            assert child.stdin
            child.stdout.readline()
            slept = sampler.num_ctx_switches().voluntary
            wait_until(lambda: sampler.num_ctx_switches().voluntary > slept + 3, "it has taken another sample")
            child.stdin.close()
    assert 45 < peak.mb - before.mb < 90
    assert peak.n_samples >= 3


def test_a_row_is_compared_with_the_ideal_where_the_engine_costs_something() -> None:
    row = Row(Work(100, 40, 4), Profile.NONE, "x", total_s=1.5)
    found = as_json(row, Limits(row.work, raw_per_s=1000))
    assert (found["x_ideal"], found["of_raw_celery"]) == (1.5, None)
    assert (found["engine"], found["ideal_s"], found["sentences"]) == ("sleep", 1.0, 100)


def test_a_row_is_compared_with_raw_celery_where_the_engine_costs_nothing() -> None:
    row = Row(Work(100, 0, 4), Profile.NONE, "x", total_s=0.5)
    found = as_json(row, Limits(row.work, raw_per_s=1000))
    assert (found["x_ideal"], found["of_raw_celery"]) == (None, 0.2)


def test_the_table_scales_the_total_of_less_work_and_says_so() -> None:
    work = Work(300, 40, 4)
    less = Row(Work(100, 40, 4), Profile.NONE, "less", total_s=1.5)
    failed = Row(work, Profile.NONE, "broken", failure="it broke")
    title, _, first, second = as_text([less, failed], Limits(work)).splitlines()
    assert title.endswith("ideal 3.00 s")
    assert first.split()[:6] == ["less", "no", "0", "0", "4.50", "1.50"]
    assert first.endswith("measured with 100 sentences, its total scaled, its memory not")
    assert second.endswith("FAILED: it broke")


def test_the_command_prints_a_table_and_writes_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "out" / "rivals.json"
    arguments = ["--engine", "noop", "--only", "futures, threads", "--sentences", "12", "--json", str(path)]
    assert main(arguments) == 0
    rows = json.loads(path.read_text())["rows"]
    assert [row["name"] for row in rows] == [RAW.name, "futures, threads"]
    assert rows[1]["of_raw_celery"] == pytest.approx(rows[1]["sentences_per_s"] / rows[0]["sentences_per_s"])
    assert "futures, threads" in capsys.readouterr().out


def test_the_round_trip_of_raw_celery_is_measured_one_by_one() -> None:
    """First audio is compared with it: what no pipeline on Celery can be sooner than."""
    row = isolated.run_all([ROUND_TRIP], Work(sentences=5, cost_ms=0, workers=1, audio_bytes=0), Profile.NONE)[0]
    assert row.failure == ""
    assert 0 < row.first_audio_ms < 1000 * row.total_s
