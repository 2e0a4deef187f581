"""Archives that claim to be documents: bombs, too many files, paths that lead elsewhere."""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seriatim.errors import BadInput, Misconfigured
from seriatim.text.documents import DocumentLimits, read_document
from seriatim.text.documents.missing_package import required_package
from tests.support.document_files import archive, epub, epub_members
from tests.support.documents_extra import require_documents_extra

require_documents_extra()

PAGE = {"one.xhtml": "<p>Hello there, reader.</p>"}
SMALL = DocumentLimits(unpacked_bytes=100_000, archive_files=50)


def refusal(raw: bytes, limits: DocumentLimits = SMALL) -> str:
    with pytest.raises(BadInput) as error:
        read_document(raw, "book.epub", limits)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_a_bomb_is_not_unpacked() -> None:
    """A thousand times smaller in the archive, and what it says about its size is not believed."""
    members = epub_members(PAGE) | {"OEBPS/one.xhtml": b"<p>" + b"a" * 50_000_000}
    raw = archive(members)
    assert len(raw) < 60_000
    assert "unpacks to more than 100000 bytes; SERIATIM_DOCUMENT_UNPACKED_BYTES" in refusal(raw)
    size = (50_000_003).to_bytes(4, "little")
    assert raw.count(size) == 2
    refusal(raw.replace(size, (9).to_bytes(4, "little")))


def test_one_huge_part_is_refused_whatever_the_archive_may_take() -> None:
    members = epub_members(PAGE) | {"OEBPS/one.xhtml": b"<p>" + b"a" * (33 * 1024 * 1024)}
    assert "OEBPS/one.xhtml has more than 33554432 bytes" in refusal(archive(members), DocumentLimits())


def test_many_files_are_refused_before_one_is_read() -> None:
    members = epub_members(PAGE) | {f"x/{i}": b"" for i in range(10_000)}
    assert "holds 10006 files; SERIATIM_DOCUMENT_MAX_FILES allows 5000" in refusal(archive(members), DocumentLimits())


def test_a_page_that_the_spine_lists_a_thousand_times_is_read_once() -> None:
    members = epub_members(PAGE)
    package = str(members["OEBPS/content.opf"]).replace('<itemref idref="p0"/>', '<itemref idref="p0"/>' * 1000)
    assert read_document(archive(members | {"OEBPS/content.opf": package}), "b", SMALL).text.count("Hello") == 1


@pytest.mark.parametrize(
    "path", ["../../../etc/passwd", "/etc/passwd", "%2e%2e/%2e%2e/etc/passwd", "file:///etc/passwd"]
)
def test_a_path_names_a_member_and_never_a_file(path: str) -> None:
    members = epub_members(PAGE)
    package = str(members["OEBPS/content.opf"]).replace('href="one.xhtml"', f'href="{path}"')
    assert "which it does not contain" in refusal(archive(members | {"OEBPS/content.opf": package}))


def test_files_and_addresses_in_a_page_are_not_opened() -> None:
    page = '<!DOCTYPE html SYSTEM "http://127.0.0.1:1/x.dtd"><html><body><p>Hello.</p></body></html>'
    assert read_document(archive(epub_members(PAGE) | {"OEBPS/one.xhtml": page}), "b", SMALL).text == "Hello.\n\n"
    bomb = '<!DOCTYPE p [<!ENTITY a SYSTEM "file:///etc/passwd"><!ENTITY b "&a;&a;">]><p>&b;</p>'
    assert "entities of its own" in refusal(archive(epub_members(PAGE) | {"META-INF/container.xml": bomb}))


def test_the_text_that_comes_out_is_limited() -> None:
    limits = DocumentLimits(text_bytes=10)
    assert "more than 10 bytes of text; raise SERIATIM_MAX_TEXT_BYTES" in refusal(epub(PAGE), limits)
    assert "SERIATIM_DOCUMENT_MAX_BYTES" in refusal(epub(PAGE), DocumentLimits(file_bytes=100))


def test_other_archives_are_refused_with_advice() -> None:
    assert "compressed archive; unpack it first" in refusal(archive({"a.txt": "Hello."}))
    assert "spreadsheet" in refusal(archive({"[Content_Types].xml": "", "xl/workbook.xml": ""}))
    assert "presentation" in refusal(archive({"[Content_Types].xml": "", "ppt/presentation.xml": ""}))
    assert "damaged archive" in refusal(epub(PAGE)[:-40])


WHOLE = epub(PAGE, [("one.xhtml", "One")])


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_a_damaged_book_is_read_or_refused(data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(WHOLE)))
    stop = data.draw(st.integers(start, min(len(WHOLE), start + 40)))
    raw = WHOLE[:start] + data.draw(st.binary(max_size=20)) + WHOLE[stop:]
    with suppress(BadInput):
        read_document(raw, "book.epub", SMALL)


def test_a_missing_package_is_named_with_the_command_that_installs_it() -> None:
    with pytest.raises(Misconfigured, match=r"needs no_such_package, which is missing; .*'\.\[documents\]'"):
        required_package("no_such_package.module")
