"""An RTF document: its paragraphs, and the title and author that it states."""

import re

from seriatim.errors import BadInput
from seriatim.text.documents.block_writer import BlockWriter
from seriatim.text.documents.document import Document, DocumentFormat
from seriatim.text.documents.document_limits import DocumentLimits
from seriatim.text.documents.missing_package import required_package

RTF = b"{\\rtf"
_FACT = re.compile(r"\{\\(title|author) ([^{}\\]{1,200})\}")
_INFO_CHARS = 20_000  #: how far from the start the facts may stand


def read_rtf(raw: bytes, name: str, limits: DocumentLimits) -> Document:
    """Read a document.

    Raises:
        BadInput: it is damaged.
        TextTooLarge: it has more text than a job may have.
    """
    source = raw.decode("latin-1")
    try:
        text: str = required_package("striprtf.striprtf").rtf_to_text(source, errors="replace")
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise BadInput(f"{name} is a damaged RTF document: {error}") from None
    writer = BlockWriter(name, limits)
    for line in text.split("\n"):
        writer.write(line.replace("|", ", ") if line.endswith("|") else line)
        writer.end_block()
    facts = dict(_FACT.findall(source[:_INFO_CHARS]))
    author = facts.get("author", "").strip()
    return Document(DocumentFormat.RTF, writer.chapters(), facts.get("title", "").strip(), (author,) if author else ())
