"""Kinds of characters that several steps ask for."""

import re

#: a letter or a digit of any script: text without one is nothing to say
SPEAKABLE = re.compile(r"[^\W_]")

#: characters of the scripts that put no spaces between words: Han, kana, bopomofo and their punctuation and wide forms
CJK_RANGES = (
    r"\u2e80-\u312f\u31a0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\ufe30-\ufe4f\uff01-\uffef\U00020000-\U0003ffff"
)
CJK = re.compile(f"[{CJK_RANGES}]")
#: kana and Chinese characters, without their punctuation
CJK_LETTER = re.compile(r"[\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff]")

#: what Lines writes between two lines, and between two paragraphs, that are not one sentence
LINE_BREAK = "\n"
PARAGRAPH_BREAK = "\f"
