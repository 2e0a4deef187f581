"""The speaker table of a dialogue or a novel: who speaks what in which voice, before anything is spoken."""

from collections.abc import Mapping, Sequence
from typing import Any

from seriatim.client.job_options import AUTO, JobRequest
from seriatim.client.sentences.speaker_voices import cast_for_text
from seriatim.engine import Voice
from seriatim.state.pool_record import PoolRecord
from seriatim.text.dialogue.cast import NARRATOR, Cast
from seriatim.text.dialogue.quotes.quote_reader import attributed_quotes
from seriatim.text.dialogue.script_names import count_lines
from seriatim.text.language_guess import MIXED, guess_language
from seriatim.text.languages import base_language

NOT_SURE = "?"  #: the speaker of quotations that the text does not make sure
MOST_SHOWN = 20  #: of those quotations; --json has all
SHOWN_CHARS = 70


def planned_speakers(
    request: JobRequest, voices: Sequence[Mapping[str, Any]], texts: Sequence[str]
) -> list[dict[str, Any]]:
    """The narrator, and the speakers in the order of the cast; `voices` are the engine's (`Voice.card`).

    `texts`: that are jobs of their own, such as the chapters of a book. Where quoted speech is looked for, each speaker
    has the quotations, and the last row those of which the speaker is not sure.
    """
    known = tuple(Voice(each["name"], each["language"], each["description"]) for each in voices)
    pool, whole = PoolRecord(pool=request.pool_name, voices=known), "\n\n".join(texts)
    cast = cast_for_text(request, pool, whole)
    counts = count_lines(whole, list(cast.speakers))
    narrator = request.voice or (known[0].name if known else "")
    rows: list[dict[str, Any]] = [{"speaker": "", "voice": narrator, "speed": 1.0, "lines": None}]
    for name, style in cast.speakers.items():
        row = {"speaker": name, "voice": style.voice or narrator, "speed": style.rate, "lines": counts[name]}
        rows.append(row | {"voice": style.voice, "engine": style.engine} if style.engine else row)
    if not cast.quotes:
        return rows
    rows.append({"speaker": NOT_SURE, "voice": narrator if cast.quotes == NARRATOR else cast.quotes, "speed": 1.0})
    return _with_quotations(rows, cast, texts, _language(request, pool, whole))


def speakers_text(rows: Sequence[Mapping[str, Any]]) -> str:
    """The table for people."""
    names = [{"": "(narrator)", NOT_SURE: "(not sure)"}.get(row["speaker"], row["speaker"]) for row in rows]
    width = max(map(len, names))
    lines = [f"{name:<{width}}  {_row_text(row)}" for name, row in zip(names, rows, strict=True)]
    unsure = rows[-1].get("quotations", []) if rows[-1]["speaker"] == NOT_SURE else []
    lines += [f"  not sure: {_shortened(words)}" for words in unsure[:MOST_SHOWN]]
    if len(unsure) > MOST_SHOWN:
        lines.append(f"  and {len(unsure) - MOST_SHOWN} more; --json lists all")
    return "\n".join(lines) + "\n"


def _row_text(row: Mapping[str, Any]) -> str:
    engine = f" of {row['engine']}" if row.get("engine") else ""
    lines = "" if row.get("lines") is None else f"  {row['lines']:>5} line{'s' * (row['lines'] != 1)}"
    n = len(row.get("quotations", ()))
    quotations = f"  {n:>5} quotation{'s' * (n != 1)}" if "quotations" in row and row["speaker"] else ""
    speed = "" if row["speed"] == 1 else f"  speed {row['speed']:g}"
    return f"{row['voice'] or '(default)'}{engine}{lines}{quotations}{speed}"


def _with_quotations(
    rows: list[dict[str, Any]], cast: Cast, texts: Sequence[str], language: str
) -> list[dict[str, Any]]:
    """The rows, each with the quotations of its speaker."""
    voices = cast.quote_voices(cast.speakers)
    found: dict[str, list[str]] = {row["speaker"]: [] for row in rows}
    for text in texts:
        for words, quote in attributed_quotes(text, voices, language) if voices else ():
            found[quote.speaker or NOT_SURE].append(words)
    return [row | {"quotations": found[row["speaker"]]} if row["speaker"] else row for row in rows]


def _language(request: JobRequest, pool: PoolRecord, text: str) -> str:
    """The first part of the tag of a text's language."""
    named = "" if request.language == AUTO else request.language or pool.language_of(request.voice)
    return base_language(named or guess_language(text).removeprefix(MIXED) or "en")


def _shortened(words: str) -> str:
    return words if len(words) <= SHOWN_CHARS else f"{words[: SHOWN_CHARS - 1]}…"
