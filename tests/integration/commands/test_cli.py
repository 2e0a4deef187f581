"""The command line (CLI): what it makes of good input and of bad, one process a test."""

import io
import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import soundfile

from seriatim.exit_codes import ExitCode
from tests.support.command_line import SERIATIM, TONE, complaint, environment, seriatim, start_command
from tests.support.expected_audio import sentences, stream_of
from tests.support.process_system import PATIENCE_S, RealSystem, wait_until
from tests.support.redis_servers import PrivateServer, embedded

TEXT = "The fog has gone. Ten boats came home. Who counted them?"
TEXTS = ["The fog has gone.", "Ten boats came home.", "Who counted them?"]


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "text.txt"
    path.write_text(TEXT, "utf-8")
    return path


@pytest.fixture(scope="module")
def system(new_system: Callable[..., RealSystem]) -> RealSystem:
    # Its worker is there, and a job without a reader stays, however busy the machine is.
    system = new_system(lease_ms=60_000, message_timeout_ms=60_000, reader_grace_s=600)
    system.reassembler()
    system.workers(1)
    return system


def sound(data: bytes) -> bytes:
    samples, rate_hz = soundfile.read(io.BytesIO(data), dtype="int16")
    assert rate_hz == 8000
    return bytes(samples.tobytes())


class TestSpeak:
    def test_a_file_is_spoken_in_order_and_the_summary_says_what_happened(self, tmp_path: Path, text: Path) -> None:
        out = tmp_path / "speech.wav"
        done = seriatim("speak", text, "-o", out, *TONE)
        assert done.returncode == 0, done.stderr.decode()
        assert sound(out.read_bytes()) == stream_of(TEXTS)
        message = done.stderr.decode()
        assert "3 sentences in" in message
        assert "first audio after" in message
        assert "1 worker: " in message
        assert sorted(p.name for p in tmp_path.iterdir()) == ["speech.wav", "text.txt"]

    def test_json_is_one_object_and_nothing_else(self, tmp_path: Path, text: Path) -> None:
        done = seriatim("speak", text, "-o", tmp_path / "speech.flac", "--json", *TONE)
        assert (done.returncode, done.stderr) == (0, b"")
        summary = json.loads(done.stdout)
        assert summary["sentences"] == 3
        assert summary["audio_s"] == pytest.approx(len(stream_of(TEXTS)) / 16000, abs=0.001)
        assert sum(summary["sentences_by_worker"].values()) == 3
        assert soundfile.SoundFile(tmp_path / "speech.flac").copy_metadata()["title"] == TEXTS[0]
        assert sound((tmp_path / "speech.flac").read_bytes()) == stream_of(TEXTS)

    @pytest.mark.thorough
    def test_what_an_engine_doubted_is_named_in_the_summary(self, tmp_path: Path, text: Path) -> None:
        doubting = ("speak", text, "-o", tmp_path / "speech.wav", *TONE, "--engine-option", "doubt_on=boats")
        done = seriatim(*doubting)
        assert done.returncode == 0, "it is whole"
        assert "1 doubtful sentence: sentence 1: doubted" in done.stderr.decode()
        done = seriatim(*doubting[:3], tmp_path / "again.wav", *doubting[4:], "--json")
        assert json.loads(done.stdout)["doubts"] == ["sentence 1: doubted"]

    def test_a_pipe_gets_sound_and_standard_error_the_rest(self) -> None:
        done = seriatim("speak", "-", "-o", "-", "--format", "pcm", "--voice", "bass", *TONE, stdin=TEXT.encode())
        assert done.returncode == 0
        assert done.stdout == stream_of(TEXTS, "bass")
        assert b"3 sentences in" in done.stderr

    def test_a_reader_of_the_pipe_that_leaves_is_no_error(self, tmp_path: Path) -> None:
        """As `seriatim speak ... -o - | head -c 1000` does."""
        long = tmp_path / "long.txt"
        long.write_text(" ".join(sentences(60, "head")), "utf-8")
        with start_command("speak", long, "-o", "-", "--format", "pcm", "-q", *TONE) as speaking:
            assert speaking.stdout is not None
            assert speaking.stderr is not None
            assert len(speaking.stdout.read(1000)) == 1000
            speaking.stdout.close()
            assert speaking.stderr.read() == b""
        assert speaking.returncode == 0

    def test_a_full_disk_is_said_to_be_full(self, text: Path) -> None:
        done = seriatim("speak", text, "-o", "/dev/full", "--format", "pcm", *TONE)
        assert done.returncode == ExitCode.BAD_INPUT
        assert complaint(done) == "cannot write /dev/full: the disk is full"

    @pytest.mark.parametrize(
        ("redirection", "outcome"),
        [(">/dev/full", (2, b"seriatim: cannot write the output: the disk is full\n")), (">&-", (0, b""))],
    )
    def test_a_list_for_a_full_disk_is_one_clear_line(self, redirection: str, outcome: tuple[int, bytes]) -> None:
        """A short one is written at the end of the process, where Python would show a traceback."""
        command = ["bash", "-c", f'exec "$@" {redirection}', "x", *SERIATIM, "voices", "--engine", "tone", "--json"]
        done = subprocess.run(command, stderr=subprocess.PIPE, env=environment(), timeout=PATIENCE_S, check=False)
        assert (done.returncode, done.stderr) == outcome

    def test_a_running_system_is_used_and_left_running(self, tmp_path: Path, text: Path, system: RealSystem) -> None:
        out = tmp_path / "speech.wav"
        done = seriatim("speak", text, "-o", out, "--engine", "tone", "--redis", settings=system.settings.to_env())
        assert done.returncode == 0, done.stderr.decode()
        assert sound(out.read_bytes()) == stream_of(TEXTS)
        assert system.slots() == 1


