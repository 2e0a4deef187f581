"""The input text, from a file or standard input: decoded, and refused if it is not text."""

import contextlib
import sys
from pathlib import Path

from seriatim.errors import BadInput, EmptyText, TextTooLarge
from seriatim.text.text_files import decode_text

STDIN = "-"


def read_text(source: str, max_bytes: int) -> str:
    """Read all of `source`, a path or `-`.

    Raises:
        BadInput: it cannot be read, or is not text.
        TextTooLarge: it has more than `max_bytes`.
        EmptyText: it has nothing but white space.
    """
    name = "standard input" if source == STDIN else source
    raw = _read_bytes(source, name, max_bytes)
    if len(raw) > max_bytes:
        raise TextTooLarge(f"{name} has more than {max_bytes} bytes; raise SERIATIM_MAX_TEXT_BYTES, or split the text")
    text = decode_text(raw, name)
    if not text.strip():
        raise EmptyText(f"{name} is empty: there is nothing to speak")
    return text


def refuse_to_overwrite(source: str, output: str) -> None:
    """Refuse an output that is the input file.

    Raises:
        BadInput: both are the same file.
    """
    with contextlib.suppress(OSError):
        if STDIN not in (source, output) and Path(source).samefile(output):
            raise BadInput(f"{output} is the input file; name another output with -o")


def _read_bytes(source: str, name: str, max_bytes: int) -> bytes:
    if source == STDIN:
        if sys.stdin.isatty():
            sys.stderr.write("type a text, then press Ctrl-D\n")
        return sys.stdin.buffer.read(max_bytes + 1)
    try:
        with Path(source).open("rb") as file:
            return file.read(max_bytes + 1)
    except OSError as error:
        raise BadInput(f"cannot read {name}: {(error.strerror or str(error)).lower()}") from None
