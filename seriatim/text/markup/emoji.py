"""Emoji: characters that stay silent, as a character class, and their names between colons.

Not among them are arrows, circled digits, and the sharps and flats of music, which say something.
"""

import re

from seriatim.text.markup.scan_state import ScanState, Step

#: for use within brackets of a regular expression
EMOJI = (
    r"\U0001f1e6-\U0001f1ff\U0001f300-\U0001f5ff\U0001f600-\U0001f64f\U0001f680-\U0001f6ff\U0001f7e0-\U0001f7eb"
    r"\U0001f900-\U0001f9ff\U0001fa70-\U0001faff\u231a\u231b\u23e9-\u23f3\u25b6\u25fd\u25fe\u2600-\u266c\u2670-\u2775"
    r"\u2795-\u2797\u27a1\u27b0\u27bf\u2b05-\u2b07\u2b1b\u2b1c\u2b50\u2b55"
)
_SHORTCODE = re.compile(r":(?=[^:]*[a-z+-])[a-z0-9_+-]{2,40}:(?=[\s.,!?:;)\]])")
_PERHAPS_SHORTCODE = re.compile(r":[a-z0-9_+-]{0,40}:?\Z")


def shortcode_rule(text: str, at: int, state: ScanState) -> Step:
    """What `:` becomes: nothing where it begins the name of an emoji, such as `:smile:`."""
    if not (state.before.isspace() or state.before in ":([*_"):
        return ":", at + 1
    if name := _SHORTCODE.match(text, at):
        return "", name.end()
    return None if _PERHAPS_SHORTCODE.match(text, at) else (":", at + 1)
