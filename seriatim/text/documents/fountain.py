"""Fountain screenplays (fountain.io/syntax): what characters say as `NAME: ...`, the rest as the narrator reads it.

Left out: the title page, notes, boneyards, synopses, transitions, page breaks, parentheticals and extensions of names,
such as `(V.O.)`.
"""

import re

from seriatim.text.documents.block_writer import BlockWriter
from seriatim.text.documents.document import Document, DocumentFormat
from seriatim.text.documents.document_limits import DocumentLimits

SCENE = re.compile(r"(?:INT\.?/EXT|I/E|INT|EXT|EST)[. ].*", re.IGNORECASE)
_CLOSINGS = {"/*": "*/", "[[": "]]"}  #: of boneyards and notes
_TITLE_PAGE = re.compile(r"\s*(?P<fields>[A-Z][A-Za-z ]{0,30}:.*(?:\n(?![ \t]*\n).*)*)(?:\n[ \t]*\n|\Z)")
_TITLE = re.compile(r"^Title:\s*(.+)", re.MULTILINE)
_EXTENSION = re.compile(r"\s{0,8}\([^()]*\)|\s{0,8}\^\s*$")
_EMPHASIS = re.compile(r"(?<!\\)(\*{1,3}|_)(?=\S)(.{1,500}?)(?<=\S)\1")
_TRANSITION = re.compile(r"[A-Z ]+ TO:|FADE (?:IN|OUT)[:.]?|>[^<]*")
_FIRST_SCENE = re.compile(r"^[ \t]*(?:INT\.?/EXT|I/E|INT|EXT|EST)[. ].+\n[ \t]*$", re.MULTILINE)
_FIRST_CUE = re.compile(r"\n[ \t]*\n[ \t]*(?P<cue>\S[^\n]*)(?=\n[ \t]*\S)")
_NAME = re.compile(r"@?[\w .'’-]+")  #: of the first character, which tells a screenplay from other texts


def is_screenplay(start: str) -> bool:
    """Does a text begin as a screenplay does: a scene, and behind it a name with what it says?"""
    start = start.replace("\r\n", "\n")
    scene = _FIRST_SCENE.search(start)
    cues = (found["cue"] for found in _FIRST_CUE.finditer(start, scene.end() - 1)) if scene else ()
    return any(_is_cue(cue) and _NAME.fullmatch(_speaker(cue)) for cue in cues)


def read_fountain(text: str, name: str, limits: DocumentLimits) -> Document:
    """Read a screenplay; a section of the first level begins a chapter.

    Raises:
        TextTooLarge: it has more text than a job may have.
    """
    text = _without_notes(text.replace("\r\n", "\n").replace("\r", "\n"))
    title, page = "", _TITLE_PAGE.match(text)
    if page and not SCENE.match(page["fields"]):
        title = _plain(found[1]) if (found := _TITLE.search(page["fields"])) else ""
        text = text[page.end() :]
    writer = BlockWriter(name, limits)
    for block in re.split(r"\n[ \t]*\n", text):
        _write_block([line.strip() for line in block.split("\n") if line.strip()], writer)
    return Document(DocumentFormat.FOUNTAIN, writer.chapters(), title)


def _without_notes(text: str) -> str:
    """The text without notes and boneyards; one that is not closed is text."""
    kept: list[str] = []
    at, openings = 0, list(_CLOSINGS)
    while openings and (found := re.compile("|".join(map(re.escape, openings))).search(text, at)):
        end = text.find(_CLOSINGS[found[0]], found.end())
        if end < 0:
            openings.remove(found[0])
        else:
            kept.append(text[at : found.start()])
            at = end + 2
    return "".join([*kept, text[at:]])


def _write_block(lines: list[str], writer: BlockWriter) -> None:
    if not lines:
        return
    first = lines[0]
    if len(lines) > 1 and _is_cue(first) and not _is_direction(first):
        speech = " ".join(_plain(line) for line in lines[1:] if not re.fullmatch(r"\(.*\)", line))
        writer.write(f"{_speaker(first)}: {speech}" if speech else "")
    else:
        for line in lines:
            _write_action(line, writer)
    writer.end_block()


def _write_action(line: str, writer: BlockWriter) -> None:
    if line.startswith("#"):
        heading = line.lstrip("# ")
        if not line.startswith("##"):
            writer.start_chapter(heading)
        writer.write(heading)
    elif line.startswith(">") and line.endswith("<"):
        writer.write(_plain(line[1:-1]))
    elif not (line.startswith("=") or _TRANSITION.fullmatch(line)):
        writer.write(_plain(re.sub(r"^[.!~](?=[^.])|\s*#[^#]+#$", "", line)))
    writer.end_line()


def _is_cue(line: str) -> bool:
    """A line that names a character: with a letter, in capitals of any script, without a colon; or with `@`."""
    name = _speaker(line)
    return bool(name) if line.startswith("@") else line[0].isalnum() and name.isupper() and ":" not in name


def _speaker(cue: str) -> str:
    """The name in a cue, without extensions."""
    return _EXTENSION.sub("", cue.removeprefix("@")).strip()


def _is_direction(line: str) -> bool:
    """A line in capitals that is no name: a scene, or a transition."""
    return bool(SCENE.fullmatch(line) or _TRANSITION.fullmatch(line))


def _plain(line: str) -> str:
    return _EMPHASIS.sub(r"\2", _EMPHASIS.sub(r"\2", line)).strip()
