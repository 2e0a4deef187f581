"""Warm system: a private system that stays for a while behind its command, for the next one that needs the same.

A keeper, a process of its own, runs the system and ends KEEP_S after its last user. All of it is one user's: its folder
has mode 0700, and is refused if it belongs to another. What decides what a worker does is part of the folder's name
(`system_key`), so that a command of another version, environment, folder or plan starts a system of its own.

Of the files of the folder `lock` is locked by the keeper for as long as it lives, however it ends; `users` is locked
shared by each command that uses the system, and exclusively by a keeper that ends; `ready` says how to reach the
system, `failed` why it did not start. Neither `lock` nor `users` is ever removed: a lock on a removed file is none.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import seriatim
from gateway.local.locked_folder import private_folder, try_lock
from gateway.local.processes import READY_S, LocalSystem, WorkerPlan, private_system
from seriatim.errors import EngineUnavailable, Misconfigured, SeriatimError
from seriatim.process.forked_process import allow_forks
from seriatim.process.interpreter import python_command
from seriatim.settings import Settings, other_variables

KEEP_S = 60.0  #: behind the last command
POLL_S = 0.2
WAIT_S = 0.01  #: between two looks of a command that waits for the system
#: variables of the environment that a shell changes from one command to the next, and no worker reads
PASSING = frozenset({"PWD", "OLDPWD", "_", "SHLVL", "COLUMNS", "LINES", "WINDOWID", "TERM"})


@dataclass(frozen=True, slots=True)
class WarmFolder:
    """The folder of one warm system."""

    path: Path

    @property
    def ready(self) -> Path:
        """How the system is reached."""
        return self.path / "ready"

    @property
    def failed(self) -> Path:
        """Why it did not start."""
        return self.path / "failed"

    def open(self, name: str) -> int:
        """Open a lock file; the caller closes it."""
        return os.open(self.path / name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)


def system_key(settings: Settings, plans: Sequence[WorkerPlan], environment: Mapping[str, str], folder: Path) -> str:
    """The name of the system that a command in `folder` needs: equal ones may share it."""
    lasting = {name: value for name, value in environment.items() if name not in PASSING}
    code, interpreter = Path(seriatim.__file__), sys.executable
    parts = (
        interpreter, seriatim.__version__, sys.version, str(code), code.stat().st_mtime_ns, str(folder),
        settings.to_env(), lasting, [asdict(plan) for plan in plans],
    )  # fmt: skip
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:32]


def warm_folder(key: str) -> WarmFolder:
    """The folder of a system, below one of this user's in the folder of temporary files.

    Raises:
        Misconfigured: it is another user's, or others may write to it.
    """
    own = Path(tempfile.gettempdir()) / f"seriatim-warm-{os.getuid()}"
    for path in (own, own / key):
        path.mkdir(mode=0o700, exist_ok=True)
        found = path.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
            raise Misconfigured(f"{path} is not a folder of this user alone (mode 0700); remove it")
    return WarmFolder(own / key)


@contextlib.contextmanager
def warm_system(settings: Settings, *plans: WorkerPlan, keep_s: float = KEEP_S) -> Iterator[LocalSystem]:
    """The warm system of these settings and plans, started if there is none; it stays for `keep_s` behind the context.

    Raises:
        EngineUnavailable, Misconfigured: it does not start.
    """
    folder = warm_folder(system_key(settings, plans, os.environ, Path.cwd()))
    users = folder.open("users")
    try:
        fcntl.flock(users, fcntl.LOCK_SH)  # waits for a keeper that is ending
        reached = _reach(folder, settings, plans, keep_s)
        redis_url, broker_url, store_dir = reached
        warm = replace(settings, redis_url=redis_url, broker_url=broker_url, store_dir=store_dir)
        with private_folder() as own, LocalSystem(warm, own) as system:
            yield system
    finally:
        os.close(users)


def _reach(folder: WarmFolder, settings: Settings, plans: Sequence[WorkerPlan], keep_s: float) -> list[str]:
    """The addresses of the system, once it is ready."""
    _start_keeper(folder, settings, plans, keep_s, tried=False)
    until_s = time.monotonic() + READY_S
    while time.monotonic() < until_s:
        with contextlib.suppress(FileNotFoundError):
            return list(json.loads(folder.ready.read_text("utf-8")))
        with contextlib.suppress(FileNotFoundError):
            raise EngineUnavailable(folder.failed.read_text("utf-8"))
        _start_keeper(folder, settings, plans, keep_s, tried=True)  # the one before may have been killed
        time.sleep(WAIT_S)
    raise EngineUnavailable(f"no warm system was ready within {READY_S:.0f} s; try without --keep-warm")


def _start_keeper(
    folder: WarmFolder, settings: Settings, plans: Sequence[WorkerPlan], keep_s: float, *, tried: bool
) -> None:
    """Start a keeper if none runs; it inherits the lock, which lasts as long as it does.

    `tried`: there was one, whose failure is not tried again.
    """
    lock = folder.open("lock")
    try:
        if not try_lock(lock) or (tried and folder.failed.exists()):
            return
        for left in (folder.ready, folder.failed):
            left.unlink(missing_ok=True)  # of a keeper that was killed
        environment = other_variables(os.environ) | settings.to_env()
        with (folder.path / "keeper.log").open("wb") as log:
            subprocess.run(  # it goes on in the background
                python_command("gateway.local.warm_system", str(folder.path), str(lock), str(keep_s)),
                input=json.dumps([asdict(plan) for plan in plans]).encode(), env=environment,
                stdout=log, stderr=subprocess.STDOUT, start_new_session=True, pass_fds=[lock], check=False,
            )  # fmt: skip
    finally:
        os.close(lock)


def main(arguments: Sequence[str]) -> int:
    """Keep a system, in the background: `<folder> <file number of the lock> <s>`, plans as JSON at standard input."""
    path, lock, keep_s = arguments
    plans = [WorkerPlan(**plan | {"engine_options": tuple(plan["engine_options"])}) for plan in json.load(sys.stdin)]
    if os.fork():
        return 0  # the command waits for this process alone
    os.set_inheritable(int(lock), False)  # its processes must not hold it when this one is gone
    allow_forks()
    folder = WarmFolder(Path(path))
    try:
        with private_system(Settings.from_env(os.environ), *plans) as system:
            for plan in plans:
                system.await_workers(plan.pool_name)
            _write(folder.ready, json.dumps(_addresses(system)))
            _wait_for_last_user(folder, system, float(keep_s))
    except SeriatimError as error:
        folder.ready.unlink(missing_ok=True)
        _write(folder.failed, str(error))
        return 1
    return 0


def _addresses(system: LocalSystem) -> list[str]:
    settings = system.settings
    return [settings.redis_url, settings.broker_url, settings.store_dir]


def _write(path: Path, text: str) -> None:
    whole = path.with_suffix(".new")
    whole.write_text(text, "utf-8")
    whole.replace(path)


def _wait_for_last_user(folder: WarmFolder, system: LocalSystem, keep_s: float) -> None:
    """Return `keep_s` after the last user; from then on commands wait until this process has ended.

    Raises:
        EngineUnavailable, Misconfigured: a process of the system ended.
    """
    users, used_s = folder.open("users"), time.monotonic()
    while True:
        system.check_children()
        if not try_lock(users):
            used_s = time.monotonic()
        elif time.monotonic() - used_s >= keep_s:
            folder.ready.unlink(missing_ok=True)
            return  # the lock on `users` ends with this process
        else:
            fcntl.flock(users, fcntl.LOCK_UN)
        time.sleep(POLL_S)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
