"""Coqui XTTS-v2: one model, many sentences at once. Torch is imported by the modules that need it, never here."""

from seriatim.engine import Continuity
from workers.engines.engine_catalogue import EngineFacts, EngineProfile

FACTS = EngineFacts(
    "[Coqui XTTS-v2](../how-to/xtts.md): cloned voices, continuous batching", "17", "24,000", Continuity.RESUMABLE,
    streams=True, code="MPL-2.0, LGPL", weights="Coqui Public Model License: non-commercial; not included",
    runs_on="CPU; GPU, never run",
)  # fmt: skip
PROFILE = EngineProfile("coqui-tts (MPL-2.0)", "make xtts", settings=("voice_dir",), whole_machine=True, facts=FACTS)
