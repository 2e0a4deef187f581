"""Marks that programs leave in texts: escapes, chats, keycaps, quotations with code, addresses with their schemes."""

import pytest

from seriatim.text.markup import Markup
from seriatim.text.segment import IncrementalSegmenter, SegmentOptions, segment

CASES = [
    (
        'Say \\"hi\\" and it\\\'s so.\\nNew line.\\n\\n- one\\n- two\\n',
        'Say "hi" and it\'s so. | New line. | one | two',
    ),
    ("Not C:\\new\\dir, \\\\srv\\new, x.\\neq y or $\\nabla x$.", "Not C:\\new\\dir, \\\\srv\\new, x.\\neq y or ∇ x."),
    ("1\\. One\n2\\) Two\n\nWow\\! It is 100\\% so\\.", "1. One | 2) Two | Wow! | It is 100% so."),
    ("one line\\\nand another", "one line | and another"),
    ("Hi <:smile:123456789> <a:wave:987654321>you <@123456>, see <#98765> <t:1618953630:R>.", "Hi you , see ."),
    ("<#C024BE7LR|general>, <https://example.org/x?a=1|our guide>, <mailto:b@x.org|Bob>.", "general, our guide, Bob."),
    ("It is ||the butler||, a || b and a||b.", "It is the butler, a || b and a||b."),
    ("Ask mailto:bob@example.org or ftp://files.example.org/x now.", "Ask bob@example.org or files.example.org now."),
    ("Done ✅. Fast 🚀, too 🎉!", "Done. | Fast, too!"),
    ("1️⃣ Open it\n2️⃣ Close it\n🔟 Leave", "1. Open it | 2. Close it | 10. Leave"),
    ("1. [x] done\n2. [ ] open", "1. done | 2. open"),
    ("See std::vector::size, a ::b:: c and :smile::tada: d.", "See std::vector::size, a ::b:: c and d."),
    ("![a cat][ref] and [$a_1 + b$](x.org) with $\\int x\\,dx$.", "a cat and a₁ + b with ∫ x dx."),
    ("He left.[*] She†, too‡; he died † 1832.", "He left. | She, too; he died † 1832."),
    ("Tom &amp;amp; Jerry&amp;#39;s &amp;quot;show&amp;quot;, R&amp;D, &amp; x.", 'Tom & Jerry\'s "show", R&D, & x.'),
    ("他说*注意*了，*走*吧，2*3是6。", "他说注意了，走吧，2*3是6。"),
    ("> Code:\n> ```py\n> x = 1\n> ```\n> after *it*\n\nEnd.", "Code: | x = 1 | after it | End."),
    ("> ```\n> open\n\nEnd of *it*.", "open | End of it."),
    ("````md\n```py\nx\n```\n````\nAfter.", "x | After."),
    ("Bob wrote:\n> are you coming?\n> > older\n> newer\nYes.", "Bob wrote: | are you coming? | older newer | Yes."),
    ('+++\ntitle = "T"\n+++\nText.', "Text."),
    ("| a | b |\n|---|---|\n| — | c |\n| d | - |", "a, b | c | d"),
    ("| a | b\n|---|---\n| 1 | 2\n\nℹ️ Note this\n⚠️ and that", "a, b | 1, 2 | Note this | and that"),
    ("<thought>Shall I?</thought>Hello. [PAUSE:1S] Go.", "Hello. | Go."),
]


@pytest.mark.parametrize(("text", "expected"), CASES)
def test_marks_of_programs_are_not_read(text: str, expected: str) -> None:
    cut = SegmentOptions("en", 1000, markup=Markup.AUTO)
    whole, incremental = list(segment(text, cut)), IncrementalSegmenter(cut)
    assert [piece.text for piece in whole] == expected.split(" | ")
    assert [piece for char in text for piece in incremental.feed(char)] + incremental.flush() == whole


def test_two_spaces_end_a_line_of_markdown() -> None:
    cut = SegmentOptions("en", 1000, markup=Markup.MARKDOWN)
    assert [piece.text for piece in segment("one line  \nand another \nthat goes on", cut)] == [
        "one line", "and another that goes on",
    ]  # fmt: skip
