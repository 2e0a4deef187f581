"""Document limits: how much a file may make this process read, whatever it claims to be."""

from dataclasses import dataclass

from seriatim.errors import BadInput, TextTooLarge
from seriatim.settings import Settings

#: one file of text inside an archive; the parsed tree takes some ten times as much memory
PART_BYTES = 32 * 1024 * 1024
COVER_BYTES = 16 * 1024 * 1024  #: a larger cover is left out: no reader shows such an image


@dataclass(frozen=True, slots=True)
class DocumentLimits:
    """What a document may take. Sizes are in bytes."""

    file_bytes: int = 64 * 1024 * 1024  #: the file itself
    unpacked_bytes: int = 256 * 1024 * 1024  #: what is read of an archive, unpacked
    archive_files: int = 5_000  #: files in an archive
    pages: int = 5_000  #: of a PDF
    text_bytes: int = 64 * 1024 * 1024  #: text that comes out

    @classmethod
    def of(cls, settings: Settings) -> "DocumentLimits":
        """The limits that an operator has set."""
        return cls(
            settings.document_max_bytes, settings.document_unpacked_bytes, settings.document_max_files,
            settings.document_max_pages, settings.max_text_bytes,
        )  # fmt: skip

    def check_file(self, n_bytes: int, name: str) -> None:
        """Refuse a file that is too large.

        Raises:
            TextTooLarge: over SERIATIM_DOCUMENT_MAX_BYTES.
        """
        if n_bytes > self.file_bytes:
            raise TextTooLarge(
                f"{name} has more than {self.file_bytes} bytes; raise SERIATIM_DOCUMENT_MAX_BYTES, or split it"
            )

    def check_text(self, n_bytes: int, name: str) -> None:
        """Refuse a text that is too large.

        Raises:
            TextTooLarge: over SERIATIM_MAX_TEXT_BYTES.
        """
        if n_bytes > self.text_bytes:
            raise TextTooLarge(
                f"{name} has more than {self.text_bytes} bytes of text; raise SERIATIM_MAX_TEXT_BYTES, or split it"
            )

    def check_pages(self, n_pages: int, name: str) -> None:
        """Refuse a PDF with too many pages.

        Raises:
            BadInput: over SERIATIM_DOCUMENT_MAX_PAGES.
        """
        if n_pages > self.pages:
            raise BadInput(
                f"{name} has {n_pages} pages; SERIATIM_DOCUMENT_MAX_PAGES allows {self.pages}: raise it, or split it"
            )