class TestBadInput:
    def refused(self, folder: Path, *arguments: str | Path, stdin: bytes = b"") -> str:
        """What `speak` says; nothing may be left that looks like speech."""
        before = sorted(folder.iterdir())
        done = seriatim("speak", *arguments, *TONE, stdin=stdin, cwd=folder)
        assert done.returncode == ExitCode.BAD_INPUT
        assert sorted(folder.iterdir()) == before, "no file is left behind"
        return complaint(done)

    def test_an_empty_text(self, tmp_path: Path) -> None:
        assert self.refused(tmp_path, "-", stdin=b" \n\t\n") == "standard input is empty: there is nothing to speak"

    @pytest.mark.thorough
    def test_a_text_without_a_word(self, tmp_path: Path) -> None:
        message = self.refused(tmp_path, "-", stdin=b"... !! --\n")
        assert message == "the text has nothing to speak: no letters and no digits"

    @pytest.mark.thorough
    def test_a_binary_file(self, tmp_path: Path) -> None:
        (tmp_path / "photo.jpg").write_bytes(b"\xff\xd8\xff\xe0\x00\x10JFIF")
        message = self.refused(tmp_path, "photo.jpg")
        assert message.startswith("photo.jpg is an image; recognize its text first")

    @pytest.mark.thorough
    def test_a_file_that_is_not_there(self, tmp_path: Path) -> None:
        assert self.refused(tmp_path, "nowhere.txt") == "cannot read nowhere.txt: no such file or directory"

    def test_an_unknown_voice_is_answered_with_the_nearest(self, tmp_path: Path, text: Path) -> None:
        message = self.refused(tmp_path, text, "--voice", "sopran")
        assert message.startswith("unknown voice 'sopran'; pool 'tone' has: soprano")

    @pytest.mark.thorough
    def test_an_unknown_format(self, tmp_path: Path, text: Path) -> None:
        message = self.refused(tmp_path, text, "-o", "speech.mpx")
        assert message.startswith("unknown format '.mpx' of 'speech.mpx'; did you mean 'mp")

    @pytest.mark.thorough
    def test_an_output_that_cannot_be_written(self, tmp_path: Path, text: Path) -> None:
        message = self.refused(tmp_path, text, "-o", "nowhere/speech.wav")
        assert message == "cannot write nowhere/speech.wav: there is no such directory"

    @pytest.mark.thorough
    def test_a_text_over_the_limit(self, tmp_path: Path, text: Path) -> None:
        settings = {"SERIATIM_MAX_TEXT_BYTES": "20"}
        done = seriatim("speak", text, "-o", tmp_path / "speech.wav", *TONE, settings=settings)
        assert done.returncode == ExitCode.BAD_INPUT
        assert "has more than 20 bytes of text; raise SERIATIM_MAX_TEXT_BYTES" in complaint(done)

    @pytest.mark.thorough
    def test_more_sentences_than_the_limit(self, tmp_path: Path) -> None:
        """They are counted while the text is sent: nothing is left of what was spoken until then."""
        long, out = tmp_path / "long.txt", tmp_path / "speech.wav"
        long.write_text(" ".join(sentences(60, "many")), "utf-8")
        settings = {"SERIATIM_MAX_SENTENCES": "40"}
        done = seriatim("speak", long, "-o", out, "--engine-option", "start_ms=600", *TONE, settings=settings)
        assert done.returncode == ExitCode.BAD_INPUT
        assert complaint(done) == "more than 40 sentences; SERIATIM_MAX_SENTENCES sets the limit; send it in parts"
        assert sorted(p.name for p in tmp_path.iterdir()) == ["long.txt"]

    @pytest.mark.thorough
    def test_a_number_outside_its_range(self, tmp_path: Path, text: Path) -> None:
        assert self.refused(tmp_path, text, "--speed", "9") == "speed=9.0; expected a number from 0.25 to 4"


