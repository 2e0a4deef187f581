"""An e-mail message (RFC 5322 and MIME): its subject, and its text in plain form or else in HTML.

What is not the message itself is left out: other headers, attachments, and the second form of the same text.
"""

import re
from email import policy
from email.message import MIMEPart
from email.parser import BytesParser
from email.utils import parseaddr

from seriatim.errors import BadInput, EmptyText
from seriatim.text.documents.document import Chapter, Document, DocumentFormat
from seriatim.text.documents.document_limits import DocumentLimits
from seriatim.text.documents.text_encoding import decode_text
from seriatim.text.documents.web_page import read_web_page
from seriatim.text.markup import CodeMode, Markup

_ENVELOPE_BYTES = re.compile(rb"\AFrom [^\r\n]+\r?\n")
#: what the standard library's parser raises at malformed headers
_MALFORMED = (ValueError, LookupError, AttributeError, TypeError)
_ENCRYPTED = frozenset(("multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime"))


def read_email(raw: bytes, name: str, limits: DocumentLimits, code: CodeMode = CodeMode.READ) -> Document:
    """Read a message; `code`: what is said of blocks of code in HTML.

    Raises:
        BadInput: it is encrypted, or nested too deeply.
        EmptyText: it has no text.
        TextTooLarge: it has more text than a job may have.
    """
    try:
        message = BytesParser(policy=policy.default).parsebytes(_ENVELOPE_BYTES.sub(b"", raw, count=1))
        if message.get_content_type() in _ENCRYPTED:
            raise BadInput(f"{name} is an encrypted message; decrypt it first, and save its text")
        subject, sender = _header(message, "subject"), _header(message, "from")
        chapters, language = _body(message, name, limits, code)
    except RecursionError:
        raise BadInput(f"{name} has too many messages within messages; save the one to read by itself") from None
    if not any(chapter.text.strip() for chapter in chapters):
        raise EmptyText(f"{name} has no text; open its attachments by themselves")
    if subject:
        first = chapters[0]
        heading = Chapter(subject, f"{subject}\n\n{'' if first.title else first.text}")
        chapters = (heading, *chapters[bool(not first.title) :])
    markup = Markup.AUTO if _is_plain(message) else Markup.PLAIN
    author = parseaddr(sender)[0] or sender
    return Document(DocumentFormat.EMAIL, chapters, subject, (author,) if author else (), language, markup=markup)


def _header(message: MIMEPart, name: str) -> str:
    """A header's text, decoded; "" if there is none, or nothing can be made of it."""
    try:
        return " ".join(str(message[name] or "").split())
    except _MALFORMED:
        return ""


def _texts(message: MIMEPart) -> list[MIMEPart]:
    """The parts with the text: plain where it has words, and what a mailing list added below; else HTML."""
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    if plain is None or not _decoded(plain).strip():
        return [part for part in (html, plain) if part is not None][:1]
    added = [
        part
        for part in message.iter_attachments()
        if part.get_content_type() == "text/plain" and not part.is_attachment() and not part.get_filename()
    ]
    return [plain, *added]


def _is_plain(message: MIMEPart) -> bool:
    return not any(part.get_content_type() == "text/html" for part in _texts(message))


def _body(message: MIMEPart, name: str, limits: DocumentLimits, code: CodeMode) -> tuple[tuple[Chapter, ...], str]:
    """The chapters of the text, at least one, and the language that HTML states."""
    texts = _texts(message)
    if not texts:
        return (Chapter("", ""),), ""
    if texts[0].get_content_type() == "text/html":
        page = read_web_page(_decoded(texts[0], name).encode("utf-8", "replace"), name, limits, code)
        return page.chapters or (Chapter("", ""),), page.language
    text = "\n\n".join(_decoded(part, name).replace("\r\n", "\n").strip("\n") for part in texts)
    limits.check_text(len(text.encode("utf-8", "replace")), name)
    return (Chapter("", f"{text}\n"),), ""


def _decoded(part: MIMEPart, name: str = "the message") -> str:
    """The text of a part in the encoding that it names, or where that is none of its own, in the likeliest one."""
    payload = part.get_payload(decode=True)
    raw = payload if isinstance(payload, bytes) else b""
    try:
        return raw.decode(part.get_content_charset() or "utf-8")
    except (LookupError, UnicodeDecodeError):
        return decode_text(raw, name)
