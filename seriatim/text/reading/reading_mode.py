"""Reading modes: whether numbers and signs become words before an engine sees them."""

from enum import StrEnum


class ReadingMode(StrEnum):
    """What happens to numbers, dates, prices, units and signs."""

    AUTO = "auto"  #: they become words of the text's language, if Seriatim has its rules
    OFF = "off"  #: they stay, and the engine reads them as it can
