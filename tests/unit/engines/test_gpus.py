"""GPUs that a process sees. Nothing here needs one."""

import pytest

from seriatim.errors import EngineUnavailable, Misconfigured
from workers.gpu_pinning import child_environment, own_gpu, parse_uuids, pinned_gpus, uuid_of, visible_gpus

LISTING = """\
GPU 0: NVIDIA H200 (UUID: GPU-0a1b2c3d-0000-1111-2222-333344445555)
  MIG 1g.18gb     Device  0: (UUID: MIG-99999999-0000-1111-2222-333344445555)
GPU 1: NVIDIA H200 (UUID: GPU-ffffffff-0000-1111-2222-333344445555)
"""


def test_gpus_are_named_by_their_uuids() -> None:
    assert parse_uuids(LISTING) == (
        "GPU-0a1b2c3d-0000-1111-2222-333344445555",
        "GPU-ffffffff-0000-1111-2222-333344445555",
    )


def test_a_machine_without_a_driver_lists_none() -> None:
    assert parse_uuids("") == ()


@pytest.mark.parametrize(("variable", "seen"), [("2,3", ("2", "3")), ("GPU-0a1b", ("GPU-0a1b",)), ("", ()), ("-1", ())])
def test_only_what_the_process_may_see_counts(variable: str, seen: tuple[str, ...]) -> None:
    assert visible_gpus({"CUDA_VISIBLE_DEVICES": variable}) == seen


def test_all_means_all_that_may_be_seen_and_a_number_counts_among_them() -> None:
    may_see = {"CUDA_VISIBLE_DEVICES": "4,7"}
    assert pinned_gpus("all", may_see) == ("4", "7")
    assert pinned_gpus("1", may_see) == ("7",)
    assert pinned_gpus("1,0", may_see) == ("7", "4")
    assert pinned_gpus("", may_see) == ()


def test_a_gpu_that_is_not_there_is_named() -> None:
    with pytest.raises(Misconfigured, match=r"^--gpu 2: there is no GPU 2; expected 0 to 1$"):
        pinned_gpus("2", {"CUDA_VISIBLE_DEVICES": "4,7"})


def test_nonsense_is_refused() -> None:
    with pytest.raises(Misconfigured, match=r"^--gpu 'one'; expected all, or numbers such as 0 or 0,2$"):
        pinned_gpus("one", {"CUDA_VISIBLE_DEVICES": "0"})


def test_without_a_gpu_the_cpu_is_offered() -> None:
    with pytest.raises(EngineUnavailable, match="leave out --gpu to use the CPU"):
        pinned_gpus("all", {"CUDA_VISIBLE_DEVICES": ""})


def test_processes_take_turns_on_the_gpus() -> None:
    seen = [child_environment({"HOME": "/home"}, ["a", "b"], index)["CUDA_VISIBLE_DEVICES"] for index in range(4)]
    assert seen == ["a", "b", "a", "b"]
    assert child_environment({"HOME": "/home"}, [], 0) == {"HOME": "/home"}


UUIDS = ("GPU-0a1b2c3d-0000-1111-2222-333344445555", "GPU-0a1bffff-0000-1111-2222-333344445555")
ALIKE = [(uuid, "NVIDIA H200") for uuid in UUIDS]
MIXED = [(UUIDS[0], "NVIDIA T4"), (UUIDS[1], "NVIDIA H200")]


@pytest.mark.parametrize(
    ("environ", "gauges", "found"),
    [
        ({"CUDA_VISIBLE_DEVICES": UUIDS[1]}, {}, UUIDS[1]),
        ({"CUDA_VISIBLE_DEVICES": " 3, 1"}, {}, "3"),
        ({"CUDA_VISIBLE_DEVICES": "3,1"}, {"gpu": 1}, "1"),
        ({"CUDA_VISIBLE_DEVICES": "3,-1,1"}, {"gpu": 1}, None),
        ({"CUDA_VISIBLE_DEVICES": ""}, {"gpu": 0}, None),
        ({"CUDA_VISIBLE_DEVICES": "-1"}, {}, None),
        ({}, {}, None),
        ({}, {"memory_bytes": 5}, None),
        ({}, {"gpu_memory_used": 0.5}, "0"),
        ({}, {"gpu": 2, "gpu_memory_used": 0.5}, "2"),
    ],
)
def test_a_process_knows_its_own_gpu(environ: dict[str, str], gauges: dict[str, float], found: str | None) -> None:
    assert own_gpu(environ, gauges) == found


@pytest.mark.parametrize(
    ("name", "listed", "by_bus", "uuid"),
    [
        (UUIDS[0], MIXED, False, UUIDS[0]),
        ("GPU-0a1b2c", MIXED, False, UUIDS[0]),
        ("GPU-0a1b", MIXED, False, None),
        ("GPU-77", MIXED, False, None),
        ("1", ALIKE, False, UUIDS[1]),
        ("1", MIXED, True, UUIDS[1]),
        ("1", MIXED, False, None),
        ("2", ALIKE, True, None),
        ("0", [], False, None),
    ],
)
def test_a_number_names_a_gpu_only_where_the_order_is_sure(
    name: str, listed: list[tuple[str, str]], by_bus: bool, uuid: str | None
) -> None:
    """Better no figure than that of another GPU."""
    assert uuid_of(name, listed, by_bus=by_bus) == uuid
