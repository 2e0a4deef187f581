"""Faults in who gets in, and in who makes way for whom."""

from tests.mutants.mutant import Mutant, lua

LINE = "tests/scripts/test_line.py"
FAIRNESS = "tests/scripts/test_fairness.py"
MACHINE = "tests/scripts/test_pool_machine.py"
FOLDER = lua("pool")

DOOR = (
    Mutant(
        "door.share given back when spoken",
        f"{FOLDER}/_pool.lua",
        "heard_out <= t then heard_out = t else hold(job, h[3], heard_out) end",
        "heard_out <= t then heard_out = t end",
        "at full load nobody has a buffer",
        (LINE, MACHINE),
    ),
    Mutant(
        "door.held share never given back",
        f"{FOLDER}/submit.lua",
        "let_go_due(t)\nlocal m = ",
        "local m = ",
        "everybody is refused until the sweep comes",
        (LINE, MACHINE),
    ),
    Mutant(
        "door.silenced listener keeps its share",
        f"{FOLDER}/cancel.lua",
        "h[2] == 'L' and let_go(job .. '|' .. h[3])",
        "false",
        "barge-in after the last sentence was spoken is refused",
        (LINE, MACHINE),
    ),
    Mutant(
        "door.late promise goes behind",
        f"{FOLDER}/submit.lua",
        "if not s.mine or (s.mine.rank > 0 and place.rank < s.mine.rank) then",
        "if not s.mine or place.at < s.mine.at then",
        "who was late once is told the same time as everybody",
        (LINE, MACHINE),
    ),
    Mutant(
        "door.line not looked at",
        f"{FOLDER}/submit.lua",
        "  if #s.others == 0 then return true end",
        "  if true then return true end",
        "newcomers take the room that was promised",
        (LINE, MACHINE),
    ),
    Mutant(
        "door.no end to going beyond the room",
        f"{FOLDER}/submit.lua",
        "  if taken > math.max(room * OVER - rate, room) + 1e-9 then need = 1e9 end\n",
        "",
        "more listeners than can ever be served",
        (LINE, MACHINE),
    ),
    Mutant(
        "way.again and again",
        f"{FOLDER}/pick.lua",
        "    s.suspect = 2\n    take_back(last)",
        "    take_back(last)",
        "a batch sentence is spoken in vain for ever",
        (FAIRNESS, MACHINE),
    ),
    Mutant(
        "way.nobody is told",
        f"{FOLDER}/pick.lua",
        "    hush(last.job, last.seq, s)\n",
        "",
        "the slot speaks on what was taken from it",
        (FAIRNESS,),
    ),
    Mutant(
        "way.no refund",
        f"{FOLDER}/pick.lua",
        "  charge(one.user, 'B', -one.s.cost)\n",
        "",
        "a user pays for what was taken from it",
        (FAIRNESS, MACHINE),
    ),
    Mutant(
        "way.for any sentence",
        f"{FOLDER}/pick.lua",
        "  if (h[3] or needed > 0) and h[1] + needed - t > num(m[5], 0) then return false end\n",
        "",
        "batch is cut for what nobody needs yet",
        (FAIRNESS, MACHINE),
    ),
)
