"""Tags of quotations in languages without capitals: “走吧！”他说。 and “가자!” 그가 말했다. are one sentence each.

A tag is short, and ends with a verb of speech. Behind a colon a quotation of its own follows.
"""

import re

#: how much behind a quotation is looked at
TAG_CHARS = 20

_CHINESE = re.compile(r"[\u4e00-\u9fff]{1,8}?(?:(?<!知)道|说|說|问|問|答|喊|叫|嚷)(?:着|著|了)?(?=[^\w：]|$)")
_TAGS = {
    "zh": _CHINESE, "yue": _CHINESE,
    "ja": re.compile(r"[^\W\d_]{1,12}?(?:言った|言う|聞いた|尋ねた|答えた|叫んだ|呟いた|囁いた)"),
    "ko": re.compile(r"(?:[가-힣]+ ){0,3}(?:말했|물었|외쳤|대답했|소리쳤|속삭였|중얼거렸|덧붙였)"),
}  # fmt: skip
#: the end of what may be a tag
_TAG_END = re.compile(r"[^\w ]")


def has_quotation_tag(text: str, at: int, language: str) -> bool | None:
    """Does a tag stand at an index right behind a quotation? None: too little of the text is known."""
    tag = _TAGS.get(language)
    if tag is None:
        return False
    known = text[at : at + TAG_CHARS]
    end = _TAG_END.search(known)
    if end is None and len(known) < TAG_CHARS:
        return None
    return tag.match(known[: end.end() if end else TAG_CHARS]) is not None
