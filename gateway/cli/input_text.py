"""The text to be spoken, from a file or standard input: decoded, and refused if it is no text."""

import contextlib
import sys
from pathlib import Path

from seriatim.errors import BadInput, EmptyText, TextTooLarge
from seriatim.text.text_files import decode_text

STDIN = "-"


def read_text(source: str, most_bytes: int) -> str:
    """Read all of `source`, a path or `-`.

    Raises:
        BadInput: it cannot be read, or is not text.
        TextTooLarge: more than `most_bytes`.
        EmptyText: nothing in it.
    """
    name = "standard input" if source == STDIN else source
    raw = _bytes(source, name, most_bytes)
    if len(raw) > most_bytes:
        raise TextTooLarge(
            f"{name} has more than {most_bytes} bytes; set SERIATIM_MAX_TEXT_BYTES, or speak it in parts"
        )
    text = decode_text(raw, name)
    if not text.strip():
        raise EmptyText(f"{name} is empty: there is nothing to say")
    return text


def refuse_to_overwrite(source: str, output: str) -> None:
    """Refuse an output that is the text itself.

    Raises:
        BadInput: they are one file.
    """
    with contextlib.suppress(OSError):
        if STDIN not in (source, output) and Path(source).samefile(output):
            raise BadInput(f"{output} is the text itself; name another output with -o")


def _bytes(source: str, name: str, most_bytes: int) -> bytes:
    if source == STDIN:
        if sys.stdin.isatty():
            sys.stderr.write("type a text, then press Ctrl-D\n")
        return sys.stdin.buffer.read(most_bytes + 1)
    try:
        with Path(source).open("rb") as file:
            return file.read(most_bytes + 1)
    except OSError as error:
        raise BadInput(f"cannot read {name}: {(error.strerror or str(error)).lower()}") from None
