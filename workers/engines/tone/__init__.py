"""The tone engine: melodies instead of speech, with configurable costs and faults."""

from seriatim.engine import Continuity
from workers.engines.engine_catalogue import EngineFacts, EngineProfile

FACTS = EngineFacts(
    "melodies whose cost is a setting, for tests and benchmarks", "any", "24,000; an option", Continuity.EXACT,
    streams=True,
)  # fmt: skip
PROFILE = EngineProfile(facts=FACTS)
