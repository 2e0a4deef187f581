"""Emoji: characters that stay silent or are named on request, as a character class, and their names between colons.

Not among them are arrows, circled digits, and the sharps and flats of music, which say something.
"""

import re
from itertools import groupby

from seriatim.text.control_characters import pause_character
from seriatim.text.languages import base_language
from seriatim.text.markup.emoji_names import TONES, emoji_of, english_name, names_in
from seriatim.text.markup.markup_format import EmojiMode
from seriatim.text.markup.restructured import role_end
from seriatim.text.markup.scan_state import ScanState, Step

#: for use within brackets of a regular expression
EMOJI = (
    r"\U0001f1e6-\U0001f1ff\U0001f300-\U0001f5ff\U0001f600-\U0001f64f\U0001f680-\U0001f6ff\U0001f7e0-\U0001f7eb"
    r"\U0001f900-\U0001f9ff\U0001fa70-\U0001faff\u2139\u231a\u231b\u23e9-\u23f3\u25b6\u25fd\u25fe\u2600-\u266c\u2670-\u2775"
    r"\u2795-\u2797\u27a1\u27b0\u27bf\u2b05-\u2b07\u2b1b\u2b1c\u2b50\u2b55"
)
#: what stands within a sequence: joiners, the variation selector, the keycap, and the tags of flags
EMOJI_JOINTS = r"\u200d\ufe0f\u20e3\U000e0020-\U000e007f"
#: a run is bounded, since a stream holds it until its end is known
_RUN = re.compile(rf"[{EMOJI}][{EMOJI}{EMOJI_JOINTS}]{{0,63}}+")
_CHARACTER = re.compile(rf"[\U0001f1e6-\U0001f1ff]{{2}}|[{EMOJI}]")
_TEN = "\U0001f51f"  #: the keycap that is one character
#: faces, hands and cheers, which end a sentence as a stop does: Thanks 😊 See you; not hearts: I ❤️ New York
_GESTURE = re.compile(
    r"[\U0001f600-\U0001f64f\U0001f910-\U0001f92f\U0001f970-\U0001f97a\U0001f440-\U0001f450\U0001f389\U0001f38a]"
)
SENTENCE_MS = 200  #: as behind a sentence
_SHORTCODE = re.compile(r":(?=[^:]*[a-z+-])([a-z0-9_+-]{2,40}):(?=[\s.,!?:;)\]])")
_PERHAPS_SHORTCODE = re.compile(r":[a-z0-9_+-]{0,40}:?\Z")
_CLOSING = ".,!?;:…)"


def shortcode_rule(text: str, at: int, state: ScanState) -> Step:
    """What `:` becomes: nothing where it begins the name of an emoji, such as `:smile:`."""
    is_scope = state.before == ":" == state.solid  # the second colon of std::vector::size
    if is_scope or not (state.before.isspace() or state.before in ":([*_"):
        return ":", at + 1
    role = role_end(text, at)
    if role is None:
        return None
    if role > at:
        return "", role
    if name := _SHORTCODE.match(text, at):
        return _named(name[1], state), name.end()
    return None if _PERHAPS_SHORTCODE.match(text, at) else (":", at + 1)


def _named(name: str, state: ScanState) -> str:
    """What is said of the name of an emoji between colons."""
    if state.choices.emoji is EmojiMode.SKIP:
        return ""
    if base_language(state.language) == "en":
        return name.replace("_", " ").replace("+1", "thumbs up")
    return names_in(emoji_of(name, state.language), state.language)


def emoji_rule(text: str, at: int, state: ScanState) -> Step:
    """What a run of emoji becomes: nothing, or its names; a face between two sentences without a stop is a pause."""
    run = _RUN.match(text, at)
    if run is None:
        return "", at + 1
    if run.end() == len(text):
        return None
    words = emoji_words(run[0], state)
    if not words and state.solid.isalnum() and _GESTURE.search(run[0]):
        following = text[run.end() : run.end() + 2]
        if following == " ":
            return None
        if following[0] == " " and following[1].isupper():
            return pause_character(SENTENCE_MS), run.end()
    before = " " if words and not state.before.isspace() and state.before not in "([“\"'" else ""
    return before + words + (" " if words and text[run.end()].isalnum() else ""), run.end()


def emoji_words(run: str, state: ScanState) -> str:
    """What is said of emoji in a row: nothing, 10 for its keycap, or on request the name of each, once in a row."""
    if state.choices.emoji is EmojiMode.SKIP:
        return "10" if _TEN in run else ""
    if base_language(state.language) != "en":
        return names_in(run, state.language) or run
    names = [english_name(character) for character in _CHARACTER.findall(run) if character not in TONES]
    return ", ".join(name for name, _ in groupby(filter(None, names)))


def space_rule(text: str, at: int, state: ScanState) -> Step:
    """What a space before emoji becomes: nothing before the stop that follows them, as in `Done ✅.`."""
    run = _RUN.match(text, at + 1)
    if run is None or _TEN in run[0] or state.choices.emoji is EmojiMode.NAME:
        return " ", at + 1
    if run.end() == len(text):
        return None
    return ("", run.end()) if text[run.end()] in _CLOSING else (" ", at + 1)
