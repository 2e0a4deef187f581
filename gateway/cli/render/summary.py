"""Summary of a spoken text: text for people, a dict for programs."""

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.cli.render.duration import clock_face

SHOWN = 10  #: doubts that people are shown: a whole book of them says no more


@dataclass(frozen=True, slots=True)
class RunSummary:
    """One run of speaking a text."""

    output: str  #: where the sound went
    sentences: int  #: spoken in this run
    audio_ms: float  #: of sound in this run
    wall_s: float  #: from the first sentence's submission to the end of the output
    first_audio_s: float | None  #: until the first sound was heard; None: there was none
    sentences_by_worker: Mapping[str, int]  #: how many each worker spoke
    sentences_before: int = 0  #: that an interrupted run had spoken
    audio_ms_before: float = 0.0  #: and how long they last
    doubts: tuple[str, ...] = ()  #: sentences of this run, 0-based, that an engine doubted, and the marks that it set
    gaps: tuple[str, ...] = ()  #: sentences of this run, 0-based, of which all, or the rest, is missing, and why

    @property
    def times_real_time(self) -> float:
        """Seconds of sound a second."""
        return self.audio_ms / 1000 / self.wall_s if self.wall_s > 0 else 0.0


def summary_text(summary: RunSummary) -> str:
    """A few lines, without a line break at the end."""
    total_s = (summary.audio_ms + summary.audio_ms_before) / 1000
    lines = [
        f"{summary.output}: {clock_face(total_s)} of sound ({total_s:.1f} s)",
        f"{_count(summary.sentences, 'sentence')} in {summary.wall_s:.1f} s, {summary.times_real_time:.1f} × real time",
    ]
    if summary.sentences_before:
        lines[1] += f"; {summary.sentences_before} more were there already"
    if summary.first_audio_s is not None:
        lines.append(f"first sound after {summary.first_audio_s:.2f} s")
    spoke = sorted(summary.sentences_by_worker.items())
    if spoke:
        each = ", ".join(f"{worker} {sentences}" for worker, sentences in spoke)
        lines.append(f"{_count(len(spoke), 'worker')}: {each}")
    if summary.doubts:
        more = " ..." * (len(summary.doubts) > SHOWN)
        lines.append(
            f"{_count(len(summary.doubts), 'sentence')} to listen to: {'; '.join(summary.doubts[:SHOWN])}{more}"
        )
    if summary.gaps:
        lines.append(f"{_count(len(summary.gaps), 'gap')}: {'; '.join(summary.gaps)}")
    return "\n".join(lines)


def summary_json(summary: RunSummary) -> dict[str, object]:
    """The same for `--json`: one flat object, whose names are a public contract."""
    return {
        "output": summary.output,
        "audio_s": round((summary.audio_ms + summary.audio_ms_before) / 1000, 3),
        "audio_s_this_run": round(summary.audio_ms / 1000, 3),
        "sentences": summary.sentences + summary.sentences_before,
        "sentences_this_run": summary.sentences,
        "wall_s": round(summary.wall_s, 3),
        "first_audio_s": None if summary.first_audio_s is None else round(summary.first_audio_s, 3),
        "times_real_time": round(summary.times_real_time, 2),
        "workers": len(summary.sentences_by_worker),
        "gaps": list(summary.gaps),
        "doubts": list(summary.doubts),
        "sentences_by_worker": dict(sorted(summary.sentences_by_worker.items())),
    }


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"
