"""Pages of forty languages with markup at random: every word is spoken, and nothing else."""

import random
import re
from pathlib import Path

import pytest

from seriatim.text.markup import Markup
from seriatim.text.segment import IncrementalSegmenter, SegmentOptions, segment

LINES = (Path(__file__).parent / "data" / "pages.txt").read_text("utf-8").splitlines()
WORDS = {tag: words.split() for tag, *words_of in (line.split(" ", 1) for line in LINES) for words in words_of}
N_PAGES = 200
PARAGRAPHS = 12
#: what may stand around words, and before a paragraph
AROUND = (
    "{}", "{}", "{}", "**{}**", "*{}*", "_{}_", "__{}__", "***{}***", "~~{}~~", "<b>{}</b>", "<em class='x'>{}</em>",
    "[{}](https://example.org/a_b)", "![{}](a.png)", "`{}`", "=={}==", "“{}”", "({})", "<span>{}</span>",
)  # fmt: skip
BEFORE = ("", "", "", "# ", "### ", "- ", "* ", "> ", "- [ ] ", "🚀 ", "> [!NOTE]\n> ", "::: tip\n", "<p>", "[TOC]\n\n")
BEHIND = ("", "", " 🎉", "[^1]", " :tada:", " <br/>", " ✅", "[pause:1s]", "<!-- hidden words -->")
END = {"hi": "।", "bn": "।", "ur": "۔", "hy": "։", "ar": ".", "fa": "."}
_WORD = re.compile(r"[^\W_](?:[\w\u200c\u200d]|[\u0300-\u036f\u0900-\u0963\u0966-\u0dff])*")


def page(chance: random.Random, tag: str) -> tuple[str, list[str]]:
    """A page of a language with markup, and its words."""
    text, words = list[str](), list[str]()
    for _ in range(PARAGRAPHS):
        before, sentences = chance.choice(BEFORE), list[str]()
        words += {"> [!NOTE]\n> ": ["Note"], "::: tip\n": ["tip"]}.get(before, [])
        for _ in range(chance.randint(1, 4)):
            drawn = chance.choices(WORDS[tag], k=chance.randint(3, 14))
            words += drawn
            parts, at = list[str](), 0
            while at < len(drawn):
                n = chance.randint(1, 3)
                parts.append(chance.choice(AROUND).format(" ".join(drawn[at : at + n])))
                at += n
            sentences.append(" ".join(parts) + END.get(tag, ".") + chance.choice(BEHIND))
        text.append(before + " ".join(sentences))
    return "\n\n".join(text), words


@pytest.mark.thorough
@pytest.mark.parametrize("number", range(N_PAGES))
def test_a_page_with_markup_loses_no_word(number):
    chance, tag = random.Random(number), list(WORDS)[number % len(WORDS)]
    text, words = page(chance, tag)
    cut = SegmentOptions(tag, markup=Markup.AUTO)
    pieces = list(segment(text, cut))
    found_words = [word for piece in pieces for word in _WORD.findall(piece.text)]
    assert found_words == [word for each in words for word in _WORD.findall(each)]
    incremental, found, start = IncrementalSegmenter(cut), [], 0
    while start < len(text):
        size = chance.randint(1, 40)
        found += incremental.feed(text[start : start + size])
        start += size
    assert found + incremental.flush() == pieces
