"""The bench of agents: its runs between two processes, and what its figures make of turns that are known."""

import re

import pytest

from bench.agents.agent_figures import (
    AgentFigure,
    figure_lines,
    figures,
    first_sound_figure,
    heading,
    longest_gap_s,
    run_line,
)
from bench.agents.agent_plan import (
    ADAPTER,
    PLUGIN,
    SENTENCES,
    AgentAnswer,
    AgentRun,
    Interruption,
    TurnResult,
    tokens,
    turn_text,
)

STEADY = TurnResult([(0.2 + n * 0.1, 200.0) for n in range(10)], ended_s=1.2)
SLOW = TurnResult([(0.2 + n * 0.35, 200.0) for n in range(10)], ended_s=3.5)
CUT = TurnResult([(0.2, 200.0)], ended_s=2.0, error="503: busy")
REFUSED = TurnResult([], ended_s=4.1, error="503: busy")
PROMPT = Interruption(busy_slots=3, free_ms=40.0, late_chunks=1, late_bytes=9600)


def found(
    plugin: "list[TurnResult] | None" = None, interruptions: "list[Interruption] | None" = None
) -> dict[str, AgentFigure]:
    """The figures by the first word of each, of a plugin with these turns and interruptions beside a slow adapter."""
    answers = {(PLUGIN, n): AgentAnswer([STEADY] if plugin is None else plugin, []) for n in (1, 3, 8)}
    answers |= {(ADAPTER, n): AgentAnswer([SLOW, SLOW, CUT], []) for n in (1, 3, 8)}
    answers |= {(name, 0): AgentAnswer([], interruptions or [PROMPT]) for name in (PLUGIN, ADAPTER)}
    names = ("total", "gaps", "cut", "free", "late")
    return dict(zip(names, figures(answers, 3, 8), strict=True))


def test_runs_and_answers_reach_the_other_process() -> None:
    run = AgentRun(PLUGIN, "http://127.0.0.1:1", "redis://127.0.0.1:2", "tone", agents=8, turns=3)
    assert AgentRun.from_json(run.to_json()) == run
    answer = AgentAnswer([STEADY, CUT, REFUSED], [PROMPT])
    assert AgentAnswer.from_json(answer.to_json()) == answer


def test_a_turn_has_five_sentences_of_nearly_one_length() -> None:
    texts = {turn_text(agent, turn) for agent in range(8) for turn in range(10)}
    assert len(texts) == 80
    for text in texts:
        sentences = re.findall(r"[^.]+\.", text)
        assert len(sentences) == SENTENCES
        assert {len(sentence.strip()) for sentence in sentences} <= set(range(32, 37))
        assert "".join(tokens(text)) == text


def test_a_turn_without_a_gap_has_none() -> None:
    assert longest_gap_s(STEADY) == 0.0


def test_silence_within_a_turn_is_a_gap() -> None:
    assert longest_gap_s(SLOW) == pytest.approx(0.15)


def test_the_silence_behind_a_cut_is_a_gap() -> None:
    assert longest_gap_s(CUT) == pytest.approx(1.6)


def test_figures_that_are_met() -> None:
    rows = found()
    assert all(row.is_met for row in rows.values())
    assert (rows["total"].plugin, rows["total"].adapter) == ("1.10 s (0.33)", "3.35 s")
    assert (rows["gaps"].plugin, rows["gaps"].adapter) == ("0 of 1", "3 of 3")
    assert (rows["cut"].plugin, rows["cut"].adapter) == ("0 of 1", "1 of 3")


def test_figures_that_are_missed() -> None:
    assert not found([SLOW])["total"].is_met
    assert not found([STEADY, SLOW])["gaps"].is_met
    assert not found([STEADY, CUT])["cut"].is_met
    assert not found(interruptions=[Interruption(3, 151.0, 0, 0)])["free"].is_met
    assert not found(interruptions=[Interruption(3, 10.0, 2, 19_200)])["late"].is_met
    assert not first_sound_figure(250.0).is_met
    assert first_sound_figure(249.0).is_met


def test_nothing_spoken_meets_nothing() -> None:
    rows = found([REFUSED])
    assert not any(rows[name].is_met for name in ("total", "gaps", "cut"))


def test_refused_and_cut_turns_are_counted_apart() -> None:
    line = run_line(PLUGIN, 8, 2.0, [STEADY, STEADY, CUT, REFUSED]).split()
    named = dict(zip(re.split(r" {1,}(?!p50|s\b)", heading().strip()), line, strict=True))
    assert (named["load"], named["turns"], named["refused"], named["cut"]) == ("200%", "4", "1", "1")


def test_the_table_says_what_is_missed() -> None:
    lines = figure_lines([AgentFigure("one", "0", "0 of 3", "2 of 3", is_met=True), first_sound_figure(300.0)])
    assert [line.split()[0] for line in lines[1:]] == ["ok", "MISS"]
