"""The seeded simulator: the real scripts on a real server, everything around them played, one seed replays one run.

    plan        what a run is made of, drawn from its seed: jobs, workers, fault rates
    world       virtual time, threads as generators, the scheduler, kills and stalls
    run         sets a world up, lets it go until everything has ended, and says how to see a failure again
    producers, dispatch, workers, caretakers, order, listeners
                the actors: each mirrors a real process, one Redis step at a time
    faults      what happens to all at once: the server is killed (and again) and its log cut, its memory is full, a
                blackout, the broker is flushed, the clock is set
    studio      what engines speak
    speech      one attempt's sound, in chunks
    heard       what a listener has, checked entry by entry
    audit       the pool's books, checked between steps
    check       what must hold in the end
    ledger      what happened, for the checks

`make sim SEEDS=5000 FIRST=1`, or `python -m tests.simulator --help`.
"""
