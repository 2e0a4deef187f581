"""Planting: copies of the tree with one fault each. The tree itself is never changed."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.mutants.mutant import Mutant

ROOT = Path(__file__).parents[2]
TAKEN = ("seriatim", "tasks", "workers", "reassembler", "gateway", "tests", "pyproject.toml")
LEFT = shutil.ignore_patterns("__pycache__", "*.pyc")


class Unplantable(Exception):
    """The text to be replaced is not in its file exactly once, or the file is no Python with the fault in it."""


def mutated(mutant: Mutant, root: Path = ROOT) -> str:
    """A file's text with the fault in it.

    Raises:
        Unplantable: the code has changed; the fault has to follow it.
    """
    text = (root / mutant.file).read_text("utf-8")
    if (n := text.count(mutant.old)) != 1:
        raise Unplantable(f"{mutant.name}: {mutant.file} has {mutant.old!r} {n} times; expected it once")
    text = text.replace(mutant.old, mutant.new)
    if mutant.file.endswith(".py"):
        try:
            compile(text, mutant.file, "exec")
        except SyntaxError as error:
            raise Unplantable(
                f"{mutant.name}: {mutant.file}, line {error.lineno}, with the fault: {error.msg}"
            ) from None
    return text


@contextmanager
def planted(mutant: Mutant) -> Iterator[Path]:
    """A copy of the tree with the fault in it, gone afterwards.

    Raises:
        Unplantable: as `mutated`.
    """
    text = mutated(mutant)
    with tempfile.TemporaryDirectory(prefix="mutant-") as folder:
        copy = Path(folder)
        for name in TAKEN:
            source = ROOT / name
            if source.is_dir():
                shutil.copytree(source, copy / name, ignore=LEFT)
            else:
                shutil.copy2(source, copy / name)
        (copy / mutant.file).write_text(text, "utf-8")
        yield copy
