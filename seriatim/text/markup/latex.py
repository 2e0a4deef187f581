"""LaTeX of a line becomes signs and words: its commonest commands, with braces and dollars gone."""

import re

_SIGNS = {
    "times": "×", "cdot": "·", "div": "÷", "pm": "±", "leq": "≤", "le": "≤", "geq": "≥", "ge": "≥", "neq": "≠",
    "ne": "≠", "approx": "≈", "infty": "∞", "to": "→", "rightarrow": "→", "sum": "∑", "int": "∫", "in": "∈",
    "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "epsilon": "ε", "theta": "θ", "lambda": "λ", "mu": "μ",
    "pi": "π", "rho": "ρ", "sigma": "σ", "tau": "τ", "phi": "φ", "omega": "ω", "Delta": "Δ", "Omega": "Ω",
    "Sigma": "Σ", "degree": "°", "circ": "°", "ldots": "…", "dots": "…", "cdots": "…", "partial": "∂", "nabla": "∇",
    "sqrt": "√", "percent": "%", "quad": " ", "qquad": " ", "prod": "∏", "forall": "∀", "exists": "∃", "subset": "⊂",
    "subseteq": "⊆", "cup": "∪", "cap": "∩", "notin": "∉", "emptyset": "∅", "land": "∧", "lor": "∨", "neg": "¬",
    "implies": "⇒", "Rightarrow": "⇒", "iff": "⇔", "Leftrightarrow": "⇔", "leftarrow": "←", "propto": "∝", "sim": "~",
    "equiv": "≡", "cong": "≅", "ll": "≪", "gg": "≫", "perp": "⊥", "angle": "∠", "mid": "|", "prime": "′", "hbar": "ħ",
    "zeta": "ζ", "eta": "η", "iota": "ι", "kappa": "κ", "nu": "ν", "xi": "ξ", "chi": "χ", "psi": "ψ", "varphi": "φ",
    "varepsilon": "ε", "Gamma": "Γ", "Theta": "Θ", "Lambda": "Λ", "Xi": "Ξ", "Pi": "Π", "Phi": "Φ", "Psi": "Ψ",
    "mp": "∓", "ast": "*", "bullet": "•",
}  # fmt: skip
#: names of functions, which are their own words
_FUNCTIONS = frozenset(
    ["sin", "cos", "tan", "cot", "sec", "csc", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh", "log", "ln", "exp",
     "lim", "max", "min", "sup", "inf", "det", "gcd", "mod", "arg", "deg", "dim", "ker"]
)  # fmt: skip
_FRACTION = re.compile(r"\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}")
_ROOT = re.compile(r"\\sqrt\s*(?:\[([^\[\]{}]*)\])?\s*\{([^{}]*)\}")
_NAMED = re.compile(
    r"\\(?:text|mathrm|mathbf|mathit|mathbb|mathcal|operatorname|boxed|overline|vec|hat|bar)\s*\{([^{}]*)\}"
)
#: from where to where a sum or an integral goes
_BOUNDS = re.compile(
    r"\\(sum|prod|int|oint|lim)\s*_\s*(?:\{([^{}]*)\}|(\\?\w))(?:\s*\^\s*(?:\{([^{}]*)\}|(\\\w+|\w)))?"
)
_POWER_GROUP = re.compile(r"\^\{([^{}]*)\}")
_INNER_GROUPS = 6  #: groups within groups that are resolved
_LINE = re.compile(r"\s*&?\s*\\\\(?:\[[^\[\]]*\])?\s*")
_SEVERAL = re.compile(r"[^\s()]\s*[-+=±<>·×]\s*[^\s]|\s")
_COMMAND = re.compile(r"\\([A-Za-z]+)|\\([^A-Za-z])")
_NAMES = "textbf|textit|texttt|textsc|emph|underline|chapter|(?:sub)*section|paragraph|title"
_SILENT_NAMES = "cite[pt]?|ref|eqref|label|begin|end|[vh]space|usepackage|includegraphics|documentclass"
_TEXT_COMMAND = re.compile(rf"\\(?:{_NAMES})\*?\{{([^{{}}\n]{{0,200}})\}}")
_SILENT_COMMAND = re.compile(rf"\\(?:{_SILENT_NAMES})\*?(?:\[[^\[\]\n]{{0,100}}\])?\{{[^{{}}\n]{{0,100}}\}}")
_ENVIRONMENT_CHARS = 1500
_ENVIRONMENT = re.compile(
    r"\\begin\{(align|aligned|equation|gather|gathered|multline|cases|array|[bpv]?matrix|split|eqnarray)(\*?)\}"
    rf"(?:\{{[^{{}}\n]{{0,40}}\}})?(.{{0,{_ENVIRONMENT_CHARS}}}?)\\end\{{\1\2\}}",
    re.DOTALL,
)
_ENVIRONMENT_START = re.compile(r"\\begin\{(?:align|equation|gather|multline|cases|array|[bpv]?matrix|split|eqnarray)")
_PERHAPS_COMMAND = re.compile(
    rf"\\(?:[a-z]{{0,16}}|(?:{_NAMES}|{_SILENT_NAMES})\*?(?:\[[^\[\]\n]{{0,100}}\]?)?(?:\{{[^{{}}\n]{{0,200}})?)\Z"
)
_SINGLE = re.compile(r"\{([A-Za-z0-9])\}")
_LOW = re.compile(r"_(?:\{([^{}]*)\}|([A-Za-z0-9]))")
_PLAIN_POWER = re.compile(r"[+-]?\d+|[A-Za-z]|\\[A-Za-z]+")
_POWER = re.compile(r"\^\{?\\?([+-]?\d+|[n]|circ)\}?")
_LOWS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
_POWERS = str.maketrans("0123456789+-n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻ⁿ")


