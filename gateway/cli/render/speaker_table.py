"""The speaker table of a dialogue: each speaker with lines and voice, before anything is spoken."""

from collections.abc import Mapping, Sequence
from typing import Any

from seriatim.client.job_options import JobRequest
from seriatim.client.sentences.speaker_voices import cast_for_text
from seriatim.engine import Voice
from seriatim.state.pool_record import PoolRecord
from seriatim.text.dialogue.script_names import count_lines


def planned_speakers(request: JobRequest, voices: Sequence[Mapping[str, Any]], text: str) -> list[dict[str, Any]]:
    """The narrator, and the speakers in the order of the cast; `voices` are the engine's (`Voice.card`)."""
    known = tuple(Voice(each["name"], each["language"], each["description"]) for each in voices)
    cast = cast_for_text(request, PoolRecord(pool=request.pool_name, voices=known), text)
    counts = count_lines(text, list(cast.speakers))
    narrator = request.voice or (known[0].name if known else "")
    rows: list[dict[str, Any]] = [{"speaker": "", "voice": narrator, "speed": 1.0, "lines": None}]
    for name, style in cast.speakers.items():
        rows.append({"speaker": name, "voice": style.voice or narrator, "speed": style.rate, "lines": counts[name]})
    return rows


def speakers_text(rows: Sequence[Mapping[str, Any]]) -> str:
    """The table for people."""
    names = [row["speaker"] or "(narrator)" for row in rows]
    width = max(map(len, names))
    lines = []
    for name, row in zip(names, rows, strict=True):
        count = "" if row["lines"] is None else f"  {row['lines']:>5} line{'s' * (row['lines'] != 1)}"
        speed = "" if row["speed"] == 1 else f"  speed {row['speed']:g}"
        lines.append(f"{name:<{width}}  {row['voice']}{count}{speed}")
    return "\n".join(lines) + "\n"
