"""The elevenlabs engine: voices of ElevenLabs, as they stream (docs/how-to/providers.md)."""

from seriatim.engine import Continuity
from workers.engines.engine_catalogue import EngineFacts, EngineProfile

FACTS = EngineFacts(
    "voices of [ElevenLabs](../how-to/providers.md), spoken in parallel and stitched by their texts",
    "32, by the model", "24,000; a setting", Continuity.NONE, streams=True, code="BSD-3-Clause",
    weights="the server's terms", runs_on="another machine",
)  # fmt: skip
PROFILE = EngineProfile(
    "httpx2 (BSD-3-Clause)", "pip install -c constraints.txt -e '.[providers]'", one_process=True, facts=FACTS,
    extra="providers",
)  # fmt: skip
