"""Chaos: real processes under a seeded nemesis, a history of what was seen, and a checker that reads it afterwards.

    work.py       what clients ask for, drawn from a seed, and the bytes that each job must have
    history.py    one JSON line per event, synced: what remains when everything is killed
    client.py     a process that enqueues, reads, cancels, and writes down what it saw; ears.py, readers.py
    stage.py      server, proxy, workers, reassemblers, clients; starts again what ended
    nemesis.py    draws faults and inflicts them; faults are in process_, point_, server_ and wire_faults.py
    final.py      what is in Redis when all is over
    check.py      proves the invariants from a history alone; verdicts.py, figures.py
    rival.py      plain Celery under the same kills
    soak.py       eight hours' worth of audio at high speed

`python -m tests.chaos --help`. A clock that jumps is the simulator's: a server's clock cannot be moved from outside.
"""
