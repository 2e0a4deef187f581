"""Mutants fit the code: a fault whose text is gone would silently test nothing."""

from collections import Counter
from pathlib import Path

import pytest

from tests.mutants.__main__ import line, status, totals
from tests.mutants.catalogue import HARMLESS, MUTANTS
from tests.mutants.mutant import Mutant
from tests.mutants.planting import ROOT, Unplantable, mutated, planted
from tests.mutants.trial import TrialOutcome, TrialVerdict, commands

SOME = MUTANTS[0]


def fits(mutant: Mutant) -> bool:
    changes = mutated(mutant) != (ROOT / mutant.file).read_text("utf-8")
    return changes and all((ROOT / test.partition("::")[0]).exists() for test in mutant.tests)


def test_every_fault_fits_the_code_and_names_tests_that_are_there() -> None:
    assert [mutant.name for mutant in MUTANTS if not fits(mutant)] == []
    assert [mutant.name for mutant in MUTANTS if not commands(mutant)] == [], "no test looks"


def test_names_are_names() -> None:
    assert max(Counter(mutant.name for mutant in MUTANTS).values()) == 1
    assert all(each.mutant in MUTANTS for each in HARMLESS)


def test_a_fault_whose_text_is_gone_is_named(tmp_path: Path) -> None:
    file = tmp_path / SOME.file
    file.parent.mkdir(parents=True)
    for text, n in (("nothing of it", 0), (SOME.old * 2, 2)):
        file.write_text(text)
        with pytest.raises(Unplantable, match=rf"^{SOME.name}: {SOME.file} has .* {n} times; expected it once$"):
            mutated(SOME, tmp_path)


def test_a_fault_that_leaves_no_python_is_named() -> None:
    """Every test would fail for another reason."""
    broken = Mutant("one.broken", "tests/mutants/planting.py", "    yield copy\n", "    yield copy)\n", "", ())
    with pytest.raises(Unplantable, match=r"^one.broken: tests/mutants/planting.py, line \d+, with the fault: "):
        mutated(broken)


def test_a_fault_is_planted_in_a_copy_only() -> None:
    before = (ROOT / SOME.file).read_text("utf-8")
    with planted(SOME) as copy:
        assert (copy / SOME.file).read_text("utf-8") == mutated(SOME)
        assert (ROOT / SOME.file).read_text("utf-8") == before
    assert not copy.exists()


def test_an_unseen_mutant_is_a_failure_unless_it_is_harmless() -> None:
    seen, missed = (TrialOutcome(SOME, verdict, "", 1.0) for verdict in (TrialVerdict.KILLED, TrialVerdict.SURVIVED))
    assert (status([seen]), status([seen, missed])) == (0, 1)
    assert status([missed, TrialOutcome(SOME, TrialVerdict.BROKEN, "no such test", 1.0)]) == 2
    assert f"NO TEST SEES IT: {SOME.why}" in line(missed)
    assert totals([seen, missed]) == "2 faults: 1 seen, 1 survived (0 harmless)"
