"""XML text: a text escaped for XML 1.0, without the characters that it cannot hold (XML 1.0, 2.2). Pure."""

import re
from xml.sax.saxutils import escape

_ILLEGAL = re.compile(r"[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def xml_text(text: str) -> str:
    """A text as the content of an element."""
    return escape(_ILLEGAL.sub("", text))
