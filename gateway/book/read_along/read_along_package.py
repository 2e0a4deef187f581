"""The package of a read-along book: its metadata, its files and their order, and its table of contents. Pure.

EPUB 3.2 with the metadata of EPUB Media Overlays 3.2 (durations, narrator, the class of the marked sentence) and of
EPUB Accessibility 1.1.
"""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from gateway.book.read_along.read_along_chapter import ReadAlongChapter, is_right_to_left, language_attributes
from gateway.book.xml_text import xml_text
from seriatim.audio.book_tags import BookTags, cover_name, cover_type

ACTIVE_CLASS = "-epub-media-overlay-active"  #: of the sentence that sounds, as readers name it by default
ACCESSIBILITY = (
    ("accessMode", "textual"), ("accessMode", "auditory"), ("accessModeSufficient", "textual"),
    ("accessibilityFeature", "synchronizedAudioText"), ("accessibilityFeature", "tableOfContents"),
    ("accessibilityHazard", "none"),
)  # fmt: skip
CONTAINER = """<?xml version="1.0" encoding="utf-8"?>
<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
<rootfiles><rootfile full-path="EPUB/package.opf" media-type="application/oebps-package+xml"/></rootfiles>
</container>
"""
STYLE = f""".{ACTIVE_CLASS} {{ background-color: #ffe08a; color: #000 }}
h1 {{ font-size: 1.5em }}
p {{ margin: 0 0 0.8em }}
"""
_BOOKS = uuid.UUID("5d1a3b92-7b53-4b0f-a2ce-0e1f4a1f6f0c")  #: the name space of the identifiers, chosen at random
_PACKAGE = """<?xml version="1.0" encoding="utf-8"?>
<package xmlns="http://www.idpf.org/2007/opf" version="3.0" unique-identifier="book"{language}>
<metadata xmlns:dc="http://purl.org/dc/elements/1.1/">
{metadata}
</metadata>
<manifest>
{manifest}
</manifest>
<spine{direction}>
{spine}
</spine>
</package>
"""
_CONTENTS = """<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE html>
<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops"{language}>
<head><title>{title}</title></head>
<body><nav epub:type="toc" id="toc"><h1>{title}</h1><ol>
{links}
</ol></nav></body>
</html>
"""


@dataclass(frozen=True, slots=True)
class ReadAlongPackage:
    """The facts of the package."""

    tags: BookTags
    authors: Sequence[str]
    chapters: Sequence[ReadAlongChapter]
    language: str  #: BCP 47; "": not known
    modified_s: int  #: when its audio last changed, in s since the epoch

    def package(self) -> str:
        """The package document."""
        direction = ' page-progression-direction="rtl"' if is_right_to_left(self.language) else ""
        spine = (f'<itemref idref="{one.stem}"/>' for one in self.chapters)
        return _PACKAGE.format(
            language=f' xml:lang="{self.language}"' if self.language else "", direction=direction,
            metadata="\n".join(self._metadata()), manifest="\n".join(self._manifest()), spine="\n".join(spine),
        )  # fmt: skip

    def contents(self) -> str:
        """The table of contents, as a page."""
        links = (f'<li><a href="{one.page_name}">{xml_text(one.chapter.plan.title)}</a></li>' for one in self.chapters)
        language, title = language_attributes(self.language), xml_text(self.tags.title)
        return _CONTENTS.format(language=language, title=title, links="\n".join(links))

    def _metadata(self) -> Iterator[str]:
        tags = self.tags
        identifier = uuid.uuid5(_BOOKS, f"{tags.author}\n{tags.title}")
        yield f'<dc:identifier id="book">urn:uuid:{identifier}</dc:identifier>'
        yield f"<dc:title>{xml_text(tags.title)}</dc:title>"
        yield f"<dc:language>{self.language or 'und'}</dc:language>"
        yield from (f"<dc:creator>{xml_text(author)}</dc:creator>" for author in self.authors)
        modified = datetime.fromtimestamp(self.modified_s, UTC)
        yield f'<meta property="dcterms:modified">{modified:%Y-%m-%dT%H:%M:%SZ}</meta>'
        yield from self._overlay_metadata()
        yield from (f'<meta property="schema:{name}">{value}</meta>' for name, value in ACCESSIBILITY)

    def _overlay_metadata(self) -> Iterator[str]:
        yield f'<meta property="media:active-class">{ACTIVE_CLASS}</meta>'
        if self.tags.narrator:
            yield f'<meta property="media:narrator">{xml_text(self.tags.narrator)}</meta>'
        yield from (
            f'<meta property="media:duration" refines="#{one.stem}-overlay">{_clock(one.duration_ms)}</meta>'
            for one in self.chapters
        )
        yield f'<meta property="media:duration">{_clock(sum(one.duration_ms for one in self.chapters))}</meta>'

    def _manifest(self) -> Iterator[str]:
        yield _item("contents", "contents.xhtml", "application/xhtml+xml", ' properties="nav"')
        yield _item("style", "style.css", "text/css")
        if cover := self.tags.cover:
            yield _item("cover", cover_name(cover), cover_type(cover), ' properties="cover-image"')
        for one in self.chapters:
            yield _item(one.stem, one.page_name, "application/xhtml+xml", f' media-overlay="{one.stem}-overlay"')
            yield _item(f"{one.stem}-overlay", f"{one.stem}.smil", "application/smil+xml")
            yield _item(f"{one.stem}-audio", one.audio_name, "audio/mp4")


def _item(item_id: str, name: str, media_type: str, more: str = "") -> str:
    return f'<item id="{item_id}" href="{name}" media-type="{media_type}"{more}/>'


def _clock(ms: int) -> str:
    """A duration as SMIL's clock: `h:mm:ss.fff`."""
    return f"{ms // 3_600_000}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02}.{ms % 1000:03}"
