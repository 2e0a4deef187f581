"""`speak` loads the language detector while its workers start, where the text decides the language."""

import subprocess
import sys

import pytest

from tests.support.process_system import ROOT

PROGRAM = """
import sys
from gateway.output.speech_run import prepare_language_guess
from seriatim.client.job_options import JobRequest
loading = prepare_language_guess(JobRequest(language=sys.argv[1]))
if loading:
    loading.join()
print("py3langid.langid" in sys.modules)
"""


@pytest.mark.parametrize(("language", "loaded"), [("", True), ("auto", True), ("en", False)])
def test_it_is_loaded_where_the_language_is_open(language: str, *, loaded: bool) -> None:
    command = [sys.executable, "-c", PROGRAM, language]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(loaded)
