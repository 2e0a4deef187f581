"""`seriatim tune` with a real model: processes that each load it, and speak at the same time."""

import json
from pathlib import Path

import pytest

from tests.support.command_line import seriatim

pytestmark = pytest.mark.thorough

#: in a window of half a second a busy machine gave no sound at all
BOUND = ("--max-codes", "30", "--engine-option", "guard=off", "--seconds", "2")


def test_a_model_is_tried_with_slots_and_processes(tiny_dir: Path, tmp_path: Path) -> None:
    written = tmp_path / "workers.env"
    done = seriatim(
        *("tune", "--model", tiny_dir.name, *BOUND, "--max-slots", "2", "--json", "--write", written),
        cwd=tiny_dir.parent,
        limit_s=300,  # six processes load torch: 10 s on an idle machine, 90 s on a busy one
    )
    assert (done.returncode, done.stderr) == (0, b"")
    found = json.loads(done.stdout)
    tried = [(row["setting"]["processes"], row["setting"]["slots"]) for row in found["measured"]]
    assert tried == [(1, 1), (1, 2), (2, 1), (2, 2)]
    for row in found["measured"]:
        assert (row["problem"], row["failed"]) == ("", 0)
        assert 0 < row["first_p50_ms"] <= row["first_p95_ms"]
        assert row["rss_bytes"] > 10**8 * row["setting"]["processes"]  # torch alone is more
    assert max(row["audio_s_per_s"] for row in found["measured"]) > 0  # a machine that stalls costs a window its sound
    arguments = found["arguments"]["batch"]
    assert arguments[:2] == ["--engine", "xtts"]
    assert f"model={tiny_dir}" in arguments
    assert not any("max_codes" in argument for argument in arguments)  # of the trials alone
    assert str(tiny_dir) in written.read_text("utf-8")


def test_no_model_is_one_line(tmp_path: Path) -> None:
    done = seriatim("tune", "--model", tmp_path, "--json")
    assert done.returncode == 3
    assert done.stdout == b""
    assert len(done.stderr.decode().splitlines()) == 1
    assert str(tmp_path) in done.stderr.decode()
