"""Faults in joint steps of a job and its pool."""

from tests.mutants.mutant import Mutant, lua

STEPS = "tests/scripts/test_joint_steps.py"
FIRST_SOUND = "tests/scripts/test_first_sound.py"
FOLDER = lua("joint")

JOINT = (
    Mutant(
        "append_and_take.reports what is not whole",
        f"{FOLDER}/append_and_take.lua",
        "if unpack(appended) ~= OK then return {appended} end\n",
        "",
        "a sentence is over in the pool, and its end never comes",
        (STEPS,),
    ),
    Mutant(
        "append_and_take.reports without memory",
        f"{FOLDER}/append_and_take.lua",
        "-- runs: job/append",
        "#!lua flags=allow-oom\n-- runs: job/append",
        "a full server takes chunks without end",
        (STEPS,),
        seeds=0,
    ),
    Mutant(
        "append_and_take.opens another job's sentence",
        f"{FOLDER}/append_and_take.lua",
        " or next_job ~= job then",
        " then",
        "its audio goes to the job of the sentence before it",
        (STEPS,),
    ),
    Mutant(
        "claim_and_open.opens what was not claimed",
        f"{FOLDER}/claim_and_open.lua",
        "if verdict ~= CLAIMED then return {claimed} end\n",
        "",
        "a message that comes twice breaks its step",
        (STEPS,),
    ),
    Mutant(
        "init_and_submit.life of a job that came twice",
        f"{FOLDER}/init_and_submit.lua",
        " or (verdict == DUPLICATE and accepted_job == job)",
        "",
        "a call that is repeated behind a lost reply deletes the job",
        (STEPS,),
        seeds=0,
    ),
    Mutant(
        "init_and_submit.step still noted",
        f"{FOLDER}/init_and_submit.lua",
        "if accepted then redis.call('ZREM'",
        "if false then redis.call('ZREM'",
        "each job's life is begun a second time by a sweep",
        (STEPS, FIRST_SOUND),
        seeds=0,
    ),
)