def _low(index: str) -> str:
    """An index, as lowered digits, which are no factor: x₁."""
    return index.translate(_LOWS) if index.isdecimal() else f" {index}"


def _command(found: re.Match[str]) -> str:
    """A command as its sign, or as its name if that is a word."""
    name = found[1] or ""
    return f" {name} " if name in _FUNCTIONS else _SIGNS.get(name, _guarded(found[2]))


def _guarded(char: str | None) -> str:
    """The character behind a backslash; commas and the like mean a space between two signs of a formula."""
    return " " if char is None or char in ",;:!" else char


def _resolved(text: str) -> str:
    """The formula with its innermost groups as they would be written in a line."""
    text = _NAMED.sub(r"\1", _POWER_GROUP.sub(_powered, text))
    text = _ROOT.sub(lambda root: f"{(root[1] or '').translate(_POWERS)}√{_grouped(root[2])}", text)
    return _FRACTION.sub(lambda part: f"{_grouped(part[1])}/{_grouped(part[2])}", text)


def _bounded(found: re.Match[str]) -> str:
    """A sum from one bound to another, with a dash between both."""
    low, high = found[2] or found[3], found[4] or found[5]
    return f"\\{found[1]} {low}{f'–{high}' if high else ''} "


def _powered(group: re.Match[str]) -> str:
    """A power: in brackets where it is more than a number or a letter."""
    power = group[1].strip()
    return f"^{power}" if _PLAIN_POWER.fullmatch(power) else f"^({power})"


def _grouped(part: str) -> str:
    """A part of a formula, in brackets where it is more than a number or a product."""
    part = part.strip()
    return f"({part})" if _SEVERAL.search(part) else part


def latex_words(formula: str) -> str:
    """A formula as signs and words that an engine reads; what is not known loses its backslash and braces."""
    text = _BOUNDS.sub(_bounded, _LINE.sub(", ", formula))
    for _ in range(_INNER_GROUPS):  # a root within a fraction within a power
        before, text = text, _resolved(text)
        if text == before:
            break
    text = _LOW.sub(lambda low: _low(low[1] or low[2]), _SINGLE.sub(r"\1", text))
    text = _POWER.sub(lambda power: "°" if power[1] == "circ" else power[1].translate(_POWERS), text)
    text = _COMMAND.sub(_command, text)
    return " ".join(re.sub(r"[{}$&]|\^(?![(\w])|_(?=\w)", " ", text).split())


def latex_command(text: str, at: int) -> tuple[str, int] | None:
    r"""The words of a command of LaTeX within text, such as `\emph{word}`; its end is `at` if there is none.

    None: more must be known.
    """
    if environment := _ENVIRONMENT.match(text, at):
        return latex_words(environment[3]), environment.end()
    if _ENVIRONMENT_START.match(text, at) and len(text) - at < _ENVIRONMENT_CHARS + 100:
        return None
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
