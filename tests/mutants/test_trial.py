"""A trial really plants, really runs, and tells a fault that was seen from one that was not."""

from dataclasses import replace

import pytest

from tests.mutants.catalogue import MUTANTS
from tests.mutants.trial import TrialVerdict, try_out

QUICK = replace(next(mutant for mutant in MUTANTS if mutant.name == "entries.missing bytes not seen"), seeds=0)


def test_a_fault_that_a_test_sees_is_killed_by_it() -> None:
    outcome = try_out(QUICK)
    assert (outcome.verdict, outcome.by) == (TrialVerdict.KILLED, "test_bytes_that_are_gone_are_noticed")


@pytest.mark.thorough
def test_what_changes_nothing_survives() -> None:
    outcome = try_out(replace(QUICK, new=QUICK.old + "  # as before"))
    assert (outcome.verdict, outcome.by) == (TrialVerdict.SURVIVED, "")


@pytest.mark.thorough
def test_a_trial_that_cannot_be_held_is_no_verdict() -> None:
    outcome = try_out(replace(QUICK, tests=("tests/unit/test_of_nothing.py",)))
    assert outcome.verdict is TrialVerdict.BROKEN
    assert "tests/unit/test_of_nothing.py ended with 4" in outcome.by
