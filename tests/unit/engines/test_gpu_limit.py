"""The limit on sentences at once on one GPU: it holds across processes, and dies with its holder."""

import subprocess
import sys
from pathlib import Path

from workers.engines.xtts.batch.gpu_lock import GpuLock

HOLDER = """
import sys
from pathlib import Path
from workers.engines.xtts.batch.gpu_lock import GpuLock
place = GpuLock("gpu", 1, Path(sys.argv[1])).place()
print("held", flush=True)
sys.stdin.read()
"""


def test_one_place_is_held_by_one(tmp_path: Path) -> None:
    limit = GpuLock("gpu", 1, tmp_path)
    place = limit.place()
    assert place is not None
    assert limit.place() is None
    place.close()
    assert limit.place() is not None


def test_two_places_are_held_by_two_and_no_more(tmp_path: Path) -> None:
    limit = GpuLock("gpu", 2, tmp_path)
    assert [limit.place() is None for _ in range(3)] == [False, False, True]


def test_another_gpu_has_places_of_its_own(tmp_path: Path) -> None:
    assert GpuLock("a", 1, tmp_path).place() is not None
    assert GpuLock("b", 1, tmp_path).place() is not None


def test_no_limit_holds_nothing(tmp_path: Path) -> None:
    limit = GpuLock("gpu", 0, tmp_path)
    for _ in range(3):
        place = limit.place()
        assert place is not None
        place.close()
    assert not list(tmp_path.iterdir())


def test_a_place_is_shared_by_processes_and_comes_back_when_its_holder_is_killed(tmp_path: Path) -> None:
    limit = GpuLock("gpu", 1, tmp_path)
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        assert limit.place() is None
        holder.kill()
        holder.wait()
    assert limit.place() is not None


def test_device_names_become_file_names() -> None:
    assert GpuLock.of_this_machine("GPU-0a/../b", 1).device == "GPU-0a____b"
