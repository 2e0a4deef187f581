"""The kind of a file by its first bytes and its structure, never by its name; and advice for what is no text."""

import re

from seriatim.errors import BadInput
from seriatim.text.documents.document import DocumentFormat
from seriatim.text.documents.email_headers import is_email
from seriatim.text.documents.fountain import is_screenplay
from seriatim.text.documents.zip_archive import ZipArchive

ZIP = b"PK\x03\x04"
_CONVERT = "convert it to EPUB, DOCX, PDF or plain text first"
_SCAN = "is an image; recognize its text first, for example with: tesseract, or ocrmypdf"
_SOUND = "is audio or video, not text; transcribe it first"
_PROGRAM = "is a program, not text"
_PACKED = "is a compressed archive; unpack it first"
#: what files begin with that are no text, and what to do about them
_ADVICE: tuple[tuple[bytes, str], ...] = (
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "is a file of an old Word or Office version; save it as DOCX first"),
    (b"\xff\xd8\xff", _SCAN), (b"\x89PNG\r\n", _SCAN), (b"GIF8", _SCAN), (b"II*\0", _SCAN), (b"MM\0*", _SCAN),
    (b"AT&TFORM", _SCAN), (b"8BPS", _SCAN),
    (b"ID3", _SOUND), (b"fLaC", _SOUND), (b"OggS", _SOUND), (b"\x1aE\xdf\xa3", _SOUND), (b"\xff\xfb", _SOUND),
    (b"\x1f\x8b", _PACKED), (b"7z\xbc\xaf'\x1c", _PACKED), (b"Rar!", _PACKED), (b"\xfd7zXZ", _PACKED),
    (b"BZh", _PACKED), (b"\x28\xb5\x2f\xfd", _PACKED), (b"PK\x05\x06", "is an empty archive"),
    (b"\x7fELF", _PROGRAM), (b"MZ\x90", _PROGRAM), (b"%!PS", f"is PostScript; {_CONVERT}"),
    (b"ITSF", f"is a compiled help file; {_CONVERT}"), (b"SQLite format 3", "is a database, not text"),
    (b"wOF", "is a font, not text"), (b"\0\1\0\0", "is a font, not text"),
)  # fmt: skip
_CONTAINERS = {b"WAVE": _SOUND, b"AVI ": _SOUND, b"WEBP": _SCAN}
_ISO_MEDIA = {b"heic": _SCAN, b"heix": _SCAN, b"mif1": _SCAN, b"avif": _SCAN}
_ZIP_TYPES = {
    b"application/epub+zip": DocumentFormat.EPUB,
    b"application/vnd.oasis.opendocument.text": DocumentFormat.ODT,
}
_PACKAGE_END = ".opf"  #: of an EPUB that has lost its container
_OFFICE = {"xl/": "a spreadsheet; save it as PDF, or its cells as text", "ppt/": "a presentation; save it as PDF"}


def refuse_binary(raw: bytes, name: str) -> None:
    """Refuse a file that is known to be no text, with advice.

    Raises:
        BadInput: it is an image, a recording, a program or the like.
    """
    for start, advice in _ADVICE:
        if raw.startswith(start):
            raise BadInput(f"{name} {advice}")
    if raw.startswith(b"RIFF") and raw[8:12] in _CONTAINERS:
        raise BadInput(f"{name} {_CONTAINERS[raw[8:12]]}")
    if raw[4:8] == b"ftyp":
        raise BadInput(f"{name} {_ISO_MEDIA.get(raw[8:12], _SOUND)}")
    if raw[60:68] in (b"BOOKMOBI", b"TEXtREAd"):
        raise BadInput(f"{name} is a Kindle book; convert it to EPUB first, for example with: ebook-convert")


def archive_format(archive: ZipArchive) -> DocumentFormat:
    """The format of a document that is an archive.

    Raises:
        BadInput: it is another kind of archive.
    """
    names = archive.names
    kind = archive.read_at_most("mimetype", 200) if "mimetype" in names else b""
    found = _ZIP_TYPES.get((kind or b"").strip().removesuffix(b"-template"))
    if found:
        return found
    if "META-INF/container.xml" in names or any(name.lower().endswith(_PACKAGE_END) for name in names):
        return DocumentFormat.EPUB
    if "word/document.xml" in names:
        return DocumentFormat.DOCX
    if len(names) == 1 and next(iter(names)).lower().endswith(".fb2"):
        return DocumentFormat.FB2
    for folder, what in _OFFICE.items():
        if any(each.startswith(folder) for each in names):
            raise BadInput(f"{archive.name} is {what} first")
    if (kind or b"").startswith(b"application/vnd.oasis"):
        raise BadInput(f"{archive.name} is no text document of OpenDocument; save it as PDF first")
    raise BadInput(f"{archive.name} {_PACKED}")


_HTML = re.compile(
    r"\s*(?:<\?xml[^>]*>\s*)?(?:<!--.{0,2000}?-->\s*)*(?:<!doctype\s+html\b|<(?:html|head|body)[\s>])",
    re.IGNORECASE | re.DOTALL,
)
_FB2 = re.compile(r"\s*(?:<FictionBook[\s>]|<[?!].*<FictionBook[\s>])", re.DOTALL)
_CUES = re.compile(r"\s*(?:\d{1,6}[ \t]*\n)?(?:\d{1,3}:)?\d{1,2}:\d{2}[,.]\d{1,3}[ \t]*-->")


def text_format(start: str) -> DocumentFormat:
    """The format of a document that is text, by its start; letters other than ASCII's do not matter."""
    if _HTML.match(start):
        return DocumentFormat.HTML
    if _FB2.match(start):
        return DocumentFormat.FB2
    if start.startswith("WEBVTT") or _CUES.match(start.replace("\r\n", "\n")):
        return DocumentFormat.SUBTITLES
    if is_email(start):
        return DocumentFormat.EMAIL
    if is_screenplay(start):
        return DocumentFormat.FOUNTAIN
    return DocumentFormat.TEXT
