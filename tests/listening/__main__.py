"""Main module of the listening test: `python -m tests.listening`, or `make listen`.

Speaks a text of 200 sentences through real systems, in every way in which a client may read it and with workers killed
meanwhile, and has a recogniser prove that each sentence is there, once, in order, and whole. Then it plants faults in
what was spoken, each of which the recogniser must find. Exit status 1: a fault.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.listening.listening_report import ListeningReport
from tests.listening.listening_text import N_SENTENCES
from tests.listening.recogniser import Recogniser
from tests.listening.speaking_system import SpeakingSystem


def main(argv: Sequence[str] | None = None) -> int:
    """Listen to everything; 1 if there is a fault."""
    options = _arguments().parse_args(argv)
    began_s = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, SpeakingSystem.on(Path(folder)) as system:
        report = ListeningReport(system, Recogniser(), options.sentences, _write)
        n_faults = report.run(options.each)
    _write(f"{n_faults or 'no'} fault{'s' * (n_faults != 1)}, {time.monotonic() - began_s:.0f} s\n")
    return min(n_faults, 1)


def _write(line: str) -> None:
    sys.stdout.write(line)
    sys.stdout.flush()


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.listening", description="Listen to what a system speaks.")
    parser.add_argument("--sentences", type=int, default=N_SENTENCES, metavar="N", help=f"of the text ({N_SENTENCES})")
    parser.add_argument("--each", type=int, default=6, metavar="N", help="planted faults of each kind (6)")
    return parser


if __name__ == "__main__":
    sys.exit(main())
