"""Plain text and Markdown: read as it is, and divided at the headings of its chapters."""

import re
from itertools import pairwise

from seriatim.text.documents.document import Chapter, Document, DocumentFormat, PartKind, TextPart
from seriatim.text.documents.document_limits import DocumentLimits
from seriatim.text.markup import Markup

_WORD = (
    "chapter|part|book|letter|act|canto|kapitel|teil|buch|chapitre|partie|livre|cap[ií]tulo|capitolo|parte|libro|"
    "hoofdstuk|rozdział|глава|часть|книга"
)
_NUMBER = (
    r"\d{1,3}|[IVXLCivxlc]{1,8}|"
    r"(?i:(?:the )?(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w{3,5}teen|twenty|"
    r"thirty|forty|fifty|first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|last)(?:-\w{3,6})?)"
)
#: a paragraph that begins with a line such as CHAPTER I, Chapter 12. The Harbour, Kapitel 3: Der Hafen, # The harbour
_HEADING = re.compile(
    r"(?:\A\ufeff?|\n[ \t]*\r?\n)[ \t]*(?P<line>#{1,2}[ \t]+(?P<marked>[^\r\n]{1,120})|"
    rf"(?P<plain>(?i:{_WORD})[ \t]+(?:{_NUMBER})(?:\b[.:]?(?:[ \t]+[^\Wa-z][^\r\n]{{0,80}}|[.:—–-][^\r\n]{{0,80}})?)))"
    r"[ \t]*(?=\r?\n|\Z)"
)
_MARKED_PART = re.compile(
    r"^(?:(?P<table>(?: {0,3}\|[^\n]*(?:\n|\Z))+)|(?P<quotation>(?: {0,3}>[^\n]*(?:\n|\Z))+))(?:[ \t\r]*\n)*",
    re.MULTILINE,
)
_FACT = re.compile(r"^(title|author)s?:[ \t]*(\S[^\r\n]{0,199})", re.IGNORECASE | re.MULTILINE)
_FACT_CHARS = 4000  #: of the front matter of Markdown, or of the head of a Gutenberg text


def read_plain_text(text: str, name: str, limits: DocumentLimits, markup: Markup = Markup.AUTO) -> Document:
    """Divide a text into chapters. Joined, they are the text as it came.

    Raises:
        TextTooLarge: it is over the limit.
    """
    limits.check_text(len(text) if text.isascii() else len(text.encode("utf-8", "replace")), name)
    headings = list(_HEADING.finditer(text))
    starts = [0, *(heading.start("line") for heading in headings), len(text)]
    titles = ["", *(_title(heading) for heading in headings)]
    chapters = tuple(
        Chapter(title, text[start:end], parts=_parts(text[start:end]))
        for title, (start, end) in zip(titles, pairwise(starts), strict=True)
        if start < end
    )
    title, author = _facts(text[:_FACT_CHARS])
    if (
        not title
        and headings
        and headings[0]["marked"]
        and not text[: headings[0].start("line")].strip("\ufeff \t\r\n")
    ):
        title = titles[1]
    return Document(DocumentFormat.TEXT, chapters, title, (author,) if author else (), markup=markup)


def _parts(text: str) -> tuple[TextPart, ...]:
    """The tables and quotations of Markdown."""
    kinds = {"table": PartKind.TABLES, "quotation": PartKind.QUOTATIONS}
    return tuple(TextPart(kinds[match.lastgroup or ""], *match.span()) for match in _MARKED_PART.finditer(text))


def _title(heading: re.Match[str]) -> str:
    words = heading["marked"] or heading["plain"]
    return " ".join(words.rstrip(" \t#").split())


def _facts(head: str) -> tuple[str, str]:
    """The title and the author that the head of a text states."""
    if not (head.startswith("---") or "Project Gutenberg" in head):
        return "", ""
    facts: dict[str, str] = {}
    for match in _FACT.finditer(head):
        facts.setdefault(match[1].lower(), match[2].strip(" \t\"'"))
    return facts.get("title", ""), facts.get("author", "")
