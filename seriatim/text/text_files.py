"""A text in a file: what a path names or an open file gives is one document, and none of its lines is a sentence."""

import os
from pathlib import Path
from typing import Protocol, cast, runtime_checkable

from seriatim.errors import BadInput
from seriatim.text.documents import Document, DocumentLimits, read_document
from seriatim.text.documents.plain_text import read_plain_text
from seriatim.text.markup import CodeMode, Markup


@runtime_checkable
class TextFile(Protocol):
    """A file that is open for reading, as text or as bytes, or what behaves like one."""

    def read(self, size: int, /) -> str | bytes:
        """At most so many characters or bytes; empty at the end."""


def read_if_file(
    text: object, limits: DocumentLimits, markup: Markup = Markup.AUTO, code: CodeMode = CodeMode.READ
) -> object:
    """The document in the file that `text` is, as a path or open for reading; anything else as it is.

    Raises:
        BadInput: it cannot be read, or is no document.
        TextTooLarge: it is too large, or has too much text.
        Misconfigured: its format needs a package that is not installed.
    """
    if type(text) is str:  # most texts: to ask what else it may be takes long
        return text
    if isinstance(text, os.PathLike):
        path = Path(os.fsdecode(text))
        return read_document(_read_path(path, limits.file_bytes), str(path), limits, markup, code)
    if isinstance(text, TextFile) and not isinstance(text, type):
        return _read_open_file(text, limits, markup, code)
    return text


def _read_path(path: Path, most_bytes: int) -> bytes:
    """At most one byte more than `most_bytes`, by which the caller knows that there are more."""
    try:
        with path.open("rb") as file:
            return file.read(most_bytes + 1)
    except OSError as error:
        raise BadInput(f"cannot read {path}: {(error.strerror or str(error)).lower()}") from None


def _read_open_file(file: TextFile, limits: DocumentLimits, markup: Markup, code: CodeMode) -> Document:
    name = f"the file {getattr(file, 'name', type(file).__name__)!r}"
    parts: list[str | bytes] = []
    left = limits.file_bytes + 1  # a character is a byte or more
    try:
        while left > 0 and (part := cast("object", file.read(left))):
            if not isinstance(part, str | bytes) or (parts and type(part) is not type(parts[0])):
                raise BadInput(f"{name} gives {type(part).__name__}; expected text, or bytes")
            parts.append(part)
            left -= len(part)
    except (OSError, ValueError) as error:  # it is closed, open for writing alone, or in another encoding
        raise BadInput(f"cannot read {name}: {error}") from None
    limits.check_file(limits.file_bytes + 1 - left, name)
    if parts and isinstance(parts[0], bytes):
        return read_document(b"".join(cast("list[bytes]", parts)), name, limits, markup, code)
    return read_plain_text("".join(cast("list[str]", parts)), name, limits, markup)
