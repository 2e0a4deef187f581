"""The route engine: a chain of engines, each of which speaks where those before it cannot (docs/how-to/routes.md)."""

from seriatim.engine import Continuity
from workers.engines.engine_catalogue import EngineFacts, EngineProfile

FACTS = EngineFacts(
    "[a chain](../how-to/routes.md): another engine takes over where one is away", "those of its engines",
    "24,000; an option", Continuity.NONE, streams=True, runs_on="as its engines",
)  # fmt: skip
PROFILE = EngineProfile(one_process=True, facts=FACTS)
