"""Documents and lexicons on the command line: books are read by `speak` and `text`, and words as a lexicon says."""

from pathlib import Path

import pytest
import soundfile

from seriatim import Sentence
from tests.support.book_files import HARBOUR, SEA, book
from tests.support.command_line import TONE, seriatim
from tests.support.expected_audio import stream_of

PARAGRAPH_MS = 600


def test_speak_reads_the_chapters_of_a_book(tmp_path: Path) -> None:
    out = tmp_path / "out.wav"
    done = seriatim("speak", book(tmp_path / "in.epub", HARBOUR, SEA), "-o", out, *TONE)
    assert done.returncode == 0, done.stderr.decode()
    paragraphs = [["Harbour"], HARBOUR, ["Sea"], SEA]
    sentences = [
        Sentence(text, PARAGRAPH_MS if n == len(texts) - 1 else 200)
        for texts in paragraphs
        for n, text in enumerate(texts)
    ]
    samples, _ = soundfile.read(out, dtype="int16")
    assert samples.tobytes() == stream_of(sentences)


def test_text_explains_a_book_from_its_document_on(tmp_path: Path) -> None:
    done = seriatim("text", book(tmp_path / "in.epub", HARBOUR, SEA), "--explain")
    assert done.returncode == 0, done.stderr.decode()
    steps = dict(part.split("\n", 1) for part in done.stdout.decode().removeprefix("== ").split("\n== "))
    assert list(steps)[:2] == ["document", "markup"]
    assert "format: epub" in steps["document"]
    assert "chapter 2: Sea (8 words)" in steps["document"]
    assert "Ten boats came home." in steps["sentences"]


def test_text_shows_what_engines_get_that_are_asked_for_their_phonemes(tmp_path: Path) -> None:
    """An abbreviation that hibari does not know loses its stop; kokoro reads other languages as espeak does."""
    pytest.importorskip("hibari")
    (tmp_path / "a.txt").write_text("See art. 5 of Dr. Low, and go.\n\nПривет, мир.", "utf-8")
    hibari = seriatim("text", tmp_path / "a.txt", "--language", "en", "--reading", "off", "--engine", "hibari")
    shown = hibari.stdout.decode().partition("== dialect of hibari\n")[2].splitlines()
    assert shown[0] == "See art 5 of Dr. Low, and go."
    assert shown[1].startswith("[the hibari engine reads English only, and this sentence has 'Привет, мир.'")
    kokoro = seriatim("text", "-", "--language", "es", "--engine", "kokoro", stdin="¡Oh!--dijo.".encode())
    assert kokoro.stdout.decode().endswith("== dialect of kokoro\n¡Oh! --dijo.\n\n")


def test_text_leaves_out_the_code_of_a_page_on_request(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_text(
        "<!doctype html><p>Run it:</p><pre>x = y</pre><p>Done <code>z</code>.</p>", "utf-8"
    )
    skipped = seriatim("text", tmp_path / "a.html", "--code", "skip", "--language", "en")
    assert [line.partition("  [")[0] for line in skipped.stdout.decode().splitlines()] == ["Run it:", "Done z."]


def test_speak_reads_the_words_of_a_lexicon_as_they_are_respelled(tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text("Nguyen made a GIF.", "utf-8")
    (tmp_path / "names.txt").write_text("GIF = graphics file\nNguyen = /wɪn/\n", "utf-8")
    out = tmp_path / "out.wav"
    done = seriatim("speak", tmp_path / "text.txt", "-o", out, "--lexicon", tmp_path / "names.txt", *TONE)
    assert done.returncode == 0, done.stderr.decode()
    samples, _ = soundfile.read(out, dtype="int16")
    assert samples.tobytes() == stream_of([Sentence("Nguyen made a graphics file.", 200)])
    assert "takes no phonemes: a lexicon entry without a respelling, read as written" in done.stderr.decode()
