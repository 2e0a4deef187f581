"""A warm system: the next command of the same kind uses it, no other does, and it ends by itself."""

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import psutil  # type: ignore[import-untyped]  # its wheel ships no types
import pytest

from gateway.local import warm_system as warm
from gateway.local.processes import LocalSystem, WorkerPlan
from seriatim.errors import EngineUnavailable, Misconfigured
from seriatim.servers.redis_clients import command_client
from seriatim.settings import Settings
from seriatim.state.worker_record import worker_names
from tests.support.command_line import QUICK, seriatim
from tests.support.process_system import wait_until

SETTINGS = Settings()
KEEP_S = 3_600.0  #: for as long as a test may take; its keeper is killed
LOOKS_S = 2  #: ten looks of a keeper
PLAN = WorkerPlan("tone", engine_options=("rate_hz=8000",))


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of temporary files of the test's own; at its end no keeper is left."""
    with tempfile.TemporaryDirectory(prefix="w-", dir="/tmp") as name:  # a socket's name is short
        monkeypatch.setenv("TMPDIR", name)
        monkeypatch.setattr(tempfile, "tempdir", name)
        try:
            yield Path(name)
        finally:
            kill_keepers(Path(name))


def keepers(folder: Path) -> list[psutil.Process]:
    """The processes that keep a system in a folder, and those that they forked."""
    found = psutil.process_iter(["cmdline"])
    return [each for each in found if any(str(folder) in word for word in each.info["cmdline"] or ())]


def kill_keepers(folder: Path) -> None:
    """Kill them, and wait until all that they started has died with them."""
    for keeper in keepers(folder):
        with suppress(psutil.NoSuchProcess):  # its parent was killed before it
            keeper.kill()
    wait_until(lambda: not keepers(folder))


def systems(folder: Path) -> int:
    """How many systems are ready."""
    return len(list(folder.glob("seriatim-warm-*/*/ready")))


def workers(system: LocalSystem) -> list[str]:
    with command_client(system.settings.redis_url) as client:
        return list(worker_names(client, ["tone"])[0])


def used(settings: Settings = SETTINGS, plan: WorkerPlan = PLAN) -> list[str]:
    """The workers of the system that a command uses."""
    with warm.warm_system(settings, plan, keep_s=KEEP_S) as system:
        return workers(system)


@pytest.mark.thorough
def test_the_next_command_of_the_same_kind_alone_uses_it(folder: Path) -> None:
    first = used()
    assert len(first) == 1
    assert used() == first
    assert used(Settings(lease_ms=60_000)) != first, "other settings"
    assert systems(folder) == 2
    kill_keepers(folder)
    assert used() != first, "its keeper was killed: a new one starts"


def test_two_commands_may_use_it_at_once(folder: Path) -> None:
    with warm.warm_system(SETTINGS, PLAN) as one, warm.warm_system(SETTINGS, PLAN) as other:
        assert one.settings.redis_url == other.settings.redis_url
        assert workers(one)
    assert systems(folder) == 1


@pytest.mark.thorough
def test_it_stays_while_it_is_used_and_ends_by_itself(folder: Path) -> None:
    with warm.warm_system(SETTINGS, PLAN, keep_s=0.0) as system:
        with command_client(system.settings.redis_url) as client:
            wait_until(
                lambda: client.info("server")["uptime_in_seconds"] >= LOOKS_S, "its keeper has looked many times"
            )
        assert workers(system)
    wait_until(lambda: not keepers(folder), "nothing used it any more")
    assert not list(folder.glob("seriatim-private-*")), "its server's folder is gone"
    assert systems(folder) == 0


def test_a_system_that_cannot_start_says_why(folder: Path) -> None:
    for _ in range(2):
        with pytest.raises(EngineUnavailable, match="unknown tone option 'colour'"):
            used(plan=replace(PLAN, engine_options=("colour=red",)))
    wait_until(lambda: not keepers(folder))


def test_what_decides_over_its_work_is_part_of_its_name() -> None:
    def key(settings: Settings = SETTINGS, plan: WorkerPlan = PLAN, at: str = "/a", **environment: str) -> str:
        return warm.system_key(settings, [plan], environment, Path(at))

    usual = key(LANG="C", PWD="/a", SHLVL="1")
    assert key(LANG="C", PWD="/b", SHLVL="2") == usual
    others = {
        key(LANG="de"), key(LANG="C", OPENAI_API_KEY="k"), key(LANG="C", at="/b"),
        key(Settings(lease_ms=60_000), LANG="C"), key(plan=replace(PLAN, processes=2), LANG="C"),
    }  # fmt: skip
    assert len(others | {usual}) == 6


def test_a_folder_that_others_may_read_or_own_is_refused(folder: Path) -> None:
    """Another user who may write there could hand a command another server."""
    own = folder / f"seriatim-warm-{os.getuid()}"
    own.mkdir(mode=0o755)
    with pytest.raises(Misconfigured, match="is not a folder of this user alone"):
        used()
    own.rmdir()
    (folder / "elsewhere").mkdir(mode=0o700)
    own.symlink_to(folder / "elsewhere")
    with pytest.raises(Misconfigured, match="is not a folder of this user alone"):
        used()


@pytest.mark.thorough
def test_a_command_speaks_the_same_through_a_warm_system(folder: Path) -> None:
    outputs, owners = [], []
    for n in range(2):
        out = folder / f"{n}.wav"
        words = ["speak", "-", "-o", str(out), "--engine", "tone", "--keep-warm", "--json"]
        done = seriatim(*words, stdin=b"Good morning. How are you?", settings={**QUICK, "TMPDIR": str(folder)})
        assert done.returncode == 0, done.stderr.decode()
        outputs.append(out.read_bytes())
        owners.append(json.loads(done.stdout)["sentences_by_worker"])
    assert outputs[0] == outputs[1]
    assert owners[0] == owners[1], "the same worker process"


def test_a_system_that_runs_anyway_is_not_kept(tmp_path: Path) -> None:
    words = ["speak", "-", "-o", str(tmp_path / "x.wav"), "--engine", "tone", "--pool", "tone", "--keep-warm"]
    done = seriatim(*words, "--redis", "redis://127.0.0.1:1/0", stdin=b"Good morning.")
    assert done.returncode == 2
    assert done.stderr.decode() == "seriatim: --keep-warm is for a private system; leave it out with --redis\n"
