"""A read-along chapter: its page (XHTML), and its media overlay (SMIL), which gives each sentence its audio. Pure.

EPUB Media Overlays 3.2. A page has what was spoken, so that each word is marked when it sounds. The chapter's title
is its heading: the first paragraph, where that is the title as it was spoken, or else a heading without audio.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from gateway.book.book_assembly import SpokenChapter
from gateway.book.xml_text import xml_text

HEADING_CHARS = 200  #: of a first paragraph that may be a title
_RIGHT_TO_LEFT = {"ar", "dv", "fa", "he", "ku", "ps", "ur", "yi"}
_PAGE = """<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops"{language}>
<head><title>{title}</title><link rel="stylesheet" type="text/css" href="style.css"/></head>
<body>
{body}
</body>
</html>
"""
_OVERLAY = """<?xml version="1.0" encoding="utf-8"?>
<smil xmlns="http://www.w3.org/ns/SMIL" version="3.0">
<body>
{pairs}
</body>
</smil>
"""


@dataclass(frozen=True, slots=True)
class ReadAlongChapter:
    """A chapter, and the names of its files."""

    chapter: SpokenChapter
    number: int  #: in the book, 1-based

    @property
    def stem(self) -> str:
        """The name of its page and its overlay, without the ending."""
        return f"chapter-{self.number:03}"

    @property
    def page_name(self) -> str:
        """The name of its page."""
        return f"{self.stem}.xhtml"

    @property
    def audio_name(self) -> str:
        """The name of its audio."""
        return f"audio/{self.stem}.m4a"

    def times_ms(self) -> list[tuple[int, int]]:
        """Where each sentence begins and ends in the audio."""
        record = self.chapter.record
        return [
            (round(start * 1000 / record.rate_hz), round(end * 1000 / record.rate_hz)) for start, end in record.spans()
        ]

    @property
    def duration_ms(self) -> int:
        """Of its audio."""
        return self.times_ms()[-1][1]

    def page(self, language: str) -> str:
        """The page; `language`: BCP 47, "" where it is not known."""
        paragraphs = list(self._paragraphs())
        title, body = self.chapter.plan.title, []
        first = " ".join(self.chapter.record.texts[seq] for seq in paragraphs[0])
        is_titled = " ".join(self.chapter.plan.text.split()).startswith(" ".join(title.split()))
        if is_titled and len(paragraphs) > 1 and len(first) <= HEADING_CHARS:
            body.append(self._element("h1", paragraphs.pop(0)))
        elif not is_titled:
            body.append(f"<h1>{xml_text(title)}</h1>")
        body += [self._element("p", paragraph) for paragraph in paragraphs]
        return _PAGE.format(title=xml_text(title), language=language_attributes(language), body="\n".join(body))

    def overlay(self) -> str:
        """The media overlay; a sentence without audio is not in it."""
        pairs = [
            f'<par id="p{seq + 1}"><text src="{self.page_name}#s{seq + 1}"/>'
            f'<audio src="{self.audio_name}" clipBegin="{start / 1000:.3f}s" clipEnd="{end / 1000:.3f}s"/></par>'
            for seq, (start, end) in enumerate(self.times_ms())
            if end > start
        ]
        return _OVERLAY.format(pairs="\n".join(pairs))

    def _paragraphs(self) -> Iterator[Sequence[int]]:
        """The numbers of the sentences (0-based) in each paragraph."""
        record = self.chapter.record
        starts = [0, *(seq for seq in record.paragraphs if 0 < seq < len(record.texts)), len(record.texts)]
        yield from (range(start, end) for start, end in pairwise(starts))

    def _element(self, name: str, paragraph: Sequence[int]) -> str:
        texts = self.chapter.record.texts
        sentences = [f'<span id="s{seq + 1}">{xml_text(texts[seq])}</span>' for seq in paragraph]
        return f"<{name}>{' '.join(sentences)}</{name}>"


def is_right_to_left(language: str) -> bool:
    """Whether a language, as BCP 47, is written from right to left."""
    return language.partition("-")[0].lower() in _RIGHT_TO_LEFT


def language_attributes(language: str) -> str:
    """The attributes of a page's root that state its language; "" where it is not known."""
    if not language:
        return ""
    return f' lang="{language}" xml:lang="{language}"' + (' dir="rtl"' if is_right_to_left(language) else "")
