"""A command that is interrupted, or killed: no process stays behind, and the file goes on where it stopped."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from subprocess import Popen

import pytest
from redis import Redis

from seriatim.exit_codes import ExitCode
from tests.integration.commands.test_cli import sound
from tests.support.command_line import TONE, complaint, seriatim, start_command
from tests.support.expected_audio import sentences, stream_of
from tests.support.free_ports import free_port
from tests.support.process_system import PATIENCE_S, alive, descendants, wait_until

N = 24
#: the middle sentence takes longer than any test: what is interrupted here cannot have ended by itself
HELD = (*TONE, "--engine-option", "slow_on=Interrupted twelve", "--engine-option", "slow_ms=600000")


@pytest.fixture(autouse=True)
def _takes_hangups() -> Iterator[None]:
    """Commands inherit that a hangup is ignored where the tests run under nohup."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "text.txt"
    path.write_text(" ".join(sentences(N, "Interrupted", n_words=2)), "utf-8")
    return path


def sentences_kept(out: Path) -> int:
    """Complete sentences in the journal of an unfinished file."""
    journal = Path(f"{out}.part.json")
    return len(journal.read_bytes().splitlines()) - 1 if journal.exists() else 0


def interrupted(
    text: Path, out: Path, number: signal.Signals, kept: int, *more: str, held: Callable[[], bool] | None = None
) -> tuple[int, str]:
    """Speak until so many sentences are kept, then send a signal; returns the exit status and the output."""
    with start_command("speak", text, "-o", out, *more, *HELD) as speaking:
        wait_until(lambda: sentences_kept(out) >= kept or speaking.poll() is not None, f"{kept} sentences")
        wait_until(held or (lambda: True), "its middle sentence is begun")
        children = descendants(speaking.pid)
        assert len(children) >= 4, "Redis, a reassembler, a supervisor, a worker process"
        speaking.send_signal(number)
        _, output = speaking.communicate(timeout=PATIENCE_S)
    wait_until(lambda: not any(alive(pid) for pid in children), f"none of {children} stays behind")
    assert not out.exists(), "what is not whole does not look whole"
    return speaking.returncode, output.decode()


def holds(tally: Path, n_attempts: int) -> bool:
    return len(list(tally.iterdir())) == n_attempts


@pytest.mark.parametrize(
    "number", [signal.SIGINT, *(pytest.param(n, marks=pytest.mark.thorough) for n in (signal.SIGTERM, signal.SIGHUP))]
)
def test_an_interrupted_command_leaves_no_process_and_says_how_to_go_on(
    tmp_path: Path, text: Path, number: signal.Signals
) -> None:
    status, output = interrupted(text, tmp_path / "speech.wav", number, 3)
    assert status == ExitCode.INTERRUPTED
    assert "run the same command with --resume" in output
    assert "Traceback" not in output


@pytest.mark.thorough
def test_a_file_whose_command_was_killed_goes_on_and_is_the_uninterrupted_one(tmp_path: Path, text: Path) -> None:
    whole, out, tally = tmp_path / "whole.wav", tmp_path / "speech.wav", tmp_path / "tally"
    tally.mkdir()
    twice = ("--engine-option", "slow_times=2", "--engine-option", f"tally={tally}")  # the third attempt is not held
    assert seriatim("speak", text, "-o", whole, *TONE, "-q").returncode == 0

    for n, more in ((1, ()), (2, ("--resume",))):
        status, _ = interrupted(text, out, signal.SIGKILL, 4, *twice, *more, held=partial(holds, tally, n))
        assert status == -signal.SIGKILL
    refused = seriatim("speak", text, "-o", out, *HELD, *twice)
    assert refused.returncode == ExitCode.BAD_INPUT
    assert f"sentences of {out}; run the command with --resume to continue it" in complaint(refused)
    done = seriatim("speak", text, "-o", out, "--resume", *HELD, *twice)

    assert done.returncode == 0, done.stderr.decode()
    assert "more by the interrupted run" in done.stderr.decode()
    assert out.read_bytes() == whole.read_bytes()
    assert sound(whole.read_bytes()) == stream_of(sentences(N, "Interrupted", n_words=2))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["speech.wav", "tally", "text.txt", "whole.wav"]


