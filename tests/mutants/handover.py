"""Faults of the handover: a live sentence whose engine is silent goes to a second process."""

from tests.mutants.mutant import Mutant, lua

TESTS = ("tests/scripts/pool/test_handover.py", "tests/scripts/pool_machine/test_pool_machine.py")
SCRIPT = f"{lua('pool')}/handover.lua"
SILENCE = f"{lua('pool')}/shared/silence.lua"

HANDOVER = (
    Mutant(
        "handover.a repeated call hands over again",
        SCRIPT,
        "if handed_over_by(owner, name) == attempt then return 1 end",
        "if false then return 1 end",
        "a process that lost the reply does not learn that its sentence is handed over",
        TESTS,
        0,
    ),
    Mutant(
        "handover.batch is handed over, too",
        SCRIPT,
        "if state ~= 'run' or class ~= 'L' then return 0 end",
        "if state ~= 'run' then return 0 end",
        "work that no listener waits for is spoken twice",
        TESTS,
        0,
    ),
    Mutant(
        "handover.without bound",
        SCRIPT,
        "or num(credit, 0) < 0.999 then",
        "or num(credit, 0) < -1e9 then",
        "a machine that is late as a whole has all its sentences spoken twice",
        TESTS,
        0,
    ),
    Mutant(
        "handover.to no other process",
        SCRIPT,
        "if others == 0 then return 0 end",
        "if others < 0 then return 0 end",
        "the only process gives its sentence away, and no other takes it",
        TESTS,
        0,
    ),
    Mutant(
        "handover.handed over twice",
        SCRIPT,
        "s.suspect = HANDED_OVER",
        "s.suspect = 0",
        "a sentence that is slow everywhere takes one process after another",
        TESTS,
        0,
    ),
    Mutant(
        "silence.known after the first sentence",
        SILENCE,
        "if num(m.silences, 0) < KNOWN then return 0 end",
        "if num(m.silences, 0) < 1 then return 0 end",
        "a pool that has just started takes a slow second sentence for a hung engine",
        TESTS,
        0,
    ),
    Mutant(
        "silence.the latest counts, not the largest",
        SILENCE,
        "math.max(num(m.silence, 0) * 0.99, ms)",
        "ms",
        "a long sentence after a short one is handed over, though its engine is well",
        TESTS,
        0,
    ),
)
