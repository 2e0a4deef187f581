"""Chaos: real processes under a seeded nemesis, a history of what was seen, and a checker that reads it afterwards.

    job_plans.py            what clients ask for, drawn from a seed, and the bytes that each job must have
    history.py              one JSON line per event, synced: what remains when everything is killed
    client.py               a process that enqueues, reads, cancels, and logs it; readers.py, reader_log.py
    cluster.py              server, proxy, workers, reassemblers, clients; starts again what ended
    nemesis.py              draws faults and inflicts them; they are in faults/
    state_snapshot.py       what is in Redis, at any moment and when all is over
    check.py                proves the invariants from a history alone; job_verdicts.py, figures.py
    fault_free_phase.py     what safety costs where nothing fails
    plain_celery_rival.py   plain Celery under the same kills
    soak.py                 hours' worth of audio at high speed

`python -m tests.chaos --help`. A clock that jumps is the simulator's: a server's clock cannot be moved from outside.
"""
