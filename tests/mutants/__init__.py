"""Planted faults: what the tests and the simulator must catch, one by one, or be said to be blind to.

    mutant      what a planted fault is: a text of a file that becomes another, why that is wrong, who should see it
    job, pool, steps, callers, catalogue
                the faults: in the scripts of a job's slot, in those of the pool, in the Python around them
    planting    a copy of the tree with one fault in it; nothing is ever changed in place
    trial       runs what should see a fault, cheapest first, until something fails

`make mutants`, or `python -m tests.mutants --help`. tests/unit/repository/test_mutants.py compares the faults with
the code as it is.
"""
