"""Fountain screenplays: characters become speakers, and what is not for the ear is left out."""

import pytest

from seriatim.text.documents import DocumentFormat, DocumentLimits, read_document
from seriatim.text.documents.fountain import is_screenplay, read_fountain
from seriatim.text.documents.read_document import is_simple
from tests.support.processor_time import processor_limit

FILM = """Title:
    _**At the Quay**_
Author: A. Writer
Draft date: 1/2/2024

FADE IN:

# First Act

= Anna waits.

EXT. QUAY - NIGHT #1#

Rain falls on *every* boat. [[more of it?]]

ANNA (V.O.)
(whispering)
Who is
there?

/* cut
BEN
No.
*/

@McBen ^
Only **me**.

CUT TO:

.ON THE BOAT

!SILENCE
falls.

> THE END <
"""


def test_a_screenplay_is_read_as_a_dialogue() -> None:
    for written in (FILM, FILM.replace("\n", "\r\n")):
        document = read_document(written.encode(), "no-name", DocumentLimits())
        assert document.format is DocumentFormat.FOUNTAIN
        assert document.title == "" or document.title == "At the Quay"
        assert [chapter.title for chapter in document.chapters] == ["First Act"]
        assert document.text.split("\n\n")[:-1] == [
            "First Act", "EXT. QUAY - NIGHT", "Rain falls on every boat.", "ANNA: Who is there?", "McBen: Only me.",
            "ON THE BOAT", "SILENCE  \nfalls.", "THE END",
        ]  # fmt: skip


def test_the_title_may_be_on_the_line_of_its_field() -> None:
    written = FILM.replace("Title:\n    _**At the Quay**_", "Title: *At the Quay*")
    assert read_document(written.encode(), "no-name", DocumentLimits()).title == "At the Quay"


def test_a_character_has_a_name_in_capitals_of_any_script() -> None:
    script = "INT. QUAI\n\nÉLISE (O.S.) (CONT'D)\nOui.\n\nЮРИЙ\nДа.\n\n7TH MAN\nHm.\n\n@李明\n你好。\n"
    assert is_screenplay("INT. QUAI\n\nÉLISE (O.S.)\nOui.")
    document = read_document(script.encode(), "no-name", DocumentLimits())
    assert document.text.split("\n\n")[:-1] == ["INT. QUAI", "ÉLISE: Oui.", "ЮРИЙ: Да.", "7TH MAN: Hm.", "李明: 你好。"]


@pytest.mark.parametrize("line", ["1994", "1994 (LATER)", "Élise", "TO: HER", "№ 5"])
def test_other_lines_name_no_character(line: str) -> None:
    document = read_document(f"INT. QUAY\n\nANNA\nYes.\n\n{line}\nRain.\n".encode(), "no-name", DocumentLimits())
    assert document.text.split("\n\n")[2] == f"{line}  \nRain."


@pytest.mark.parametrize(
    "text", ["INT. is short for interior.\n\nIt is so.", "ANNA\nHello.\n\nBEN\nHi.", "The fog.\n\nINT. HOUSE\n\nRain."]
)
def test_other_texts_are_no_screenplays(text: str) -> None:
    assert not is_screenplay(text)


def test_a_hostile_start_costs_nothing_of_note() -> None:
    assert not is_screenplay("INT. A\n" + "\n" * 8000)
    assert not is_screenplay("INT. A\n\n" + "A" * 8000 + "(" * 100)


def test_a_note_that_is_not_closed_is_text() -> None:
    text = FILM + "\n\nOne [[two\n\n/* three */ four.\n"
    read = str(read_fountain(text, "play", DocumentLimits()).chapters)
    assert "One [[two" in read
    assert "three" not in read


@pytest.mark.parametrize("hostile", ["[[" * 50_000, "/*" * 50_000, "_a " * 30_000, " " * 30_000 + "("])
def test_a_hostile_screenplay_takes_no_longer_than_another(hostile: str) -> None:
    with processor_limit(2):
        read_fountain(f"{FILM}\n\n{hostile}", "play", DocumentLimits())


def test_a_screenplay_is_not_simple_with_the_mark_of_utf_8_either() -> None:
    """A parser is needed, which a gateway runs in a process of its own."""
    assert not is_simple(FILM.encode())
    assert not is_simple("\ufeff".encode() + FILM.encode())
