"""The policies that ours is compared with, as Lua laid over the scripts: first in, first out, and users in turns.

Texts of a layer come behind the shared part of the same name (`seriatim/lua/pool/shared`) and replace some of its
functions. Nothing of them is in what users install.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import seriatim
from seriatim.lua.script_calls import LuaScript, script_of

OURS = "fair"
LAYERS = {OURS: (), "fifo": ("plain",), "round_robin": ("plain", "round_robin")}
POLICIES = tuple(LAYERS)
PARTS = ("fairness", "selection")
_FOLDER = Path(__file__).parent
_SHARED = Path("lua/pool/shared")


def overlaid(script: LuaScript, policy: str) -> LuaScript:
    """The script as a policy has it."""
    text = script.text
    for part in PARTS:
        shared = (Path(seriatim.__path__[0]) / _SHARED / f"{part}.lua").read_text()
        text = text.replace(shared, shared + _layers(policy, part))
    return script_of(script.name, text)


@contextmanager
def environment(policy: str) -> Iterator[dict[str, str]]:
    """What processes need in their environment to work by a policy: a copy of the package goes before it."""
    if not LAYERS[policy]:
        yield {}
        return
    with tempfile.TemporaryDirectory(prefix="policy-") as folder:
        copy = Path(folder) / "seriatim"
        shutil.copytree(seriatim.__path__[0], copy, ignore=shutil.ignore_patterns("__pycache__"))
        for part in PARTS:
            with (copy / _SHARED / f"{part}.lua").open("a") as file:
                file.write(_layers(policy, part))
        yield {"PYTHONPATH": os.pathsep.join((folder, str(_FOLDER.parents[2])))}


def _layers(policy: str, part: str) -> str:
    return "".join((_FOLDER / layer / f"{part}.lua").read_text() for layer in LAYERS[policy])
