"""Explaining a text, `seriatim text`: its sentences, and what each step makes of it."""

from pathlib import Path

import pytest

from gateway.cli.main import main

TEXT = "# A *title*\n\nThe gate Ａ１ of the muse-\num. [pause:1s] Go!\n"


def test_the_sentences_of_a_text_are_shown_with_their_pauses(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.md").write_text(TEXT, "utf-8")
    assert main(["text", str(tmp_path / "a.md")]) == 0
    sentences = "A title  [600 ms]\nThe gate A one of the museum.  [1000 ms]\nGo!  [200 ms]\n"
    assert capsys.readouterr().out == sentences


def test_every_step_is_explained(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.md").write_text(TEXT, "utf-8")
    assert main(["text", str(tmp_path / "a.md"), "--explain"]) == 0
    shown = capsys.readouterr().out
    steps = dict(part.split("\n", 1) for part in shown.removeprefix("== ").split("\n== "))
    assert list(steps) == ["document", "markup", "unicode", "lines", "sentences", "reading"]
    assert steps["document"].strip() == "format: text\ntitle: A *title*\nchapter 1: A *title* (12 words)"
    assert "# A title" in steps["markup"]
    assert "Ａ１" in steps["markup"]
    assert "A1 of the muse-\num. [pause:1000ms] Go!" in steps["unicode"]
    assert "of the museum." in steps["lines"]
    assert "gate A1 of" in steps["sentences"]
    assert "gate A one of" in steps["reading"]


def test_numbers_stay_if_reading_is_off(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.txt").write_text("It costs $5.", "utf-8")
    assert main(["text", str(tmp_path / "a.txt"), "--reading", "off"]) == 0
    assert main(["text", str(tmp_path / "a.txt")]) == 0
    assert capsys.readouterr().out == "It costs $5.  [200 ms]\nIt costs five dollars.  [200 ms]\n"


def test_no_markup_is_found_where_there_is_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.txt").write_text("It is *so*.", "utf-8")
    assert main(["text", str(tmp_path / "a.txt"), "--markup", "none"]) == 0
    assert capsys.readouterr().out == "It is *so*.  [200 ms]\n"


def test_words_of_a_lexicon_are_shown_with_their_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.txt").write_text("It rained. Nguyen made a GIF.", "utf-8")
    (tmp_path / "names.txt").write_text("GIF = jif\nNguyen = win /wɪn/\n", "utf-8")
    assert main(["text", str(tmp_path / "a.txt"), "--explain", "--lexicon", str(tmp_path / "names.txt")]) == 0
    assert capsys.readouterr().out.endswith("== pronunciation\n2: Nguyen = win /wɪn/\n2: GIF = jif\n\n")


def test_the_text_is_shown_as_an_engine_gets_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.txt").write_text("Oh!--you met Dr. Low.", "utf-8")
    assert main(["text", str(tmp_path / "a.txt"), "--language", "es", "--engine", "xtts"]) == 0
    assert capsys.readouterr().out.endswith("== dialect of xtts\nOh!--you met doctor Low .\n\n")
    assert main(["text", str(tmp_path / "a.txt"), "--language", "en", "--reading", "off", "--engine", "espeak"]) == 0
    assert capsys.readouterr().out.endswith("== dialect of espeak\nOh! --you met Dr.\\xad Low.\n\n")
    assert main(["text", str(tmp_path / "a.txt"), "--engine", "tone"]) != 0
    expected = "--engine 'tone'; expected one with a dialect to show: espeak, hibari, kokoro, piper, xtts"
    assert expected in capsys.readouterr().err


def test_each_paragraph_is_read_in_its_language(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    german = "Der Hafen erwacht vor der Stadt, und die 3 Schiffe sind nicht von hier."
    (tmp_path / "a.txt").write_text(f"It is one of 2 things that we have.\n\n{german}", "utf-8")
    assert main(["text", str(tmp_path / "a.txt")]) == 0
    assert "die drei Schiffe sind nicht von hier.  [200 ms, language de]" in capsys.readouterr().out
    assert main(["text", str(tmp_path / "a.txt"), "--language", "en"]) == 0
    assert "die three Schiffe" in capsys.readouterr().out
