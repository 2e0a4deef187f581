"""Faults of the governor: how a pool keeps to the limits of its engine's server, and of a user's budget."""

from tests.mutants.mutant import Mutant, lua

MACHINE = "tests/scripts/pool_machine/test_pool_machine.py"
TESTS = ("tests/scripts/pool/test_governor.py", "tests/scripts/pool/test_postponed.py", MACHINE)
BUDGET = ("tests/scripts/pool/test_budget.py",)
FOLDER = lua("pool")
SHARED = f"{FOLDER}/shared/governor.lua"

GOVERNOR = (
    Mutant(
        "pick.pause ignored",
        f"{FOLDER}/pick.lua",
        "if pool.paused > t then return {} end",
        "if pool.paused > t + 1e12 then return {} end",
        "a server that said when to come back is asked again and again",
        TESTS,
        0,
    ),
    Mutant(
        "pick.requests that are left are not counted down",
        f"{FOLDER}/pick.lua",
        "C('HINCRBY', LIM, 'left', -taken)",
        "C('HINCRBY', LIM, 'left', 0)",
        "more requests are sent than the server has left for the interval",
        TESTS,
        0,
    ),
    Mutant(
        "governor.halved by every refusal",
        SHARED,
        "if attempt > num(since, 0) and t >= num(until_quiet, 0) then",
        "if true then",
        "eight requests that are refused at once leave one place of eight",
        TESTS,
        0,
    ),
    Mutant(
        "governor.raise that was refused is halved",
        SHARED,
        "elseif num(raised, 0) > 0 and attempt > num(since, 0) then",
        "elseif false then",
        "each try at one more request costs half of the speed",
        TESTS,
        0,
    ),
    Mutant(
        "governor.raised without need",
        SHARED,
        " or num(C('HGET', M, 'infl'), 0) + 1 < level then return end",
        " then return end",
        "a quiet pool raises a limit that it never tried, and is refused when it is busy",
        TESTS,
        0,
    ),
    Mutant(
        "governor.calm of attempts before the refusal",
        SHARED,
        "attempt <= num(l.since, 0)",
        "attempt < 0",
        "sentences that were accepted before the limit fell raise it again",
        TESTS,
        0,
    ),
    Mutant(
        "governor.other clients' requests taken for room",
        f"{FOLDER}/report_limits.lua",
        "int(math.max(1, most - others))",
        "int(math.max(1, most))",
        "an account that other programs use is overrun",
        TESTS,
        0,
    ),
    Mutant(
        "governor.failures blamed where the engine is overloaded",
        SHARED,
        "if level <= 1 or not too_many_fail() then return true end",
        "if true then return true end",
        "an overloaded engine's sentences are given up, though one after another it would speak them",
        TESTS,
        0,
    ),
    Mutant(
        "postpone.blamed",
        f"{FOLDER}/postpone.lua",
        "requeue(job, seq, s, t + tonumber(retry_after), t)",
        "s.failures = s.failures + 1\nrequeue(job, seq, s, t + tonumber(retry_after), t)",
        "a server's limit counts as the sentence's failure",
        TESTS,
        0,
    ),
    Mutant(
        "pick.rates ignored",
        f"{FOLDER}/shared/rates.lua",
        "if rate.due > t + BURST then",
        "if rate.due > t + 1e12 then",
        "more is sent in a minute than the account allows",
        TESTS,
        0,
    ),
    Mutant(
        "claim.budget counted once",
        f"{FOLDER}/shared/budget.lua",
        "if C('HINCRBY', key, user, n) == n then",
        "if C('HSETNX', key, user, n) == 1 then",
        "a loop empties a paid account",
        BUDGET,
        0,
    ),
    Mutant(
        "submit.budget ignored",
        f"{FOLDER}/submit.lua",
        "if o.cap_chars then\n  local spent",
        "if false then\n  local spent",
        "a job is accepted that its user's budget does not cover, and fails in its middle",
        BUDGET,
        0,
    ),
)
