"""Small text files that users write, such as lexicons and casts: read whole, within a limit."""

from os import PathLike
from pathlib import Path

from seriatim.errors import BadInput


def read_small_file(path: PathLike[str] | str, what: str, most_bytes: int) -> tuple[bytes, str]:
    """The bytes of a file and its text, without a byte order mark; messages call it `what` with its path.

    Raises:
        BadInput: it cannot be read, is too large, or is not UTF-8.
    """
    try:
        with Path(path).open("rb") as file:
            raw = file.read(most_bytes + 1)
    except OSError as error:
        raise BadInput(f"{what} {path}: {(error.strerror or str(error)).lower()}") from None
    if len(raw) > most_bytes:
        raise BadInput(f"{what} {path} is larger than {most_bytes:,} bytes")
    try:
        return raw, raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(f"{what} {path} is not UTF-8, at byte {error.start}") from None
