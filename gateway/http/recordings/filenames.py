"""Filenames of downloaded recordings, made from their titles. Pure."""

import re
import unicodedata
from urllib.parse import quote

MAX_CHARS = 100  #: a line in a file manager
MAX_BYTES = 200  #: leaves room for the extension and a browser's " (1)": file systems allow 255
FORBIDDEN = re.compile(r'[\\/:*?"<>|]')  #: characters that some file system forbids


def content_disposition(title: str, job: str, extension: str) -> str:
    """The header Content-Disposition (RFC 6266): inline, with a filename for downloads.

    `filename` is ASCII, for clients such as curl; a name that is not ASCII is in `filename*`.
    """
    fallback = f"seriatim-{job[:8]}"
    name = _safe_name(title) or fallback
    ascii_name = _ascii_name(name) or fallback
    extended = "" if name == ascii_name else f"; filename*=UTF-8''{quote(f'{name}.{extension}', safe='')}"
    return f'inline; filename="{ascii_name}.{extension}"{extended}'


def _safe_name(title: str) -> str:
    """Make a name that every file system allows; "" if nothing is left of it."""
    visible = "".join(char for char in title if not unicodedata.category(char).startswith("C"))
    name = " ".join(FORBIDDEN.sub(" ", visible).split())[:MAX_CHARS]
    short = name.encode()[:MAX_BYTES].decode("utf-8", "ignore")
    return short.strip(" .…")


def _ascii_name(name: str) -> str:
    """Convert a name to ASCII, without %, which some clients decode; "" if no letter or digit is left."""
    base = "".join(char for char in unicodedata.normalize("NFKD", name) if not unicodedata.combining(char))
    ascii_only = "".join(
        char if char.isascii() and char != "%" else "_" for char in _safe_name(base)
    )  # NFKD of ½ has a slash
    return ascii_only if re.search(r"[A-Za-z0-9]", ascii_only) else ""
