"""Markup formats: how a text may be marked up, and what is said of its code and its emoji."""

from dataclasses import dataclass
from enum import StrEnum


class Markup(StrEnum):
    """How a text is marked up, and so which of its characters are no words."""

    AUTO = "auto"  #: Markdown and HTML tags where nothing else is likely; a whole document of HTML or SSML by its start
    PLAIN = (
        "plain"  #: not at all, apart from addresses and emoji; two spaces at a line's end are a break, as in documents
    )
    NONE = "none"  #: not at all: every character is spoken as the engine speaks it
    MARKDOWN = "markdown"  #: Markdown, with what HTML it has
    HTML = "html"  #: HTML, where line ends are spaces
    SSML = "ssml"  #: speech synthesis markup


class CodeMode(StrEnum):
    """What is said of blocks of code: fences of Markdown and `<pre>` of HTML. Code within a line is always read."""

    READ = "read"  #: their lines, one by one
    SKIP = "skip"  #: nothing


class EmojiMode(StrEnum):
    """What is said of emoji."""

    SKIP = "skip"  #: nothing
    NAME = "name"  #: their names; in languages in which these are not known, the engine gets them as they are


@dataclass(frozen=True, slots=True)
class MarkupChoices:
    """What a caller wants to hear of a text's markup."""

    code: CodeMode = CodeMode.READ
    emoji: EmojiMode = EmojiMode.SKIP


DEFAULT_CHOICES = MarkupChoices()
