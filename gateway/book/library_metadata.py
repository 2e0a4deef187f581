"""Metadata of a book for media servers: an OPF file, as Audiobookshelf and Jellyfin read it beside the audio. Pure.

The package document of EPUB 2 ("Open Packaging Format 2.0.1", 2.2): the roles `aut` and `nrt` are MARC relators.
"""

import uuid

from gateway.book.book_plan import BookPlan
from gateway.book.xml_text import xml_text

_HEAD = """<?xml version="1.0" encoding="utf-8"?>
<package xmlns="http://www.idpf.org/2007/opf" version="2.0" unique-identifier="book">
  <metadata xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:opf="http://www.idpf.org/2007/opf">
"""
_TAIL = """  </metadata>
  <manifest/>
  <spine/>
</package>
"""
_BOOKS = uuid.UUID("6f4c7f0e-40a5-4f0c-9c8e-6a8c0f1b7d3e")  #: the name space of the identifiers, chosen at random


def opf(plan: BookPlan, narrator: str) -> str:
    """The metadata of a book; the same book has the same identifier."""
    identifier = uuid.uuid5(_BOOKS, f"{plan.author}\n{plan.title}")
    lines = [f'<dc:identifier id="book" opf:scheme="uuid">{identifier}</dc:identifier>']
    lines.append(f"<dc:title>{xml_text(plan.title)}</dc:title>")
    lines += [f'<dc:creator opf:role="aut">{xml_text(author)}</dc:creator>' for author in plan.authors]
    lines += [f'<dc:creator opf:role="nrt">{xml_text(narrator)}</dc:creator>'] if narrator else []
    lines += [f"<dc:language>{xml_text(plan.language)}</dc:language>"] if plan.language else []
    return _HEAD + "".join(f"    {line}\n" for line in lines) + _TAIL
