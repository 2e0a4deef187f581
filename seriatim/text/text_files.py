"""A text in a file: what a path names or an open file gives is one text, and none of its lines is a sentence."""

import codecs
import os
from pathlib import Path
from typing import Protocol, cast, runtime_checkable

from seriatim.errors import BadInput, TextTooLarge

MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))


@runtime_checkable
class TextFile(Protocol):
    """A file that is open for reading as text, or what behaves like one."""

    def read(self, size: int, /) -> str:
        """At most so many characters; "" at the end."""


def read_if_file(text: object, most_bytes: int) -> object:
    """What is in the file that `text` is, as a path or open for reading as text; anything else as it is.

    Raises:
        BadInput: it cannot be read, is no text, or is open in binary mode.
        TextTooLarge: more than `most_bytes`.
    """
    if isinstance(text, os.PathLike):
        return _read_path(Path(os.fsdecode(text)), most_bytes)
    if isinstance(text, TextFile) and not isinstance(text, type):
        return _read_open_file(text, most_bytes)
    return text


def decode_text(raw: bytes, name: str) -> str:
    """Bytes of a file as text: UTF-8, or UTF-16 that says so by its first two bytes.

    Raises:
        BadInput: they are something else; `name` says where they came from.
    """
    encoding = next((encoding for mark, encoding in MARKS if raw.startswith(mark)), "utf-8")
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        raise BadInput(
            f"{name} is no UTF-8 text: byte {error.start} is 0x{raw[error.start]:02x}; "
            "is it a binary file? Convert other encodings first, for example with: iconv -t utf-8"
        ) from None
    if "\0" in text:
        raise BadInput(f"{name} is no text: it has a null byte at character {text.index(chr(0))}; is it a binary file?")
    return text


def _read_path(path: Path, most_bytes: int) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(most_bytes + 1)
    except OSError as error:
        raise BadInput(f"cannot read {path}: {(error.strerror or str(error)).lower()}") from None
    if len(raw) > most_bytes:
        raise _too_large(str(path), most_bytes)
    return decode_text(raw, str(path))


def _read_open_file(file: TextFile, most_bytes: int) -> str:
    name = f"the file {getattr(file, 'name', type(file).__name__)!r}"
    parts: list[str] = []
    left = most_bytes + 1  # a character is a byte or more
    try:
        while left > 0 and (part := cast("object", file.read(left))):
            if not isinstance(part, str):
                kind = type(part).__name__
                raise BadInput(f"{name} gives {kind}; open it as text, such as with open(path, encoding='utf-8')")
            parts.append(part)
            left -= len(part)
    except (OSError, ValueError) as error:  # it is closed, open for writing alone, or in another encoding
        raise BadInput(f"cannot read {name}: {error}") from None
    if left <= 0:
        raise _too_large(name, most_bytes)
    return "".join(parts)


def _too_large(name: str, most_bytes: int) -> TextTooLarge:
    return TextTooLarge(f"{name} has more than {most_bytes} bytes; set SERIATIM_MAX_TEXT_BYTES, or speak it in parts")
