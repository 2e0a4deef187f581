"""Documents: files of every common kind become text with chapters, whatever their names say."""

from seriatim.text.documents.document import Chapter, Document, DocumentFormat
from seriatim.text.documents.document_limits import DocumentLimits
from seriatim.text.documents.read_document import read_document

__all__ = ["Chapter", "Document", "DocumentFormat", "DocumentLimits", "read_document"]
