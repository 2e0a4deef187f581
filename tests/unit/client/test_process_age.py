"""The process age counts from the start of the interpreter."""

import subprocess
import sys
import time

import pytest

AGES = (
    "import time; from seriatim.process.process_age import process_age_s as age; print(age(), time.sleep(0.3), age())"
)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="no other system says it")
def test_it_counts_from_the_start_and_goes_on() -> None:
    began_s = time.monotonic()
    ran = subprocess.run([sys.executable, "-P", "-c", AGES], capture_output=True, text=True, check=True)
    within_s = time.monotonic() - began_s
    first, _, second = ran.stdout.split()
    assert 0 <= float(first) <= within_s + 0.02
    assert float(second) - float(first) >= 0.3
