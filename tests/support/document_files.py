"""Document files for tests, made as the programs that write such files make them."""

import io
import zipfile
from collections.abc import Iterable, Mapping
from html import escape

#: a GIF of one pixel
COVER = bytes.fromhex("47494638396101000100800000000000ffffff2c00000000010001000002024401003b")
CONTAINER = (
    '<?xml version="1.0"?><container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>'
    '<rootfile full-path="OEBPS/content.opf" media-type="application/oebps-package+xml"/></rootfiles></container>'
)
XHTML = '<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops">'


def archive(members: Mapping[str, str | bytes]) -> bytes:
    """A zip file; the first member is stored without compression."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        for i, (name, content) in enumerate(members.items()):
            file.writestr(name, content, zipfile.ZIP_STORED if i == 0 else None)
    return out.getvalue()


def epub_members(
    pages: Mapping[str, str], contents: Iterable[tuple[str, str]] = (), *, version: int = 3
) -> dict[str, str | bytes]:
    """The members of a book with those bodies of pages, and a table of contents of (address, title)."""
    members: dict[str, str | bytes] = {"mimetype": "application/epub+zip", "META-INF/container.xml": CONTAINER}
    names = list(pages)
    items = "".join(
        f'<item id="p{i}" href="{name}" media-type="application/xhtml+xml"/>' for i, name in enumerate(names)
    )
    if version == 3:
        items += '<item id="nav" href="nav.xhtml" media-type="application/xhtml+xml" properties="nav"/>'
        items += '<item id="img" href="cover.gif" media-type="image/gif" properties="cover-image"/>'
        links = "".join(f'<li><a href="{href}">{escape(title)}</a></li>' for href, title in contents)
        members["OEBPS/nav.xhtml"] = f'{XHTML}<body><nav epub:type="toc"><ol>{links}</ol></nav></body></html>'
    else:
        items += '<item id="ncx" href="toc.ncx" media-type="application/x-dtbncx+xml"/>'
        items += '<item id="img" href="cover.gif" media-type="image/gif"/>'
        points = "".join(
            f"<navPoint><navLabel><text>{escape(title)}</text></navLabel><content src='{href}'/></navPoint>"
            for href, title in contents
        )
        members["OEBPS/toc.ncx"] = f"<ncx xmlns='http://www.daisy.org/z3986/2005/ncx/'><navMap>{points}</navMap></ncx>"
    spine = "".join(f'<itemref idref="p{i}"/>' for i in range(len(names)))
    members["OEBPS/content.opf"] = (
        f'<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf" version="{version}.0">'
        '<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>The Harbour &amp; the Sea</dc:title>'
        "<dc:creator>Anna Berg</dc:creator><dc:creator>Ben Cole</dc:creator><dc:language>en-GB</dc:language>"
        f'<meta name="cover" content="img"/></metadata><manifest>{items}</manifest>'
        f'<spine toc="ncx">{spine}</spine></package>'
    )
    members["OEBPS/cover.gif"] = COVER
    for name, body in pages.items():
        members[f"OEBPS/{name}"] = (
            f'<?xml version="1.0" encoding="utf-8"?><!DOCTYPE html>{XHTML}<head><title>x</title></head>'
            f"<body>{body}</body></html>"
        )
    return members


def epub(pages: Mapping[str, str], contents: Iterable[tuple[str, str]] = (), *, version: int = 3) -> bytes:
    """A book, as `epub_members`."""
    return archive(epub_members(pages, contents, version=version))


W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
DC = 'xmlns:dc="http://purl.org/dc/elements/1.1/"'
OFFICE = (
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" '
    'xmlns:meta="urn:oasis:names:tc:opendocument:xmlns:meta:1.0" '
    f"{DC}"
)


def docx(body: str, notes: str = "") -> bytes:
    """A DOCX document with that content of `w:body` and, if there are some, those footnotes."""
    styles = "".join(
        f'<w:style w:type="paragraph" w:styleId="{key}"><w:name w:val="{name}"/></w:style>'
        for key, name in (("berschrift1", "heading 1"), ("Titel", "Title"), ("Verzeichnis1", "toc 1"))
    )
    members: dict[str, str | bytes] = {
        "[Content_Types].xml": "<Types/>",
        "word/document.xml": f'<?xml version="1.0"?><w:document {W}><w:body>{body}</w:body></w:document>',
        "word/styles.xml": f"<w:styles {W}>{styles}</w:styles>",
        "docProps/core.xml": f"<core {DC}><dc:title>At Sea</dc:title><dc:creator>Anna Berg</dc:creator></core>",
    }
    if notes:
        members["word/footnotes.xml"] = f"<w:footnotes {W}>{notes}</w:footnotes>"
    return archive(members)


def paragraph(*runs: str, style: str = "") -> str:
    """A paragraph of DOCX; a run that begins with `<` is XML."""
    properties = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    texts = (
        run if run.startswith("<") else f'<w:r><w:t xml:space="preserve">{escape(run)}</w:t></w:r>' for run in runs
    )
    return f"<w:p>{properties}{''.join(texts)}</w:p>"


def odt(body: str) -> bytes:
    """An ODT document with that content of `office:text`."""
    return archive(
        {
            "mimetype": "application/vnd.oasis.opendocument.text",
            "content.xml": f'<?xml version="1.0"?><office:document-content {OFFICE}><office:body><office:text>{body}'
            "</office:text></office:body></office:document-content>",
            "meta.xml": f"<office:document-meta {OFFICE}><office:meta><dc:title>At Sea</dc:title><meta:initial-creator>"
            "Anna Berg</meta:initial-creator><dc:language>en-GB</dc:language></office:meta></office:document-meta>",
        }
    )