@pytest.mark.thorough
def test_a_command_whose_supervisor_of_workers_is_killed_goes_on_with_another(tmp_path: Path, text: Path) -> None:
    out, tally = tmp_path / "speech.wav", tmp_path / "tally"
    tally.mkdir()
    once = ("--engine-option", "slow_times=1", "--engine-option", f"tally={tally}")  # the second attempt is not held
    with start_command("speak", text, "-o", out, *HELD, *once) as speaking:
        wait_until(lambda: holds(tally, 1), "its middle sentence is begun")
        os.kill(supervisor_of(speaking.pid), signal.SIGKILL)
        _, output = speaking.communicate(timeout=PATIENCE_S)
    assert speaking.returncode == 0, output.decode()
    assert "seriatim: child process was killed; restarted child='worker' status=-9\n" in output.decode()
    assert sound(out.read_bytes()) == stream_of(sentences(N, "Interrupted", n_words=2))


def supervisor_of(pid: int) -> int:
    """Of the processes that a command has started, the one that looks after its workers."""
    found = [child for child in descendants(pid) if descendants(child)]
    assert len(found) == 1
    return found[0]


class TestUp:
    @pytest.fixture
    def port(self) -> int:
        return free_port()

    @pytest.fixture
    def process(self, tmp_path: Path, port: int) -> Iterator["Popen[bytes]"]:
        """A running `seriatim up`."""
        with start_command(
            "up", *TONE, "--no-http", "--port", str(port), "--data", tmp_path / "data", cwd=tmp_path
        ) as process:
            try:
                assert process.stderr is not None
                output = [process.stderr.readline().decode() for _ in range(2)]
                assert output[0].startswith("seriatim: up: pool tone: 1 process, 1 slot"), output
                assert "; Redis at redis://127.0.0.1:" in output[0]
                yield process
            finally:
                process.send_signal(signal.SIGKILL)

    @pytest.fixture
    def up(self, process: "Popen[bytes]") -> int:
        """Its process id."""
        return process.pid

    def test_it_serves_commands_and_survives_its_own_parts(
        self, tmp_path: Path, text: Path, up: int, port: int
    ) -> None:
        url = f"redis://127.0.0.1:{port}/0"
        with Redis.from_url(url) as client:
            durable = client.config_get("append*")
        assert (durable["appendonly"], durable["appendfsync"]) == ("yes", "always")
        out = tmp_path / "speech.pcm"
        assert seriatim("speak", text, "-o", out, "--engine", "tone", "--redis", url).returncode == 0
        assert out.read_bytes() == stream_of(sentences(N, "Interrupted", n_words=2))

        victims = descendants(up) - {server_pid(url)}
        for pid in victims:
            with suppress(ProcessLookupError):  # it ended with the process that had started it
                os.kill(pid, signal.SIGKILL)
        again = tmp_path / "again.pcm"
        wait_until(lambda: len(descendants(up) - victims) >= 4, "its parts are started again")
        wait_until(
            lambda: seriatim("speak", text, "-o", again, "--engine", "tone", "--redis", url).returncode == 0,
            "it serves again",
        )
        assert again.read_bytes() == out.read_bytes()

    @pytest.mark.thorough
    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
    def test_a_signal_ends_all_of_it(self, process: "Popen[bytes]", number: signal.Signals) -> None:
        children = descendants(process.pid)
        process.send_signal(number)
        assert process.wait(PATIENCE_S) == 0, "it ends in order"
        wait_until(lambda: not any(alive(pid) for pid in children), "all of it ends")

    def test_killing_it_leaves_nothing(self, up: int) -> None:
        children = descendants(up)
        assert len(children) >= 4
        os.kill(up, signal.SIGKILL)
        wait_until(lambda: not any(alive(pid) for pid in children), f"none of {children} stays behind")


def server_pid(url: str) -> int:
    with Redis.from_url(url) as client:
        return int(client.info("server")["process_id"])
