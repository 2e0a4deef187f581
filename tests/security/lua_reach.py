"""The reach of a Lua script, read off its text: the commands and keys that it, and the shared parts it uses, can use.

A run shows what was used; this shows what could be. Only as much Lua is understood as our scripts are written in:
top-level `local function`s, `C('COMMAND', ...)`, keys as `P .. ':suffix...'` and `K .. ':suffix...'`.
"""

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from seriatim.lua.script_calls import run_scripts

_TOP = re.compile(r"^local function (\w+)|^function (\w+)|^local ([\w, ]+) =", re.MULTILINE)
_COMMAND = re.compile(r"(?:\bC|redis\.p?call)\('(\w+)'(?:, '([A-Z]+)')?")
_KEY = re.compile(r"\b[PK] \.\. '(:\w+:?)'")
_WORD = re.compile(r"\w+")
_SUBCOMMANDS = ("XGROUP", "XINFO")


@dataclass(frozen=True, slots=True)
class Reach:
    """What may be touched. Commands as ACL rules name them, keys as the suffixes behind a prefix."""

    commands: frozenset[str]
    keys: frozenset[str]


@cache
def reach(folder: str, name: str) -> Reach:
    """What script `lua/<folder>/<name>.lua` may do."""
    root = files("seriatim") / "lua" / folder
    shared = _blocks("\n".join(part.read_text("utf-8") for part in (root / "shared").iterdir()))
    text = (root / f"{name}.lua").read_text("utf-8")
    body = "\n".join(
        _code(each) for each in (text, *((root / f"{run}.lua").read_text("utf-8") for run in run_scripts(text)))
    )
    seen: set[str] = set()
    texts, words = [body], set(_WORD.findall(body))
    while fresh := (words & shared.keys()) - seen:
        seen |= fresh
        texts += [shared[word] for word in fresh]
        words |= {word for name_ in fresh for word in _WORD.findall(shared[name_])}
    return Reach(
        frozenset(_command(*found) for text in texts for found in _COMMAND.findall(text)),
        frozenset(key for text in texts for key in _KEY.findall(text)),
    )


def _command(name: str, first: str) -> str:
    return f"{name}|{first}".lower() if name in _SUBCOMMANDS else name.lower()


def _code(text: str) -> str:
    return re.sub(r"--.*", "", text)


def _blocks(texts: str) -> dict[str, str]:
    """The top-level definitions in Lua texts, by each name that they define."""
    text = _code(texts)
    starts = list(_TOP.finditer(text))
    found: dict[str, str] = {}
    for here, following in zip(starts, [*starts[1:], None], strict=True):
        block = text[here.start() : following.start() if following else len(text)]
        if function := here.group(1) or here.group(2):
            found[function] = block
            continue
        names = [name.strip() for name in here.group(3).split(",")]
        values = [value.strip() for value in block.partition("=")[2].split(",")]
        found |= dict(zip(names, values, strict=True)) if len(names) == len(values) else dict.fromkeys(names, block)
    return found
