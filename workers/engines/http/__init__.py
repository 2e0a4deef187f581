"""The http engine: any server that gives sound for a POST, by a template (docs/how-to/providers.md)."""

from seriatim.engine import Continuity
from workers.engines.engine_catalogue import EngineFacts, EngineProfile

FACTS = EngineFacts(
    "[any server](../how-to/providers.md) that gives sound for a POST, by a template",
    "the server's", "24,000; a setting", Continuity.NONE, streams=True, code="BSD-3-Clause",
    weights="the server's terms", runs_on="another machine",
)  # fmt: skip
PROFILE = EngineProfile(
    "httpx2 (BSD-3-Clause)", "pip install -c constraints.txt -e '.[providers]'", one_process=True, facts=FACTS,
    extra="providers",
)  # fmt: skip
