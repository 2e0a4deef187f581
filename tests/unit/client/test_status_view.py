"""The view of `seriatim status`, on a narrow terminal and on a wide one."""

from dataclasses import replace

import pytest
from rich.console import Console

from gateway.cli.render.status_tables import system_tables
from seriatim.state import LiveJobState, PoolState, RedisState, WorkerProcessState

CPU = WorkerProcessState(
    "4f1d2c3b4a59.0.a1b2c3", slots=2, busy=1, sentences=1_234, engine="espeak", ready_ms=812, host="4f1d2c3b4a59",
    pid=7, up_s=93_784, memory_bytes=231e6, gpu_utilization=None, gpu_memory_used=None, gpu_memory_bytes=None,
)  # fmt: skip
GPU = replace(
    CPU, owner="gpu-host-17.1.d4e5f6", slots=48, busy=43, memory_bytes=11.2e9, gpu_utilization=0.97,
    gpu_memory_used=0.93, gpu_memory_bytes=41.5e9,
)  # fmt: skip
JOB = LiveJobState("0123456789abcdef0123456789abcdef", "anna", "live", 1_400, 12, 2, ahead_s=0.4, due_s=-1.2)
POOL = PoolState(
    pool="xtts", slots=50, allowed=48, paused_s=4.2, postponed={"rate": 9}, requests=130_000, characters=9_100_000,
    route_characters={"hibari": 8_400},
    requests_lately=57, characters_lately=4_010, requests_minute=120, characters_minute=0,
    in_flight=43, demand=21.4, held=3.25, rtf=0.213, done=123_456, refused=17, retries=21, lateness=1.24,
    fenced=3, given_up=5, dead=4, lost_messages=2, restarts=1, n_jobs=140, waiting=4_321, room=47.5, load=0.519,
    wait_p50_ms=12, wait_p95_ms=480, batch_wait_p95_ms=31_000, slack_p5_ms=-210, refused_lately=3,
    refused_for={"busy": 12, "cap_jobs": 5}, expected_back=2, degraded=("batch looks less far ahead",), saved_s=1_234,
    wasted_s=56, processes_added=6, processes_drained=5, workers=(CPU, GPU), jobs=(JOB,),
)  # fmt: skip
SERVER = RedisState(used_bytes=391_000_000, most_bytes=512_000_000, reassemblers=2)


def drawn(width: int, *pools: PoolState, server: RedisState = SERVER) -> list[str]:
    console = Console(width=width, color_system=None, force_terminal=False)
    with console.capture() as captured:
        console.print(system_tables(server, list(pools)))
    return captured.get().splitlines()


@pytest.mark.parametrize("width", [80, 120])
def test_everything_is_seen_at_every_width_and_ids_stay_whole(width: int) -> None:
    lines = drawn(width, POOL)
    assert max(map(len, lines)) <= width
    words = " ".join(" ".join(lines).split())
    for fact in (
        "Redis uses 391 MB of 512 MB (76%)", "43 of 50 in flight", "4321 waiting", "140 jobs",
        "demand 21.4 + held 3.25 of 47.5 slots", "demand counts 1.24 ×",
        "p95 480 ms", "slack p5 -210 ms", "21 attempts repeated, 3 fenced",
        "57 of 120 requests and 4010 characters a minute; 130000 requests, 9100000 characters in all",
        "of these characters: 8400 (hibari)",
        "2 messages lost, 1 restart of Redis", "5 sentences, 4 dead letters: seriatim dead-letters",
        "17 jobs refused (busy 12, cap_jobs 5)", "degraded: batch looks less far ahead", "and 139 more jobs",
        "6 added for a higher load, 5 drained in quiet times",
        GPU.owner, CPU.owner, JOB.job, "43/48", "1d 2h", "11.2 GB 97% 93% 41.5 GB",
    ):  # fmt: skip
        assert fact in words, "\n".join(lines)


def test_names_that_are_too_long_for_the_terminal_are_folded_and_not_cut() -> None:
    owner = "a-host-with-a-name-as-long-as-some-clouds-give-them.internal.0.a1b2c3"
    text = "".join(line[1:27].rstrip() for line in drawn(80, replace(POOL, workers=(replace(GPU, owner=owner),))))
    assert owner in text


def test_a_column_that_no_worker_fills_is_not_drawn() -> None:
    assert "GPU" not in "\n".join(drawn(120, replace(POOL, workers=(CPU,))))
    gpu = next(line for line in drawn(120, POOL) if CPU.owner in line)
    assert gpu.split()[-3:] == ["MB", "-", "-"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"slots": 0, "workers": ()}, "(no worker)"),
        ({"dead": 0, "given_up": 0}, "0 sentences\n"),
        ({"workers": (replace(CPU, slots=0),)}, "draining"),
        ({"workers": (replace(CPU, up_s=59.4),)}, "59s"),
        ({"workers": (replace(CPU, up_s=754),)}, "12m 34s"),
        ({"workers": (replace(CPU, up_s=3_725),)}, "1h 2m"),
    ],
)
def test_what_a_person_is_looking_for_at_night(change: dict[str, object], words: str) -> None:
    text = "\n".join(line.rstrip() for line in drawn(120, replace(POOL, **change)))  # type: ignore[arg-type]  # of all kinds
    assert words in text


def test_a_server_without_a_limit_and_a_system_without_a_pool() -> None:
    assert drawn(80, POOL, server=RedisState(5_000_000, 0, 1))[0] == "Redis uses 5 MB, without a limit   1 reassembler"
    assert "no reassembler" in " ".join(drawn(80, POOL, server=RedisState(5_000_000, 0, 0)))
    assert drawn(80) == ["no pool yet: start a worker with  seriatim worker --engine NAME"]


def test_a_worker_with_other_audio_is_shown() -> None:
    assert "audio" not in "\n".join(drawn(120, POOL))
    lines = drawn(120, replace(POOL, workers=(CPU, replace(GPU, fingerprint="0f", audio_differs=True))))
    text = " ".join(" ".join(lines).split())
    assert "1 worker gives other audio than the pool" in text
    assert [CPU.owner in line for line in lines if "differs" in line] == [False]