class TestCannotStart:
    def test_a_setting_that_does_not_exist(self, text: Path) -> None:
        done = seriatim("speak", text, settings={"SERIATIM_LEASE_SM": "3"})
        assert done.returncode == ExitCode.CANNOT_START
        assert complaint(done) == "unknown setting SERIATIM_LEASE_SM; did you mean SERIATIM_LEASE_MS?"

    @pytest.mark.thorough
    def test_a_worker_that_dies_at_start_says_why(self, tmp_path: Path, text: Path) -> None:
        out = tmp_path / "speech.wav"
        done = seriatim("speak", text, "-o", out, "--engine", "tone", "--engine-option", "rtff=1", "--workers", "1")
        assert done.returncode == ExitCode.CANNOT_START
        assert complaint(done) == "worker did not start: unknown tone option 'rtff'; nearest: rtf"
        assert not out.exists()

    def test_an_engine_that_does_not_exist(self, tmp_path: Path, text: Path) -> None:
        done = seriatim("speak", text, "-o", tmp_path / "speech.wav", "--engine", "tones", "--workers", "1")
        assert done.returncode == ExitCode.CANNOT_START
        assert complaint(done) == "worker did not start: unknown engine 'tones'; nearest: tone"

    @pytest.mark.thorough
    @pytest.mark.parametrize("command", [("speak", "-", "-o", "-"), ("status",)])
    def test_a_redis_that_is_not_there(self, tmp_path: Path, command: tuple[str, ...]) -> None:
        done = seriatim(*command, "--redis", f"unix://{tmp_path}/no.sock", stdin=b"Hello.")
        assert done.returncode == ExitCode.UNAVAILABLE
        assert complaint(done).startswith(f"no Redis at unix://{tmp_path}/no.sock: ")
        assert complaint(done).endswith("No such file or directory; start one, or set SERIATIM_REDIS_URL")

    @pytest.mark.thorough
    @pytest.mark.parametrize("part", ["worker", "reassemble"])
    def test_a_redis_that_evicts_is_refused(self, part: str) -> None:
        with PrivateServer(embedded(), "--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru") as server:
            arguments = ("worker", "--engine", "tone") if part == "worker" else ("reassemble",)
            done = seriatim(*arguments, settings={"SERIATIM_REDIS_URL": server.url})
        assert done.returncode == ExitCode.CANNOT_START
        line = done.stderr.decode().strip()
        assert line.startswith(f"seriatim {part}: the server's maxmemory-policy is allkeys-lru: it would evict")
        assert "\n" not in line

    def test_speaking_through_a_redis_that_evicts_is_refused(self, text: Path, tmp_path: Path) -> None:
        with PrivateServer(embedded(), "--maxmemory", "100mb", "--maxmemory-policy", "volatile-ttl") as server:
            done = seriatim("speak", text, "-o", tmp_path / "speech.wav", "--engine", "tone", "--redis", server.url)
        assert done.returncode == ExitCode.CANNOT_START
        assert complaint(done).startswith("the server's maxmemory-policy is volatile-ttl: it would evict")

    def test_a_pool_without_a_worker(self, text: Path, tmp_path: Path, system: RealSystem) -> None:
        out = tmp_path / "speech.wav"
        settings = system.settings.to_env()
        done = seriatim("speak", text, "-o", out, "--engine", "tone", "--pool", "empty", "--redis", settings=settings)
        assert done.returncode == ExitCode.NOT_NOW
        assert complaint(done).startswith("no worker of pool 'empty' is running; start one, or omit --redis")
        assert not out.exists()


