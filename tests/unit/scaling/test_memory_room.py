"""Memory for another worker process: what the largest takes now must be free, on the machine and on its GPU."""

import math
import os
from pathlib import Path

import pytest

from workers.scaling.memory_room import KEPT_BYTES, MemoryRoom, _left_by_limit, memory_room

GIB = 2**30


@pytest.mark.parametrize(
    ("room", "processes"),
    [
        (MemoryRoom(), math.inf),
        (MemoryRoom(free_bytes=KEPT_BYTES + 4 * GIB, process_bytes=GIB), 3),
        (MemoryRoom(free_bytes=KEPT_BYTES, process_bytes=GIB), 0),
        (MemoryRoom(free_bytes=GIB), math.inf),
        (MemoryRoom(gpu_share=0.3), 2),
        (MemoryRoom(gpu_share=0.6), 0),
        (MemoryRoom(gpu_share=0.4, gpu_processes=2, gpus=2), 4),
        (MemoryRoom(KEPT_BYTES + 4 * GIB, GIB, gpu_share=0.3), 2),
    ],
)
def test_as_many_fit_as_the_scarcer_memory_holds(room: MemoryRoom, processes: float) -> None:
    assert room.processes == processes


def test_the_room_of_this_machine_is_that_of_its_largest_process() -> None:
    room = memory_room([os.getpid()], [None, 0.25, 0.5], 0)
    assert room.process_bytes > 2**20
    assert room.free_bytes > 0
    assert (room.gpu_share, room.gpu_processes, room.gpus) == (0.5, 1, 1)
    assert memory_room([1, 2, 3], [], 2).gpu_processes == 2


def test_a_container_leaves_what_its_limit_allows(tmp_path: Path) -> None:
    """Its caches of files are given up for a process."""
    (tmp_path / "memory.max").write_text(f"{2 * GIB}\n")
    (tmp_path / "memory.current").write_text(f"{GIB}\n")
    (tmp_path / "memory.stat").write_text(f"anon 5\ninactive_file {GIB // 2}\n")
    assert _left_by_limit(tmp_path) == [GIB + GIB // 2]
    (tmp_path / "memory.max").write_text("max\n")
    assert _left_by_limit(tmp_path) == []
    assert _left_by_limit(tmp_path / "none") == []
