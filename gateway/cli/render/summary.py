"""Summary of a run of `seriatim speak`: text for people, JSON for programs."""

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.cli.render.duration import clock_face

MAX_SHOWN = 10  #: doubtful sentences that are listed; more would hide the rest of the summary


@dataclass(frozen=True, slots=True)
class RunSummary:
    """The figures of one run."""

    output: str  #: the file, or - for standard output
    sentences: int  #: spoken in this run
    audio_ms: float  #: of audio in this run
    wall_s: float  #: from the first sentence's submission to the end of the output
    first_audio_s: float | None  #: until the first audio; None: there was none
    sentences_by_worker: Mapping[str, int]  #: worker process -> sentences that it spoke
    sentences_before: int = 0  #: that an interrupted run had spoken
    audio_ms_before: float = 0.0  #: of the audio of those sentences
    doubts: tuple[str, ...] = ()  #: sentences of this run, 0-based, that an engine marked as doubtful, and the marks
    first_audio_age_s: float | None = None  #: from the start of the command to the first audio; None: unknown
    gaps: tuple[str, ...] = ()  #: sentences of this run, 0-based, of which all or the rest is missing, and the reason

    @property
    def times_real_time(self) -> float:
        """Seconds of audio per second."""
        return self.audio_ms / 1000 / self.wall_s if self.wall_s > 0 else 0.0


def summary_text(summary: RunSummary) -> str:
    """The summary in a few lines, without a line break at the end."""
    total_s = (summary.audio_ms + summary.audio_ms_before) / 1000
    lines = [
        f"{summary.output}: {clock_face(total_s)} of audio ({total_s:.1f} s)",
        f"{count_of(summary.sentences, 'sentence')} in {summary.wall_s:.1f} s, "
        f"{summary.times_real_time:.1f} × real time",
    ]
    if summary.sentences_before:
        lines[1] += f"; {summary.sentences_before} more by the interrupted run"
    if summary.first_audio_s is not None:
        age_s = summary.first_audio_age_s
        lines.append(
            f"first audio after {summary.first_audio_s:.2f} s"
            + (f", {age_s:.1f} s after the start of the command" if age_s is not None else "")
        )
    spoke = sorted(summary.sentences_by_worker.items())
    if spoke:
        each = ", ".join(f"{worker} {sentences}" for worker, sentences in spoke)
        lines.append(f"{count_of(len(spoke), 'worker')}: {each}")
    if summary.doubts:
        more = " ..." * (len(summary.doubts) > MAX_SHOWN)
        lines.append(
            f"{count_of(len(summary.doubts), 'doubtful sentence')}: {'; '.join(summary.doubts[:MAX_SHOWN])}{more}"
        )
    if summary.gaps:
        lines.append(f"{count_of(len(summary.gaps), 'gap')}: {'; '.join(summary.gaps)}")
    return "\n".join(lines)


def summary_json(summary: RunSummary) -> dict[str, object]:
    """The summary for `--json`: one flat object with stable names."""
    return {
        "output": summary.output,
        "audio_s": round((summary.audio_ms + summary.audio_ms_before) / 1000, 3),
        "audio_s_this_run": round(summary.audio_ms / 1000, 3),
        "sentences": summary.sentences + summary.sentences_before,
        "sentences_this_run": summary.sentences,
        "wall_s": round(summary.wall_s, 3),
        "first_audio_s": None if summary.first_audio_s is None else round(summary.first_audio_s, 3),
        "first_audio_after_start_s": None if summary.first_audio_age_s is None else round(summary.first_audio_age_s, 2),
        "times_real_time": round(summary.times_real_time, 2),
        "workers": len(summary.sentences_by_worker),
        "gaps": list(summary.gaps),
        "doubts": list(summary.doubts),
        "sentences_by_worker": dict(sorted(summary.sentences_by_worker.items())),
    }


def count_of(n: int, noun: str) -> str:
    """The number and the noun, in the plural if there is not one of them."""
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"
