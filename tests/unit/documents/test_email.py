"""Email messages: the subject and the text, decoded, without headers, attachments and the second form."""

from email.message import EmailMessage

import pytest

from seriatim.errors import BadInput
from seriatim.text.documents import Document, DocumentFormat, DocumentLimits, read_document
from seriatim.text.segment import SegmentOptions, segment
from tests.support.documents_extra import require_documents_extra

require_documents_extra()

HTML = "<html lang=fr><head><style>p {}</style></head><body><p>Un café&nbsp;: 5 €.</p><img src=a.png></body></html>"


def message(text: str = "", html: str = "", subject: str = "Réunion à 9 h", **headers: str) -> EmailMessage:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "Anna Müller <anna@example.org>", "ben@example.org", subject
    made["Date"], made["Message-ID"] = "Thu, 05 Mar 2026 09:30:00 +0100", "<1@example.org>"
    for name, value in headers.items():
        made[name] = value
    if text:
        made.set_content(text)
    if html and text:
        made.add_alternative(html, subtype="html")
    elif html:
        made.set_content(html, subtype="html")
    return made


def read(raw: bytes) -> Document:
    return read_document(raw, "mail.bin", DocumentLimits())


def texts_of(document: Document) -> list[str]:
    return [piece.text for piece in segment(document.text, SegmentOptions(markup=document.markup))]


def test_the_subject_and_the_plain_text_are_read() -> None:
    made = message("Guten Tag,\n\nwir sehen uns um 9 Uhr – wie immer.\n", HTML)
    made.add_attachment(b"\x89PNG", maintype="image", subtype="png", filename="a.png")
    for raw in (made.as_bytes(), made.as_bytes().replace(b"\n", b"\r\n"), b"From anna Thu Mar  5\n" + made.as_bytes()):
        mail = read(raw)
        assert (mail.format, mail.title, mail.authors) == (DocumentFormat.EMAIL, "Réunion à 9 h", ("Anna Müller",))
        assert texts_of(mail) == ["Réunion à 9 h", "Guten Tag,", "wir sehen uns um 9 Uhr – wie immer."]


@pytest.mark.parametrize("text", ["", " \n"])
def test_a_message_without_plain_text_is_read_from_its_html(text: str) -> None:
    mail = read(message(text, HTML).as_bytes())
    assert (mail.language, texts_of(mail)) == ("fr", ["Réunion à 9 h", "Un café : 5 €."])


def test_what_a_mailing_list_adds_is_read_too_and_attached_files_are_not() -> None:
    made = message("Hello.\n")
    made.make_mixed()
    footer = EmailMessage()
    footer.set_content("You get this because you subscribed.\n")
    made.attach(footer)
    made.add_attachment("a,b\n", filename="table.csv")
    assert texts_of(read(made.as_bytes()))[1:] == ["Hello.", "You get this because you subscribed."]


def test_a_text_in_another_encoding_than_it_says_is_read() -> None:
    head = b"From: =?iso-8859-1?Q?J=F8rn?= <j@example.org>\nMIME-Version: 1.0\nContent-Type: text/plain%s\n"
    body = "Смотри, завтра утром будет солнце, и мы поедем на море.\n".encode("cp1251")
    for charset in (b"", b"; charset=us-ascii", b"; charset=no-such"):
        mail = read(head % charset + b"Content-Transfer-Encoding: 8bit\n\n" + body)
        assert (mail.authors, mail.title, mail.text) == (("Jørn",), "", body.decode("cp1251"))


@pytest.mark.parametrize(
    ("raw", "refusal"),
    [
        (message(subject="").as_bytes(), "has no text; open its attachments"),
        (
            b"From: a@b.c\nDate: x\nContent-Type: application/pkcs7-mime\n\nAAAA\n",
            "encrypted message; decrypt it first",
        ),
        (b"From: a@b.c\nDate: x\nContent-Type: multipart/encrypted; boundary=b\n\n--b--\n", "decrypt it first"),
    ],
)
def test_a_message_without_readable_text_is_refused_with_advice(raw: bytes, refusal: str) -> None:
    with pytest.raises(BadInput, match=refusal):
        read(raw)


def test_messages_within_messages_are_refused_or_read() -> None:
    nested = b"From: a@b.c\nDate: x\n" + b"Content-Type: message/rfc822\n\n" * 5000 + b"text\n"
    with pytest.raises(BadInput):
        read(nested)


@pytest.mark.parametrize(
    "text",
    [
        "From: Anna\nTo: Ben\nSubject: Lunch\n\nAt nine?\n", "Date: Monday\n\nFrom: here\n", "From: Anna, Date: now.\n",
        "From: a letter\nthat has\nDate: nowhere\n",
    ],
)  # fmt: skip
def test_a_letter_that_a_person_wrote_is_plain_text(text: str) -> None:
    assert (read(text.encode()).format, read(text.encode()).text) == (DocumentFormat.TEXT, text)
