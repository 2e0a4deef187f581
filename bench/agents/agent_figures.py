"""Agent figures: what was measured of agents' turns, beside what is required. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bench.agents.agent_plan import ADAPTER, PLUGIN, AgentAnswer, TurnResult
from bench.load.figures import quantile
from bench.load.player import played

GAP_S = 0.1  #: a silence that counts
HEADINGS = (
    "contender",
    "agents",
    "load",
    "turns",
    "refused",
    "cut",
    "first p50",
    "p95 s",
    "total p50",
    "gaps",
    "worst s",
)
_WIDTHS = (16, 6, 6, 6, 8, 5, 10, 6, 10, 5, 8)


@dataclass(frozen=True, slots=True)
class AgentFigure:
    """One line of the table: what is required, what was found, and what the other way of speaking does."""

    measure: str
    required: str
    plugin: str
    adapter: str
    is_met: bool


Answers = Mapping[tuple[str, int], AgentAnswer]  #: (contender, agents) of each run; 0 agents: interruptions


def longest_gap_s(turn: TurnResult) -> float:
    """The longest silence within the sound of a turn, as its listener hears it."""
    ended_s = turn.ended_s if turn.outcome == "ok" else -1.0
    stalls = played(turn.frames, turn.ended_s, ended_s=ended_s).stalls
    return max((to_s - from_s for from_s, to_s in stalls), default=0.0)


def n_gaps(turns: Sequence[TurnResult]) -> int:
    """Turns with a silence that counts."""
    return sum(longest_gap_s(turn) > GAP_S for turn in turns if turn.frames)


def n_with(turns: Sequence[TurnResult], outcome: str) -> int:
    """Turns with an outcome."""
    return sum(turn.outcome == outcome for turn in turns)


def total_s(turns: Sequence[TurnResult]) -> float:
    """The median time from the first token to the last sound, of turns that were spoken; nan: none was."""
    return quantile([turn.frames[-1][0] for turn in turns if turn.outcome == "ok"], 0.5)


def run_line(contender: str, agents: int, load: float, turns: Sequence[TurnResult]) -> str:
    """One run for people."""
    firsts = [turn.frames[0][0] for turn in turns if turn.frames]
    worst_s = max((longest_gap_s(turn) for turn in turns if turn.frames), default=0.0)
    counts = [str(n) for n in (len(turns), n_with(turns, "refused"), n_with(turns, "cut"))]
    waits = [f"{wait_s:.2f}" for wait_s in (quantile(firsts, 0.5), quantile(firsts, 0.95), total_s(turns))]
    return _line(contender, str(agents), f"{load:.0%}", *counts, *waits, str(n_gaps(turns)), f"{worst_s:.2f}")


def heading() -> str:
    """The first line of the runs."""
    return _line(*HEADINGS)


def figures(answers: Answers, at_75: int, at_200: int) -> list[AgentFigure]:
    """The required figures; `at_75` and `at_200`: how many agents are 75 % and 200 % load."""
    return [
        _total_figure(answers),
        _count_figure(answers, at_75, "turns with a gap over 100 ms at 75 % load", n_gaps),
        _count_figure(answers, at_200, "turns cut after sound was heard, at 2 x overload", lambda t: n_with(t, "cut")),
        *_interruption_figures(answers),
    ]


def first_sound_figure(p95_ms: float) -> AgentFigure:
    """The figure of a voice agent with the engine hibari."""
    measure = "LiveKit's pipeline with hibari: first token to first sound, p95"
    return AgentFigure(measure, "250 ms", f"{p95_ms:.0f} ms", "-", p95_ms < 250)


def figure_lines(rows: Sequence[AgentFigure]) -> list[str]:
    """The figures for people, each with what is required."""
    cells = [("", "measure", "required", PLUGIN, ADAPTER)]
    cells += [("ok" if row.is_met else "MISS", row.measure, row.required, row.plugin, row.adapter) for row in rows]
    widths = [max(len(cell) for cell in column) for column in zip(*cells, strict=True)]
    return ["  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]


def _total_figure(answers: Answers) -> AgentFigure:
    ours_s, theirs_s = (total_s(answers[contender, 1].turns) for contender in (PLUGIN, ADAPTER))
    measure, ratio = "five sentences of one agent, first token to last sound (ratio)", ours_s / theirs_s
    return AgentFigure(measure, "<= 0.45", f"{ours_s:.2f} s ({ratio:.2f})", f"{theirs_s:.2f} s", ratio <= 0.45)


def _count_figure(
    answers: Answers, agents: int, measure: str, count: Callable[[Sequence[TurnResult]], int]
) -> AgentFigure:
    ours, theirs = (answers[contender, agents].turns for contender in (PLUGIN, ADAPTER))
    plugin, adapter = (f"{count(turns)} of {sum(bool(turn.frames) for turn in turns)}" for turns in (ours, theirs))
    is_met = count(ours) == 0 and any(turn.frames for turn in ours)
    return AgentFigure(f"{measure} ({agents} agents)", "0", plugin, adapter, is_met)


def _interruption_figures(answers: Answers) -> list[AgentFigure]:
    ours, theirs = (answers[contender, 0].interruptions for contender in (PLUGIN, ADAPTER))
    ours_ms, theirs_ms = (quantile([each.free_ms for each in found], 0.99) for found in (ours, theirs))
    most_chunks, most_bytes = max(each.late_chunks for each in ours), max(each.late_bytes for each in ours)
    n = f"{len(ours)} interruptions, {min(each.busy_slots for each in ours)} slots busy or more"
    return [
        AgentFigure(
            f"interruption: cancel to slot free, p99 ({n})", "150 ms", f"{ours_ms:.0f} ms", f"{theirs_ms:.0f} ms",
            ours_ms <= 150,
        ),
        AgentFigure(
            "interruption: sound after the cancel", "one chunk", f"{most_chunks} chunks, {most_bytes} bytes", "-",
            most_chunks <= 1,
        ),
    ]  # fmt: skip


def _line(*cells: str) -> str:
    left, *right = zip(cells, _WIDTHS, strict=True)
    return " ".join([f"{left[0]:<{left[1]}}", *(f"{cell:>{width}}" for cell, width in right)])
