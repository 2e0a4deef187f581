"""The input text, from a document in a file or on standard input; what is none is refused."""

import contextlib
import sys
from dataclasses import replace
from pathlib import Path

from seriatim.client.job_options import JobRequest
from seriatim.errors import BadInput, EmptyText
from seriatim.settings import Settings
from seriatim.text.dialogue.outline import outline_script
from seriatim.text.documents import Document, DocumentLimits, read_document
from seriatim.text.markup import CodeMode, Markup

STDIN = "-"


def read_input(source: str, settings: Settings, markup: Markup, code: CodeMode = CodeMode.READ) -> Document:
    """Read all of `source`, a path or `-`; what a book lacks is a line on standard error.

    `code`: what is said of its blocks of code.

    Raises:
        BadInput: it cannot be read, or is no document.
        TextTooLarge: it is too large, or has too much text.
        EmptyText: it has nothing but white space.
        Misconfigured: its format needs a package that is not installed.
    """
    name = "standard input" if source == STDIN else source
    limits = DocumentLimits.of(settings)
    document = read_document(_read_bytes(source, name, limits.file_bytes), name, limits, markup, code)
    if not document.text.strip():
        raise EmptyText(f"{name} is empty: there is nothing to speak")
    if document.warning:
        sys.stderr.write(f"seriatim: {document.warning}\n")
    return document


def with_hosts(hosts: str, request: JobRequest, text: str) -> tuple[JobRequest, str]:
    """The request and the script of a text as an outline that two hosts speak; `hosts`: voices or speakers, `A,B`.

    Raises:
        BadInput: these are not two.
    """
    named = [name.strip() for name in hosts.split(",")]
    if len(named) != 2 or not all(named):
        raise BadInput(f"--hosts {hosts!r}; expected two voices, or two speakers of the cast, such as af_heart,am_adam")
    speakers, names = dict(request.speakers), []
    for number, name in enumerate(named, 1):
        if name in request.speaker_styles:
            names.append(name)
        else:
            names.append(f"HOST {number}")
            speakers[names[-1]] = name
    return replace(request, speakers=speakers), outline_script(text, names)


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