class TestLookAndSteer:
    def test_status_shows_pools_workers_and_jobs(self, system: RealSystem) -> None:
        job = system.enqueue(sentences(40, "looked at"), window_ms=3_000)
        wait_until(lambda: job.status().emitted > 0)
        settings = system.settings.to_env()
        pools = json.loads(seriatim("status", "--json", settings=settings).stdout)
        tone = next(pool for pool in pools if pool["pool"] == "tone")
        assert tone["slots"] == 1
        assert [worker["engine"] for worker in tone["workers"]] == ["tone"]
        assert job.id in [line["job"] for line in tone["jobs"]]
        assert job.id in seriatim("status", settings=settings).stdout.decode()

        one = json.loads(seriatim("status", job.id, "--json", settings=settings).stdout)
        assert (one["state"], one["sentences"], one["kind"]) == ("run", 40, "live")
        assert f"job {job.id}  run" in seriatim("status", job.id, settings=settings).stdout.decode()
        job.cancel()

    def test_cancel_ends_a_job_and_its_reader_learns_why(self, system: RealSystem) -> None:
        job = system.enqueue(sentences(40, "cancelled"), window_ms=3_000)
        settings = system.settings.to_env()
        done = seriatim("cancel", job.id, "--reason", "the book was returned", settings=settings)
        assert (done.returncode, done.stdout.decode()) == (0, f"job {job.id} is cancelled\n")
        assert job.wait(PATIENCE_S).reason == "the book was returned"
        again = seriatim("cancel", job.id, settings=settings)
        assert (again.returncode, again.stdout.decode()) == (0, f"job {job.id} has already ended: cancelled\n")

    @pytest.mark.thorough
    @pytest.mark.parametrize("command", ["status", "cancel"])
    def test_a_job_that_never_was(self, system: RealSystem, command: str) -> None:
        done = seriatim(command, "beef", settings=system.settings.to_env())
        assert done.returncode == ExitCode.BAD_INPUT
        assert complaint(done).startswith("no job 'beef': it was never accepted, or it has ended and expired")

    def test_voices_of_an_engine_and_of_a_running_pool_are_the_same(self, system: RealSystem) -> None:
        installed = seriatim("voices", "--engine", "tone", "--json")
        registered = seriatim("voices", "--engine", "tone", "--json", "--redis", system.settings.redis_url)
        assert json.loads(installed.stdout) == json.loads(registered.stdout)
        assert {"alto", "bass"} <= {voice["name"] for voice in json.loads(installed.stdout)}
        assert "alto " in seriatim("voices", "--engine", "tone").stdout.decode()

    @pytest.mark.thorough
    def test_a_sample_of_a_voice_is_written(self, tmp_path: Path) -> None:
        out = tmp_path / "alto.wav"
        done = seriatim("voices", "play", "alto", "-o", out, "--engine", "tone", "--engine-option", "rate_hz=8000")
        assert done.returncode == 0, done.stderr.decode()
        assert sound(out.read_bytes()) == stream_of(["Hello!", "This is how I sound when I read a text aloud."], "alto")
        done = seriatim("voices", "play", "altp", "-o", out, "--engine", "tone")
        assert (done.returncode, "nearest: alto" in complaint(done)) == (ExitCode.BAD_INPUT, True)

    def test_help_names_every_command_and_exit_code(self) -> None:
        help_text = seriatim("--help").stdout.decode()
        for word in ("speak", "up", "worker", "reassemble", "status", "cancel", "voices", "exit codes", "130"):
            assert word in help_text
