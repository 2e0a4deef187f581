"""Tables of a book: its plan and the summary of a run, as text for people and JSON for programs."""

from dataclasses import dataclass
from typing import Any

from gateway.book.book_assembly import SpokenChapter
from gateway.book.book_plan import BookPlan
from gateway.book.making.book_cost import PoolPrice
from gateway.cli.render.duration import clock_face


@dataclass(frozen=True, slots=True)
class BookSummary:
    """The figures of one run."""

    output: str
    chapters: tuple[SpokenChapter, ...]
    n_spoken: int  #: chapters spoken in this run
    audio_ms: float  #: spoken in this run
    wall_s: float
    warnings: tuple[str, ...] = ()
    gain_db: float | None = None  #: that brought it to a loudness; None: it stays as it was spoken

    @property
    def gaps(self) -> tuple[str, ...]:
        """Sentences of which all or the rest is missing, in all of the book."""
        return tuple(gap for chapter in self.chapters for gap in chapter.record.gaps)

    @property
    def audio_s(self) -> float:
        """The duration of the book."""
        return sum(chapter.record.duration_s for chapter in self.chapters)


def plan_text(plan: BookPlan, voice: str, engine: str, price: PoolPrice | None = None) -> str:
    """The plan of a book as a table: chapters, minutes, voice, warnings, and the cost where a price is known."""
    by = f" by {plan.author}" if plan.author else ""
    total_s = sum(chapter.estimated_ms for chapter in plan.chapters) / 1000
    lines = [f"{plan.title}{by}: {_chapters(len(plan.chapters))}, about {clock_face(total_s)}"]
    lines.append(f"voice {voice or '(default)'} of {engine}, cover: {'yes' if plan.cover else 'none'}")
    if price:
        lines.append(f"cost: about {price.text(plan.characters)} for {plan.characters} characters")
    for chapter in plan.chapters:
        words = len(chapter.text.split())
        lines.append(
            f"{chapter.number:>4}  {clock_face(chapter.estimated_ms / 1000):>8}  {words:>7} words  {chapter.title}"
            + (f" ({chapter.matter} matter)" if chapter.matter else "")
            + (f", voice {chapter.voice}" if chapter.voice else "")
        )
    return "\n".join([*lines, *(f"warning: {warning}" for warning in plan.warnings)]) + "\n"


def plan_json(plan: BookPlan, voice: str, engine: str, price: PoolPrice | None = None) -> dict[str, Any]:
    """The plan for `--json`."""
    whole = price and {"whole": price.of(plan.characters), "currency": price.currency}
    return {
        "characters": plan.characters, "cost": whole,
        "title": plan.title, "authors": list(plan.authors), "language": plan.language, "engine": engine,
        "voice": voice, "cover": bool(plan.cover), "warnings": list(plan.warnings),
        "chapters": [
            {
                "number": chapter.number, "title": chapter.title, "words": len(chapter.text.split()),
                "estimated_s": round(chapter.estimated_ms / 1000, 1), "matter": str(chapter.matter),
                "voice": chapter.voice,
            }
            for chapter in plan.chapters
        ],
    }  # fmt: skip


def book_summary_text(summary: BookSummary) -> str:
    """The summary in a few lines, without a line break at the end."""
    count = _chapters(len(summary.chapters))
    lines = [f"{summary.output}: {count}, {clock_face(summary.audio_s)} of audio ({summary.audio_s:.1f} s)"]
    speed = summary.audio_ms / 1000 / summary.wall_s if summary.wall_s > 0 else 0.0
    lines.append(f"{_chapters(summary.n_spoken)} spoken in {summary.wall_s:.1f} s, {speed:.1f} × real time")
    if summary.gain_db is not None:
        lines.append(f"gain for the loudness: {summary.gain_db:+.1f} dB")
    lines += [f"gap: {gap}" for gap in summary.gaps]
    lines += [f"warning: {warning}" for warning in summary.warnings]
    return "\n".join(lines)


def book_summary_json(summary: BookSummary) -> dict[str, Any]:
    """The summary for `--json`: one object with stable names."""
    return {
        "output": summary.output, "audio_s": round(summary.audio_s, 3), "chapters_spoken": summary.n_spoken,
        "audio_s_this_run": round(summary.audio_ms / 1000, 3), "wall_s": round(summary.wall_s, 3),
        "gaps": list(summary.gaps), "warnings": list(summary.warnings), "gain_db": summary.gain_db,
        "chapters": [
            {
                "number": chapter.plan.number, "title": chapter.plan.title,
                "audio_s": round(chapter.record.duration_s, 3), "sentences": len(chapter.record.ends),
            }
            for chapter in summary.chapters
        ],
    }  # fmt: skip


def _chapters(n: int) -> str:
    return f"{n} chapter{'s' * (n != 1)}"
