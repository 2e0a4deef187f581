"""The kokoro engine: Kokoro-82M from a folder with its official ONNX files (docs/how-to/kokoro.md)."""

from seriatim.engine import Continuity
from workers.engines.engine_catalogue import EngineFacts, EngineProfile

FACTS = EngineFacts(
    "[Kokoro-82M](../how-to/kokoro.md) from its official files, all its voices and their blends",
    "English; with the extras `kokoro-ja`, `kokoro-zh`, `espeak` also Japanese, Mandarin, and Spanish, French, Hindi, "
    "Italian, Portuguese", "24,000", Continuity.EXACT,
    code="Apache-2.0, MIT", weights="Apache-2.0; not included",
)  # fmt: skip
PROFILE = EngineProfile("hibari-tts (Apache-2.0)", "pip install -c constraints.txt -e '.[kokoro]'", facts=FACTS)
