"""The espeak engine: espeak-ng in child processes."""

from seriatim.engine import Continuity
from workers.engines.engine_catalogue import EngineFacts, EngineProfile

FACTS = EngineFacts(
    "espeak-ng, a robotic voice for more languages than any other, with over a hundred timbres (`en-us+f3`)",
    "over 100", "22,050", Continuity.EXACT, streams=True, code="GPL-3.0-or-later, in a process of its own",
)  # fmt: skip
PROFILE = EngineProfile(
    "espeakng-loader (GPL-3.0-or-later)", "pip install -e '.[espeak]'", "espeakng_loader", facts=FACTS
)
