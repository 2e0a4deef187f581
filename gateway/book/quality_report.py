"""The quality report of a book: one HTML file with its doubtful sentences, to be listened to.

The audio of each sentence is in the page, so the file can be sent to a proofreader as it is.
"""

import base64
import tempfile
from collections.abc import Iterable, Iterator
from html import escape
from pathlib import Path

from gateway.book.book_project import BookProject
from gateway.book.doubtful_sentences import ListedSentence
from gateway.cli.render.duration import clock_face
from seriatim.audio.audiobook_file import open_book_file
from seriatim.audio.book_tags import BookTags
from seriatim.audio.output_file import translate_write_errors

_HEAD = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
body {{ font: 1rem/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem }}
td, th {{ border-top: 1px solid #8888; padding: .5rem; text-align: left; vertical-align: top }}
table {{ border-collapse: collapse; width: 100% }}
:root {{ color-scheme: light dark }}
</style>
</head>
<body>
<h1>{title}</h1>
<p>{summary} Speak one again: <code>seriatim book fix {output} --sentence 2.14 --again</code></p>
<table>
<thead><tr><th>Sentence</th><th>At</th><th>Why</th><th>Text and audio</th></tr></thead>
<tbody>
"""
_TAIL = "</tbody>\n</table>\n</body>\n</html>\n"


def write_report(
    path: Path, title: str, output: str, project: BookProject, sentences: Iterable[ListedSentence]
) -> None:
    """Write the report of a book.

    Raises:
        Unwritable: no permission, or the disk is full.
        BadInput: a file of the project is damaged.
    """
    listed = list(sentences)
    count = "1 sentence" if len(listed) == 1 else f"{len(listed)} sentences"
    summary = f"{count} to listen to." if listed else "No sentence is doubtful."
    with translate_write_errors(str(path)), path.open("w", encoding="utf-8", errors="backslashreplace") as file:
        file.write(_HEAD.format(title=escape(title), summary=summary, output=escape(output)))
        file.writelines(_rows(project, listed))
        file.write(_TAIL)


def _rows(project: BookProject, sentences: Iterable[ListedSentence]) -> Iterator[str]:
    for one in sentences:
        cells = [
            one.address,
            f"{escape(one.chapter.title)}<br>{clock_face(one.start_s)}",
            escape("; ".join(one.doubts)),
        ]
        cells.append(f"{escape(one.text)}<br>{_player(one.pcm(project), one.record.rate_hz)}")
        yield "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>\n"


def _player(pcm: bytes, rate_hz: int) -> str:
    """An audio element with the audio in it, as MP3."""
    if not pcm:
        return "(no audio)"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sentence.mp3"
        encoder = open_book_file(str(path), "mp3", rate_hz, BookTags())
        encoder.write(pcm)
        encoder.close()
        audio = base64.b64encode(path.read_bytes()).decode()
    return f'<audio controls preload="none" src="data:audio/mpeg;base64,{audio}"></audio>'
