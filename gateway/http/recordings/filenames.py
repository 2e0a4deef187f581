"""Filenames of saved recordings, made from their titles. Pure."""

import re
import unicodedata
from urllib.parse import quote

LONGEST = 100  #: characters: a line of a folder's window
LONGEST_BYTES = 200  #: with an ending, and a browser's " (1)": file systems take 255
UNFIT = re.compile(r'[\\/:*?"<>|]')  #: what one system or another does not have in names


def disposition(title: str, job: str, ending: str) -> str:
    """The header Content-Disposition (RFC 6266): shown where that can be done, and under this name if it is saved.

    `filename` is for those that read nothing newer (curl); the true name is in `filename*` where it is not ASCII.
    """
    otherwise = f"seriatim-{job[:8]}"
    name = _fit(title) or otherwise
    plain = _plain(name) or otherwise
    true = "" if name == plain else f"; filename*=UTF-8''{quote(f'{name}.{ending}', safe='')}"
    return f'inline; filename="{plain}.{ending}"{true}'


def _fit(title: str) -> str:
    """A name that every file system takes; "" if nothing is left of it."""
    seen = "".join(char for char in title if not unicodedata.category(char).startswith("C"))
    words = " ".join(UNFIT.sub(" ", seen).split())[:LONGEST]
    short = words.encode()[:LONGEST_BYTES].decode("utf-8", "ignore")
    return short.strip(" .…")


def _plain(name: str) -> str:
    """The name in ASCII, as far as it has letters; without %, which some would decode."""
    bare = "".join(char for char in unicodedata.normalize("NFKD", name) if not unicodedata.combining(char))
    ascii_only = "".join(
        char if char.isascii() and char != "%" else "_" for char in _fit(bare)
    )  # NFKD of ½ has a slash
    return ascii_only if re.search(r"[A-Za-z0-9]", ascii_only) else ""
