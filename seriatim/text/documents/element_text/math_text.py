"""Formulas in MathML, as the signs and letters that a person would write in a line: x² + 1, (a + b)/c, √x."""

import re
from collections.abc import Callable

from seriatim.text.documents.element_text.raised_text import raised
from seriatim.text.documents.xml_tree import Element, find_all, local_name
from seriatim.text.markup.latex import latex_words

_LOWERED = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_POWER = re.compile(r"[-−+]?\d+|n")
_INVISIBLE = str.maketrans("", "", "\u2061\u2062\u2063\u2064")
_OPERATORS = frozenset("+-−=<>≤≥≠±×÷·→≈∈")
_MOST_DEPTH = 50  #: of nested fractions and roots; what is deeper is left out
_TEX = "application/x-tex"


def math_text(element: Element) -> str:
    """The formula of a `<math>`: by its LaTeX, which many programs add, or else by its elements."""
    tex = element.get("alttext", "")
    for annotation in find_all(element, "annotation"):
        if annotation.get("encoding") == _TEX:
            tex = annotation.text or tex
    if "\\" in tex or not len(element):
        return latex_words(tex)
    return " ".join(_written(element, 0).translate(_INVISIBLE).split())


def _written(element: Element, depth: int) -> str:
    name = local_name(element)
    if not name or depth > _MOST_DEPTH or name.startswith("annotation"):
        return ""
    parts = [_written(child, depth + 1) for child in element]
    text = (element.text or "").strip()
    if name == "mo":
        return f" {text} " if text in _OPERATORS else text
    form = _FORMS.get(name)
    return form(parts) if form and len(parts) == _N_PARTS.get(name, 2) else text + "".join(parts)


def _grouped(part: str) -> str:
    part = part.strip()
    return f"({part})" if " " in part else part


def _power(part: str) -> str:
    part = part.strip()
    return raised(part) if _POWER.fullmatch(part) else f"^{_grouped(part)}"


def _index(part: str) -> str:
    part = part.strip()
    return part.translate(_LOWERED) if part.isdigit() else f" {part}"


_FORMS: dict[str, Callable[[list[str]], str]] = {
    "mfrac": lambda parts: f"{_grouped(parts[0])}/{_grouped(parts[1])}",
    "msup": lambda parts: f"{_grouped(parts[0])}{_power(parts[1])}",
    "msub": lambda parts: f"{parts[0].strip()}{_index(parts[1])}",
    "msubsup": lambda parts: f"{parts[0].strip()}{_index(parts[1])}{_power(parts[2])}",
    "msqrt": lambda parts: f"√{_grouped(parts[0])}",
    "mroot": lambda parts: f"{raised(parts[1].strip())}√{_grouped(parts[0])}",
}
_N_PARTS = {"msubsup": 3, "msqrt": 1}
