"""Control characters that the steps of text hand on to one another; a text that brings them itself loses them first.

They are of a private-use plane, so neither letters nor white space to any step that does not know them.
"""

import re

#: in front of a newline: the line ends here, however long it is
HARD_LINE = "\U000f8000"
_PAUSE = 0xF0000  #: and 6,000 more: a pause of so many times 10 ms
_PAUSE_STEP_MS = 10
PAUSE_MOST_MS = 60_000
PAUSES = f"{chr(_PAUSE)}-{chr(_PAUSE + PAUSE_MOST_MS // _PAUSE_STEP_MS)}"
_STYLE = 0xF9000  #: and 255 more: indices into the table of a text's styles (seriatim.text.speech_style)
MOST_STYLES = 256
STYLES = f"{chr(_STYLE)}-{chr(_STYLE + MOST_STYLES - 1)}"
ALL_STYLES = "".join(chr(_STYLE + index) for index in range(MOST_STYLES))
_PHONEME = 0xFA000  #: and 1,023 more: indices into the table of words with phonemes (seriatim.text.phoneme_table)
MOST_PHONEMES = 1024
PHONEMES = f"{chr(_PHONEME)}-{chr(_PHONEME + MOST_PHONEMES - 1)}"
PHONEME = re.compile(f"[{PHONEMES}]")
STYLE = re.compile(f"[{STYLES}]")
CONTROLS = re.compile(f"[{PAUSES}{HARD_LINE}{STYLES}{PHONEMES}]")


def pause_character(ms: float) -> str:
    """The character that says: be silent for so many ms, at most 60,000."""
    return chr(_PAUSE + min(round(ms), PAUSE_MOST_MS) // _PAUSE_STEP_MS)


def pause_ms(char: str) -> int:
    """How long the silence is that `pause_character` made a character of."""
    return (ord(char) - _PAUSE) * _PAUSE_STEP_MS


def style_character(index: int) -> str:
    """The character that says: from here on, the style of this index, below 256, in the table of the text."""
    return chr(_STYLE + index)


def style_index(char: str) -> int:
    """The index that `style_character` made a character of."""
    return ord(char) - _STYLE


def phoneme_character(index: int) -> str:
    """The character that says: the words behind it have the phonemes of this index, below 1,024, in their table."""
    return chr(_PHONEME + index)


def phoneme_index(char: str) -> int:
    """The index that `phoneme_character` made a character of."""
    return ord(char) - _PHONEME
