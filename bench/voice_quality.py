"""The quality of voices, and their cost: a table with a row for each engine, alone and through Seriatim."""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class QualityScore:
    """Mean opinion scores by DNSMOS, 1 to 5."""

    overall: float
    signal: float
    background: float


@dataclass(frozen=True, slots=True)
class VoiceFigures:
    """One way of speaking the text."""

    speed: float  #: seconds of sound a second
    first_sound_ms: float  #: of a sentence of ten words: the median
    memory_mb: float  #: most memory of the process that has the engine


@dataclass(frozen=True, slots=True)
class EngineFigures:
    """One engine."""

    engine: str
    score: QualityScore
    word_error_rate: float
    alone: VoiceFigures
    through: VoiceFigures

    def row(self) -> str:
        """A row of the table, in Markdown."""
        score, alone, through = self.score, self.alone, self.through
        return (
            f"| {self.engine} | {score.overall:.2f} ({score.signal:.2f}, {score.background:.2f}) "
            f"| {self.word_error_rate:.1%} | {alone.speed:.0f} / {through.speed:.0f} "
            f"| {alone.first_sound_ms:.0f} / {through.first_sound_ms:.0f} "
            f"| {alone.memory_mb:.0f} / {through.memory_mb:.0f} |\n"
        )


HEAD = (
    "| engine | DNSMOS (signal, background) | words misheard | × real time, alone / through Seriatim "
    "| first sound ms, alone / through | MB, alone / through |\n|---|---|---|---|---|---|\n"
)


def measure_apart(engine: str, options: Sequence[str]) -> EngineFigures:
    """Measure an engine with these KEY=VALUE options in a process of its own."""
    command = [sys.executable, "-m", "bench.voice_measurement", engine, *options]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[1])
    found = json.loads(done.stdout)
    score = QualityScore(**found.pop("score"))
    alone, through = (VoiceFigures(**found.pop(name)) for name in ("alone", "through"))
    return EngineFigures(score=score, alone=alone, through=through, **found)
