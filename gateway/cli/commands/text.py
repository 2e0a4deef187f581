"""`seriatim text`: what would be spoken of a text, sentence by sentence or step by step."""

import sys

from seriatim.exit_codes import ExitCode
from seriatim.text.explain import explain_steps
from seriatim.text.segment import SegmentOptions


def run_text(text: str, options: SegmentOptions, *, explain: bool) -> int:
    """Print the sentences of a text with their pauses; with `explain`, what each step made of it."""
    steps = explain_steps(text, options)
    if not explain:
        sys.stdout.write(f"{steps[-1][1]}\n")
        return ExitCode.OK
    for name, made in steps:
        sys.stdout.write(f"== {name}\n{made}\n\n")
    return ExitCode.OK
