"""Other clients, without Python of ours: the command line speaks, and any Redis client listens."""

import json
import wave
from pathlib import Path
from typing import Any

from seriatim import enqueue_job
from seriatim.keys import ordered_stream
from tests.support.command_line import seriatim
from tests.support.process_system import RealSystem

TONE = ("--engine", "tone", "--workers", "2")


def test_one_command_speaks_a_file_and_needs_nothing_that_runs(tmp_path: Path):
    """Like this: `seriatim speak note.txt -o note.wav`."""
    (tmp_path / "note.txt").write_text("The lamp turns once in ten seconds. On Sundays it is polished.", "utf-8")
    done = seriatim("speak", "note.txt", "-o", "note.wav", *TONE, cwd=tmp_path)
    assert done.returncode == 0
    with wave.open(str(tmp_path / "note.wav")) as file:
        assert file.getnframes() > 0


def test_it_reads_and_writes_pipes():
    """Like this: `echo "Good morning." | seriatim speak - -o - | aplay`."""
    done = seriatim("speak", "-", "-o", "-", *TONE, stdin=b"Good morning.")
    assert done.stdout.startswith(b"RIFF")


def test_it_looks_at_a_running_system(studio: RealSystem):
    """Like this: `seriatim status --json --redis URL`."""
    done = seriatim("status", "--json", "--redis", studio.settings.redis_url)
    (pool,) = (line for line in json.loads(done.stdout) if line["pool"] == "tone")
    assert (pool["slots"], len(pool["workers"])) == (2, 2)


def test_any_redis_client_listens_through_a_consumer_group(studio: RealSystem):
    """Like this: `XREADGROUP GROUP reader me BLOCK 1000 STREAMS seriatim:1:{k:07}:o:<job> >`.

    Entries with a field `d` are sound; the others are markers, of which `end` is the last. What the group has read
    moves the job's window, so that nothing has to be acknowledged.
    """
    job = enqueue_job(["Two entries make a stream.", "So do three."], engine="tone")
    stream, sound, ended = ordered_stream(job.id), b"", False
    with studio.redis as redis:
        while not ended:
            reply: Any = redis.xreadgroup("reader", "me", {stream: ">"}, block=1_000)
            for _, fields in reply[0][1] if reply else []:  # nothing yet
                sound += fields.get(b"d", b"")
                ended = fields.get(b"t") == b"end"
    assert len(sound) == job.status().n_bytes > 0
