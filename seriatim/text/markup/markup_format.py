"""Markup formats: how a text may be marked up."""

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
