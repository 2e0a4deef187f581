"""Page marks: the numbers of a printed book's pages, which stand in the text of many e-books."""

import re

from seriatim.text.documents.xml_tree import Element, inner_text

_CLASS = re.compile(r"(?:^|\s)(?:pagenum(?:ber)?s?|page-?(?:num(?:ber)?|no|break)|pgnum|pb)(?=\s|$)", re.IGNORECASE)
_NUMBER = re.compile(
    r"[\[({]?\s*(?:(?:page|pg|p|seite|s|pág|pagina|página|стр|с)\.?\s*)?(?:\d{1,4}|[ivxlc]{1,8})?\s*[\])}]?",
    re.IGNORECASE,
)


def is_page_mark(element: Element) -> bool:
    """Does an element say by its class that it is the number of a page, and is it one?"""
    return bool(_CLASS.search(element.get("class", ""))) and _NUMBER.fullmatch(inner_text(element)) is not None
