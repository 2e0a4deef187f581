"""Faults in the steps that producers, workers and readers make in the pool."""

from tests.mutants.mutant import Mutant, lua

MACHINE = "tests/scripts/pool_machine/test_pool_machine.py"
CRASHES = "tests/scripts/pool/test_crashes.py"
FAIRNESS = "tests/scripts/pool/test_fairness.py"
RESTART = "tests/scripts/pool/test_restart.py"
TODO = "tests/scripts/pool/test_todo.py"
WAKING = "tests/scripts/pool/test_waking.py"
WINDOWS = "tests/scripts/job/test_windows.py"
ADMISSION = "tests/scripts/pool/test_admission.py"
OPEN_JOBS = "tests/scripts/pool/test_open_jobs.py"
FOLDER = lua("pool")

STEPS = (
    Mutant(
        "claim.attempt not compared",
        f"{FOLDER}/claim.lua",
        "if not s or s.state ~= 'D' or s.attempt ~= attempt then",
        "if not s or s.state ~= 'D' then",
        "a late message takes what was dispatched to another",
        (CRASHES, MACHINE),
    ),
    Mutant(
        "claim.twice",
        f"{FOLDER}/claim.lua",
        "if not s or s.state ~= 'D' or s.attempt ~= attempt then",
        "if not s or s.attempt ~= attempt then",
        "a doubled message has one sentence spoken by two",
        (CRASHES, MACHINE),
    ),
    Mutant(
        "claim.suspect not alone",
        f"{FOLDER}/claim.lua",
        "if s.suspect == 1 and not alone then C('HSET', w, 'alone', name); alone = name end\n",
        "",
        "a poison takes its neighbours down again and again",
        (CRASHES, MACHINE),
    ),
    Mutant(
        "claim.lease of the message kept",
        f"{FOLDER}/claim.lua",
        "zadd(P .. ':lease', t + lease, name)\n",
        "",
        "a sentence that is being spoken is given to another",
        (CRASHES, MACHINE),
    ),
    Mutant(
        "finish.attempt not compared",
        f"{FOLDER}/finish.lua",
        "if not s or s.attempt ~= attempt or (s.state",
        "if not s or (s.state",
        "a zombie finishes for its successor",
        (CRASHES, MACHINE),
    ),
    Mutant(
        "finish.epoch not compared",
        f"{FOLDER}/finish.lua",
        " or (m.epoch or '0') ~= epoch then return STALE end",
        " then return STALE end",
        "what a restarted server lost counts as spoken",
        (RESTART, MACHINE),
    ),
    Mutant(
        "finish.estimate stays charged",
        f"{FOLDER}/finish.lua",
        "charge(user, class, took - s.cost)\n",
        "",
        "a user whose sentences are longer than estimated gets more than its share",
        (FAIRNESS, MACHINE),
    ),
    Mutant(
        "fail.epoch not compared",
        f"{FOLDER}/fail.lua",
        "if (C('HGET', M, 'epoch') or '0') ~= epoch then return STALE end\n",
        "",
        "a failure of the time before a restart counts against what is spoken now",
        (RESTART, MACHINE),
    ),
    Mutant(
        "fail.waiting one failed again",
        f"{FOLDER}/fail.lua",
        " or (s.state ~= 'R' and s.state ~= 'D') then return STALE end",
        " then return STALE end",
        "a failure that is told twice counts twice, and is taken out of flight twice",
        (CRASHES, MACHINE),
    ),
    Mutant(
        "strike.epoch not compared",
        f"{FOLDER}/strike.lua",
        "if (C('HGET', M, 'epoch') or '0') ~= ARGV[2] then return 0 end\n",
        "",
        "a step that a restarted server lost is struck off as made",
        (TODO,),
    ),
    Mutant(
        "fill_done.epoch not compared",
        f"{FOLDER}/fill_done.lua",
        "if epoch ~= '' and (C('HGET', M, 'epoch') or '0') ~= epoch then return 0 end\n",
        "",
        "a gap that a restarted server lost counts as closed",
        (TODO,),
    ),
    Mutant(
        "cancel.to-do dropped",
        f"{FOLDER}/cancel.lua",
        "zadd(P .. ':todo', t, entry)\n",
        "",
        "whoever cancels and dies leaves a stream without an end",
        (TODO, ADMISSION),
    ),
    Mutant(
        "extend.to-do dropped",
        f"{FOLDER}/extend.lua",
        "  add_todo(t, 'close', job, int(n), '')\n",
        "",
        "whoever closes and dies leaves a stream without an end",
        (TODO,),
    ),
    Mutant(
        "extend.said twice",
        f"{FOLDER}/extend.lua",
        "put_texts(job, n, 7 + known, t)",
        "put_texts(job, n, 7, t)",
        "text that was sent twice is said twice",
        (OPEN_JOBS, MACHINE),
    ),
    Mutant(
        "extend.lost text passed over",
        f"{FOLDER}/extend.lua",
        "if first > n then return {GAP, n} end\n",
        "",
        "what the server lost is missing, and nobody is told",
        (OPEN_JOBS, MACHINE),
    ),
    Mutant(
        "ack.goes back",
        f"{FOLDER}/ack.lua",
        "local most = math.max(delivered, acked)",
        "local most = delivered",
        "a report that was overtaken closes the window again",
        (WINDOWS, MACHINE),
    ),
    Mutant(
        "ack.nobody woken",
        f"{FOLDER}/ack.lua",
        "if index_job(job, t) then wake_dispatcher() end",
        "index_job(job, t)",
        "a window that opens is seen by the next sweep only",
        (WAKING, MACHINE),
    ),
    Mutant(
        "ack.reader not seen",
        f"{FOLDER}/ack.lua",
        "local changed = {'seen', int(t)}",
        "local changed = {'acked', acked}",
        "a job is cancelled for want of the reader that reads it",
        (WINDOWS, MACHINE, "tests/scripts/job/test_draining.py"),
    ),
    Mutant(
        "submit.twice",
        f"{FOLDER}/submit.lua",
        "if C('EXISTS', key) == 1 then return {DUPLICATE, 0, job, C('HGET', key, 'drain'), o.cut or ''} end\n",
        "",
        "a submit that is sent again begins its job anew",
        (ADMISSION, MACHINE),
    ),
    Mutant(
        "submit.key of a caller ignored",
        f"{FOLDER}/submit.lua",
        "local k = idem and keyed_job(idem)",
        "local k = nil",
        "who tries again is spoken to twice",
        (ADMISSION, MACHINE),
    ),
    Mutant(
        "submit.another text taken for the same",
        f"{FOLDER}/submit.lua",
        "  if text_differs(k.job, 0, digests(3), o.closed == 1) then return {CONFLICT, 0, k.job} end\n",
        "",
        "another text under a key is answered with the job of the first",
        ("tests/scripts/pool/test_admission.py", MACHINE),
    ),
    Mutant(
        "extend.another text taken for the same",
        f"{FOLDER}/extend.lua",
        "if keyed and text_differs(job, first, sent, close) then return {CONFLICT, num(j.n, 0)} end",
        "",
        "a job is a splice of two texts",
        ("tests/scripts/pool/test_open_jobs.py", MACHINE),
    ),
    Mutant(
        "submit.cap not checked",
        f"{FOLDER}/submit.lua",
        "if o.cap_jobs and num(jobs, 0) >= o.cap_jobs then",
        "if false then",
        "a user has more jobs than it may",
        (ADMISSION, MACHINE),
    ),
    Mutant(
        "submit.life not left as a to-do",
        f"{FOLDER}/submit.lua",
        "add_todo(t, 'life', job)\n",
        "",
        "a job whose producer dies behind its acceptance is gone after a minute",
        (TODO, MACHINE),
    ),
)
