"""The engine table: every engine of this repository with its facts, as a page of the reference shows it."""

from collections.abc import Iterator

from seriatim.engine import Continuity
from workers.engines.engine_catalogue import EngineProfile, engine_profiles

COLUMNS = (
    "engine", "extra", "languages", "samples per second", "a second attempt", "streams a sentence",
    "licence of the code", "of the weights", "runs on",
)  # fmt: skip
SECOND_ATTEMPTS = {
    Continuity.EXACT: "the same bytes",
    Continuity.RESUMABLE: "continues without a seam",
    Continuity.NONE: "other bytes",
}


def engine_table() -> str:
    """The table in Markdown, in the order of the engines' names."""
    rows = [COLUMNS, ("---",) * len(COLUMNS), *(_row(*named) for named in engine_profiles().items())]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def engine_list() -> Iterator[tuple[str, str]]:
    """Each engine's name with a sentence about it."""
    for name, profile in engine_profiles().items():
        yield name, profile.facts.about or "an engine"


def _row(name: str, profile: EngineProfile) -> tuple[str, ...]:
    facts = profile.facts
    cells = (
        f"`{name}`", f"`{profile.extra or name}`" if profile.install else "", facts.languages, facts.rate,
        SECOND_ATTEMPTS[facts.continuity], "yes" if facts.streams else "no", facts.code, facts.weights, facts.runs_on,
    )  # fmt: skip
    return tuple(cell or "–" for cell in cells)
