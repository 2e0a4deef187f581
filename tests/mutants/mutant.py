"""A mutant: one planted fault."""

from dataclasses import dataclass

SEEDS = 60  #: of the simulator, where the tests saw nothing: about ten seconds


@dataclass(frozen=True, slots=True)
class Mutant:
    """One fault. `old` stands in `file` exactly once; `new` takes its place."""

    name: str  #: the script or module, a dot, what it does wrong
    file: str  #: path in the repository
    old: str
    new: str
    why: str  #: what goes wrong for a user
    tests: tuple[str, ...]  #: files, or files::tests, that should see it, quickest first
    seeds: int = SEEDS  #: runs of the simulator after the tests, if they saw nothing; 0: none


@dataclass(frozen=True, slots=True)
class Harmless:
    """A fault that no test sees, and that does no harm."""

    mutant: Mutant
    because: str


def lua(kind: str) -> str:
    """The folder of the scripts of a kind of slot."""
    return f"seriatim/lua/{kind}"
