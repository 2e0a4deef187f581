"""`seriatim up` is the whole system: HTTP, too."""

import contextlib
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from seriatim.exit_codes import ExitCode
from tests.support.command_line import TONE, complaint, environment, seriatim, start_command
from tests.support.free_ports import free_port
from tests.support.process_system import PATIENCE_S, wait_until

#: the command line where a constant of `up` has another value
PATCHED = (
    "import json, sys; from gateway.cli.commands import up; setattr(up, sys.argv.pop(1), json.loads(sys.argv.pop(1))); "
    "from gateway.cli.main import main; sys.exit(main())"
)


@contextlib.contextmanager
def up(
    folder: Path, *arguments: str, until: str = "HTTP", constant: tuple[str, int] | None = None
) -> Iterator[list[str]]:
    """Run it, and give what it says up to the line that has `until`; it ends in order."""
    with started(folder, "up", *TONE, *arguments, constant=constant) as process:
        assert process.stderr is not None
        lines: list[str] = []
        try:
            while not lines or until not in lines[-1]:
                line = process.stderr.readline().decode()
                assert line, lines
                lines.append(line.removeprefix("seriatim: ").rstrip())
            yield lines
        finally:
            process.terminate()
            process.communicate(timeout=PATIENCE_S)
    assert process.returncode == ExitCode.OK


def started(folder: Path, *arguments: str, constant: tuple[str, int] | None) -> "subprocess.Popen[bytes]":
    """Start a command, where a constant of `up` has another value if one is given."""
    if constant is None:
        return start_command(*arguments, cwd=folder)
    command = [sys.executable, "-P", "-c", PATCHED, *map(str, constant), *arguments]
    return subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(), cwd=folder
    )


def test_one_command_speaks_records_and_serves(tmp_path: Path) -> None:
    """No second command, and no folder to be named twice: recordings are found."""
    redis, http = free_port(), free_port()
    with up(tmp_path, "--port", str(redis), "--http", str(http), until="HTTP at") as lines:
        assert lines[-1].startswith(f"HTTP at http://127.0.0.1:{http}/")
        with httpx2.Client(base_url=f"http://127.0.0.1:{http}/v1", trust_env=False, timeout=PATIENCE_S) as client:
            answer = client.post("/audio/speech", json={"input": "Good morning.", "response_format": "pcm"})
            assert (answer.status_code, bool(answer.content)) == (200, True)
            job = client.post("/jobs", json={"input": "Good morning. It is a fine day."}).json()
            with client.stream("GET", f"/jobs/{job['id']}/events") as events:
                events.read()
            assert client.get(f"/jobs/{job['id']}/audio?format=wav").status_code == 200


@pytest.mark.thorough
def test_it_shows_the_address_of_http_once_that_is_served(tmp_path: Path) -> None:
    """A gateway may take long to start, on a busy machine: a client that comes at that line is answered."""
    http = free_port()
    with up(
        tmp_path, "--port", str(free_port()), "--http", str(http), until="HTTP at", constant=("HTTP_START_S", 0)
    ) as lines:
        assert not any(line.startswith("no HTTP:") for line in lines)
        assert httpx2.get(f"http://127.0.0.1:{http}/healthz", trust_env=False).status_code == 200


@pytest.mark.thorough
def test_its_workers_follow_the_load(tmp_path: Path) -> None:
    with up(tmp_path, "--port", str(free_port()), "--no-http", "--workers", "1..2", until="up:") as lines:
        assert lines[-1].startswith("up: pool tone: 1 process of up to 2, 1 slot")


@pytest.mark.thorough
def test_a_default_port_that_is_taken_is_spoken_of_and_stops_nothing(tmp_path: Path) -> None:
    redis = free_port()
    with socket.create_server(("127.0.0.1", 0)) as holding:
        taken = holding.getsockname()[1]
        with up(tmp_path, "--port", str(redis), constant=("HTTP_PORT", taken)) as lines:
            assert lines[-1].startswith(f"no HTTP: port {taken} cannot be used for HTTP (")
            url = f"redis://127.0.0.1:{redis}/0"
            assert seriatim("status", "--redis", url, cwd=tmp_path).returncode == 0


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("option", "use", "advice"), [("--http", "HTTP", "--http PORT"), ("--port", "Redis", "--port N")]
)
def test_a_port_that_was_asked_for_must_be_free(tmp_path: Path, option: str, use: str, advice: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as holding:
        port = holding.getsockname()[1]
        done = seriatim("up", *TONE, option, str(port), cwd=tmp_path)
    assert done.returncode == ExitCode.CANNOT_START
    assert complaint(done) == (
        f"port {port} cannot be used for {use} (Address already in use); choose another one with {advice}"
    )


@pytest.mark.thorough
@pytest.mark.parametrize("option", [["--no-http"], ["--http", "0"]])
def test_without_http_it_says_how_to_serve(tmp_path: Path, option: list[str]) -> None:
    with up(tmp_path, "--port", str(free_port()), *option) as lines:
        assert lines[-1] == "no HTTP: turned off"


@pytest.mark.thorough
def test_a_separate_gateway_finds_the_recordings_without_a_setting(tmp_path: Path) -> None:
    """What `up` prints is all that it takes, in whatever folder it is typed."""
    redis, http = free_port(), free_port()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    with up(tmp_path, "--port", str(redis), "--no-http", until="serve with:") as lines:
        command = lines[-1].split()[2:]
        assert command == ["seriatim", "serve", "--redis", f"redis://127.0.0.1:{redis}/0"]
        with start_command(*command[1:], "--port", str(http), cwd=elsewhere) as gateway:
            assert gateway.stderr is not None
            while b"serving at" not in (line := gateway.stderr.readline()):
                assert line, "it serves"
            with httpx2.Client(base_url=f"http://127.0.0.1:{http}/v1", trust_env=False, timeout=PATIENCE_S) as client:
                job = client.post("/jobs", json={"model": "tone", "input": "Good morning."}).json()
                sound = f"/jobs/{job['id']}/audio?format=wav"
                wait_until(lambda: "accept-ranges" in client.head(sound).headers, "it is a recording")
            gateway.terminate()
            gateway.communicate(timeout=PATIENCE_S)
