"""LaTeX of a line becomes signs and words: its commonest commands, with braces and dollars gone."""

import re

_SIGNS = {
    "times": "×", "cdot": "·", "div": "÷", "pm": "±", "leq": "≤", "le": "≤", "geq": "≥", "ge": "≥", "neq": "≠",
    "ne": "≠", "approx": "≈", "infty": "∞", "to": "→", "rightarrow": "→", "sum": "∑", "int": "∫", "in": "∈",
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "theta": "θ", "lambda": "λ", "mu": "μ",
    "pi": "π", "rho": "ρ", "sigma": "σ", "tau": "τ", "phi": "φ", "omega": "ω", "Delta": "Δ", "Omega": "Ω",
    "Sigma": "Σ", "degree": "°", "circ": "°", "ldots": "…", "dots": "…", "cdots": "…", "partial": "∂", "nabla": "∇",
    "sqrt": "√", "percent": "%", "quad": " ", "qquad": " ",
}  # fmt: skip
_FRACTION = re.compile(r"\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}")
_COMMAND = re.compile(r"\\([A-Za-z]+)|\\([^A-Za-z])")
_NAMES = "textbf|textit|texttt|textsc|emph|underline|chapter|(?:sub)*section|paragraph|title"
_SILENT_NAMES = "cite[pt]?|ref|eqref|label|begin|end|[vh]space|usepackage|includegraphics|documentclass"
_TEXT_COMMAND = re.compile(rf"\\(?:{_NAMES})\*?\{{([^{{}}\n]{{0,200}})\}}")
_SILENT_COMMAND = re.compile(rf"\\(?:{_SILENT_NAMES})\*?(?:\[[^\[\]\n]{{0,100}}\])?\{{[^{{}}\n]{{0,100}}\}}")
_PERHAPS_COMMAND = re.compile(
    rf"\\(?:[a-z]{{0,16}}|(?:{_NAMES}|{_SILENT_NAMES})\*?(?:\[[^\[\]\n]{{0,100}}\]?)?(?:\{{[^{{}}\n]{{0,200}})?)\Z"
)
_SINGLE = re.compile(r"\{([A-Za-z0-9])\}")
_LOW = re.compile(r"_(?:\{([^{}]*)\}|([A-Za-z0-9]))")
_POWER = re.compile(r"\^\{?\\?([+-]?\d+|[n]|circ)\}?")
_LOWS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_POWERS = str.maketrans("0123456789+-n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ")


def _low(index: str) -> str:
    """An index, as lowered digits, which are no factor: x₁."""
    return index.translate(_LOWS) if index.isdecimal() else f" {index}"


def _guarded(char: str | None) -> str:
    """The character behind a backslash; commas and the like mean a space between two signs of a formula."""
    return " " if char is None or char in ",;:!" else char


def latex_words(formula: str) -> str:
    """A formula as signs and words that an engine reads; what is not known loses its backslash and braces."""
    text = formula
    for _ in range(3):  # a fraction within a fraction
        text = _FRACTION.sub(r"\1/\2", text)
    text = _LOW.sub(lambda low: _low(low[1] or low[2]), _SINGLE.sub(r"\1", text))
    text = _POWER.sub(lambda power: "°" if power[1] == "circ" else power[1].translate(_POWERS), text)
    text = _COMMAND.sub(lambda command: _SIGNS.get(command[1] or "", _guarded(command[2])), text)
    return " ".join(re.sub(r"[{}$&]|\^|_(?=\w)", " ", text).split())


def latex_command(text: str, at: int) -> tuple[str, int] | None:
    r"""The words of a command of LaTeX within text, such as `\emph{word}`; its end is `at` if there is none.

    None: more must be known.
    """
    if command := _TEXT_COMMAND.match(text, at):
        return command[1], command.end()
    if command := _SILENT_COMMAND.match(text, at):
        return "", command.end()
    return None if _PERHAPS_COMMAND.match(text, at) else ("", at)


def is_formula(text: str) -> bool:
    """Is that LaTeX, and no price or other text between two dollars?"""
    return bool(
        re.search(
            r"\\[A-Za-z]|\^|_\{|[=<>]|^[A-Za-z]$|\b[A-Za-z]_[A-Za-z0-9]\b|^[A-Za-z0-9 ]+[+\-*/][A-Za-z0-9 ]+$", text
        )
    )
