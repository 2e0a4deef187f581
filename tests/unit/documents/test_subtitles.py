# ruff: noqa: E501  # a file of subtitles is a line
"""Subtitles: sentences go on from cue to cue, and what is no part of them has lines of its own."""

import pytest

from seriatim.text.documents import DocumentLimits, read_document


def cues(*texts: str) -> str:
    """SubRip's form of cues of 1 s with 0.5 s between them."""
    times = (f"00:00:{2 * n:02},000 --> 00:00:{2 * n + 1:02},500" for n in range(len(texts)))
    return "\n".join(f"{n}\n{time}\n{text}\n" for n, (time, text) in enumerate(zip(times, texts, strict=True), 1))


CASES = [
    (cues("It fell", "and rose.", "- Did it?\n- It did."), "It fell and rose. | Did it? | It did."),
    (cues(">> Did it?", ">>> ANN: It did", "at once."), "Did it? | ANN: It did at once."),
    (cues("It fell", "[music]", "and rose,", "(they laugh)", "it did."), "It fell | [music] | and rose, | (they laugh) | it did."),
    (cues("♪ La la\nla ♪", "He came"), "La la la | He came"),
    (cues("BOB: It fell", "DR. LOW: and", "THE END was near"), "BOB: It fell | DR. LOW: and THE END was near"),
    (cues("It fell", "and rose.").replace("\n\n", "\n"), "It fell and rose."),
    (cues("{\\an8}<font color='x'>It</font> <i>fell</i>", "and &amp; rose.").replace(",500", ",500 X1:40 Y1:2"), "It fell and & rose."),
    ("WEBVTT\n\nNOTE no\n00:01.000 --> 00:02.000 is no cue\n\nx\n00:01.000 --> 00:02.000 align:start\n<v Bob>It fell\n", "It fell"),
    ("WEBVTT\n\n00:01.000 --> 00:02.000\n<v Bob>Hi there <v.loud Ann>Ho.</v>\n\n00:02.000 --> 00:03.000\n<v Ann>And so\n\n"
     "00:03.000 --> 00:04.000\n<v Ann>it <c.red>goes</c>.\n", "Hi there | Ho. And so it goes."),
]  # fmt: skip


@pytest.mark.parametrize(("subtitles", "expected"), CASES)
def test_what_another_says_and_what_else_is_heard_begins_a_line(subtitles: str, expected: str) -> None:
    for text in (subtitles, subtitles.replace("\n", "\r\n")):
        document = read_document(text.encode(), "no-name", DocumentLimits())
        assert document.text.strip().replace("  \n", " | ") == expected
