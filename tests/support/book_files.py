"""Books as files for tests: to be spoken, and what ffprobe finds in a spoken one."""

import json
import subprocess
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from tests.support.command_line import installed
from tests.support.document_files import archive, epub_members

HARBOUR = ["The fog has gone.", "Ten boats came home.", "Who counted them?"]
SEA = ["The sea is calm.", "A last line."]
TITLES = ("Harbour", "Sea", "Home")
TITLE = "The Harbour & the Sea"


def book(path: Path, *chapters: list[str], titles: tuple[str, ...] = TITLES, title: str = TITLE) -> Path:
    """A book with pages of a heading and a paragraph each."""
    pages = {
        f"p{i}.xhtml": f"<h1>{title}</h1><p>{' '.join(texts)}</p>"
        for i, (title, texts) in enumerate(zip(titles, chapters, strict=False))
    }
    members = epub_members(pages, list(zip(pages, titles, strict=False)))
    members["OEBPS/content.opf"] = str(members["OEBPS/content.opf"]).replace(escape(TITLE), escape(title))
    path.write_bytes(archive(members))
    return path


def probe(path: Path) -> dict[str, Any]:
    """The chapters, format and streams that ffprobe finds."""
    command = [installed("ffprobe", package="ffmpeg"), "-v", "error", "-of", "json"]
    done = subprocess.run(
        [*command, "-show_chapters", "-show_format", "-show_streams", str(path)], capture_output=True, check=True
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def probe_tags(path: Path) -> dict[str, str]:
    """The tags of a file in lower case; those of Ogg belong to the stream."""
    found = probe(path)
    tags = found["format"].get("tags") or found["streams"][0]["tags"]
    return {name.lower(): value for name, value in tags.items()}


def cover_codecs(path: Path) -> list[str]:
    """The codecs of the attached pictures."""
    return [stream["codec_name"] for stream in probe(path)["streams"] if stream["disposition"]["attached_pic"]]
