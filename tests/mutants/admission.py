"""Faults in admission, and in the order in which jobs make way for others."""

from tests.mutants.mutant import Mutant, lua

LINE = "tests/scripts/pool/test_waitlist.py"
FAIRNESS = "tests/scripts/pool/test_fairness.py"
MACHINE = "tests/scripts/pool_machine/test_pool_machine.py"
FOLDER = lua("pool")

FAR = "tests/scripts/pool/test_far_workers.py"
SLOT_TIME = "tests/scripts/pool/test_slot_time.py"
LATENESS = "tests/scripts/pool/test_lateness.py"

ADMISSION = (
    Mutant(
        "admission.counts the engine's time alone",
        f"{FOLDER}/finish.lua",
        "math.max(0, t - s.slot_at - wall - num(ahead, 0)))",
        "0)",
        "more listeners are accepted than slots can serve beside their messages",
        (SLOT_TIME, FAR),
        0,
    ),
    Mutant(
        "admission.share of the time when it was accepted",
        f"{FOLDER}/finish.lua",
        "if wall > 0 and audio > 0 then follow_speed(rtf) end\n",
        "",
        "the listeners of a pool that has become slower keep shares that are too small",
        (SLOT_TIME, FAR),
        0,
    ),
    Mutant(
        "admission.queue counts as slot time",
        f"{FOLDER}/claim.lua",
        "if idle then s.slot_at = math.max(s.slot_at, t - idle) end\n",
        "",
        "time in the queue counts twice, and listeners are refused for whom there is room",
        (SLOT_TIME,),
        0,
    ),
    Mutant(
        "admission.lateness ignored",
        f"{FOLDER}/submit.lua",
        "m.reserve) / lateness(m)\n",
        "m.reserve)\n",
        "listeners are accepted while those that are there hear silence",
        (LATENESS,),
        0,
    ),
    Mutant(
        "admission.late by a fault",
        f"{FOLDER}/claim.lua",
        "if not by_fault then note_lateness",
        "if true then note_lateness",
        "a worker that dies has listeners refused for minutes",
        (LATENESS,),
        0,
    ),
    Mutant(
        "admission.picks again when it runs twice",
        f"{FOLDER}/submit_and_pick.lua",
        "if verdict ~= ACCEPTED then return {answer, {}} end\n",
        "",
        "a reply that was lost, or a refusal, costs a pick whose messages nothing publishes but the sweep",
        ("tests/scripts/test_first_sound.py", MACHINE),
    ),
    Mutant(
        "admission.share given back when spoken",
        f"{FOLDER}/shared/lifecycle.lua",
        "heard_out <= t then heard_out = t else hold_share(job, j.rate, heard_out) end",
        "heard_out <= t then heard_out = t end",
        "at full load no listener has a buffer",
        (LINE, MACHINE),
    ),
    Mutant(
        "admission.held share never given back",
        f"{FOLDER}/submit.lua",
        "release_due_holds(t)\nlocal m = ",
        "local m = ",
        "every job is refused until the sweep comes",
        (LINE, MACHINE),
    ),
    Mutant(
        "admission.silenced listener keeps its share",
        f"{FOLDER}/cancel.lua",
        "class == 'L' and release_hold(job .. '|' .. rate)",
        "false",
        "barge-in after the last sentence was spoken is refused",
        (LINE, MACHINE),
    ),
    Mutant(
        "admission.late promise goes behind",
        f"{FOLDER}/shared/waitlist.lua",
        "if not s.mine or (s.mine.rank > 0 and place.rank < s.mine.rank) then",
        "if not s.mine or place.at < s.mine.at then",
        "a user that was late once gets the same time as all others",
        (LINE, MACHINE),
    ),
    Mutant(
        "admission.line not looked at",
        f"{FOLDER}/shared/waitlist.lua",
        "  if #s.others == 0 then return true end",
        "  if true then return true end",
        "newcomers take the room that was promised",
        (LINE, MACHINE),
    ),
    Mutant(
        "admission.no end to going beyond the room",
        f"{FOLDER}/submit.lua",
        "  if a.taken > math.max(room * OVER - a.rate, room) + 1e-9 then need = 1e9 end\n",
        "",
        "more listeners than can ever be served",
        (LINE, MACHINE),
    ),
    Mutant(
        "way.again and again",
        f"{FOLDER}/shared/selection.lua",
        "  s.suspect = 2\n  take_back(pool, last, t)",
        "  take_back(pool, last, t)",
        "a batch sentence is spoken in vain for ever",
        (FAIRNESS, MACHINE),
    ),
    Mutant(
        "way.no drop notification",
        f"{FOLDER}/shared/selection.lua",
        "  notify_drop(last.job, last.seq, s)\n",
        "",
        "the slot speaks on what was taken from it",
        (FAIRNESS,),
    ),
    Mutant(
        "way.no refund",
        f"{FOLDER}/shared/selection.lua",
        "  charge(one.user, 'B', -one.s.cost)\n",
        "",
        "a user pays for what was taken from it",
        (FAIRNESS, MACHINE),
    ),
    Mutant(
        "way.for any sentence",
        f"{FOLDER}/shared/selection.lua",
        "  if (j.play or needed > 0) and j.t0 + needed - t > pool.cost then return nil end\n",
        "",
        "batch is cut for what no listener needs yet",
        (FAIRNESS, MACHINE),
    ),
)
