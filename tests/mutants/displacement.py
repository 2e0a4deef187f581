"""Faults of displacement: a live sentence makes way for another listener's, and goes on later."""

from tests.mutants.mutant import Mutant, lua

TESTS = ("tests/scripts/test_displacement.py",)
SELECTION = f"{lua('pool')}/shared/selection.lua"

DISPLACEMENT = (
    Mutant(
        "displacement.again and again",
        SELECTION,
        "s.suspect, s.spent = DISPLACED, spent",
        "s.suspect, s.spent = 0, spent",
        "a long sentence is interrupted for each listener who comes",
        TESTS,
        0,
    ),
    Mutant(
        "displacement.by whom its listener cannot wait for",
        SELECTION,
        "return ahead >= BEARS * cost + BEARS_MORE and one or nil",
        "return ahead >= 0 and one or nil",
        "who was heard falls silent for one who comes",
        TESTS,
        0,
    ),
    Mutant(
        "displacement.free of charge",
        SELECTION,
        "charge(one.user, 'L', spent - s.cost)",
        "charge(one.user, 'L', -s.cost)",
        "who is displaced gets more than a share",
        TESTS,
        0,
    ),
    Mutant(
        "displacement.of any engine",
        f"{lua('pool')}/claim.lua",
        "if m.continuity == 'resumable' then",
        "if m.continuity then",
        "what was spoken is spoken again from its beginning",
        TESTS,
        0,
    ),
    Mutant(
        "displacement.the first part is not measured",
        f"{lua('pool')}/finish.lua",
        "took = took + num(s.spent, 0)",
        "took = took + 0",
        "the pool takes its engine for faster than it is, and accepts too many",
        TESTS,
        0,
    ),
    Mutant(
        "displacement.due at its beginning",
        f"{lua('pool')}/shared/fairness.lua",
        "if retry then position = resumes_at(sentence_get(job, retry))",
        "if retry then position = sentence_get(job, retry).position",
        "one whose listener has audio goes before those who have none",
        TESTS,
        0,
    ),
    Mutant(
        "displacement.what is over stays in the index",
        f"{lua('pool')}/shared/flight.lua",
        "if s.spent then C('ZREM', P .. ':resumes', name) end",
        "",
        "the index grows with each sentence",
        TESTS,
        0,
    ),
)
