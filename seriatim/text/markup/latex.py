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
_POWER = re.compile(r"\^\{?\\?([+-]?\d+|[n]|circ)\}?")
_POWERS = str.maketrans("0123456789+-n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ")


def latex_words(formula: str) -> str:
    """A formula as signs and words that an engine reads; what is not known loses its backslash and braces."""
    text = formula
    for _ in range(3):  # a fraction within a fraction
        text = _FRACTION.sub(r"\1/\2", text)
    text = _POWER.sub(lambda power: "°" if power[1] == "circ" else power[1].translate(_POWERS), text)
    text = _COMMAND.sub(lambda command: _SIGNS.get(command[1] or "", command[2] or " "), text)
    return " ".join(re.sub(r"[{}$&]|\^|_(?=\w)", " ", text).split())


def is_formula(text: str) -> bool:
    """Is that LaTeX, and no price or other text between two dollars?"""
    return bool(re.search(r"\\[A-Za-z]|\^|_\{|[=<>]|^[A-Za-z]$|^[A-Za-z0-9 ]+[+\-*/][A-Za-z0-9 ]+$", text))
