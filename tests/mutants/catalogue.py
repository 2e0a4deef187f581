"""The catalogue of planted faults, and those of them that may survive."""

from tests.mutants.admission import ADMISSION
from tests.mutants.callers import CALLERS
from tests.mutants.displacement import DISPLACEMENT
from tests.mutants.governor import GOVERNOR
from tests.mutants.handover import HANDOVER
from tests.mutants.job import JOB
from tests.mutants.joint import JOINT
from tests.mutants.mutant import Harmless
from tests.mutants.pool import POOL
from tests.mutants.steps import STEPS

MUTANTS = (*JOB, *POOL, *JOINT, *ADMISSION, *GOVERNOR, *HANDOVER, *DISPLACEMENT, *STEPS, *CALLERS)
HARMLESS = (
    Harmless(
        next(mutant for mutant in MUTANTS if mutant.name == "sweep.guard against a clock that goes back"),
        "the pool's own clock never goes back; a second lock on a locked door",
    ),
)
