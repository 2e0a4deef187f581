"""The piper engine: voices of the Piper project, from a folder (docs/explanation/decisions/0024)."""

from seriatim.engine import Continuity
from workers.engines.engine_catalogue import EngineFacts, EngineProfile

FACTS = EngineFacts(
    "[voices of the Piper project](../how-to/piper.md) from a folder, eight times as fast as playback on one core",
    "that of each voice; some 40", "22,050; an option", Continuity.EXACT, streams=True,
    code="MIT, Apache-2.0; GPL-3.0-or-later in a process of its own", weights="that of each voice; not included",
    runs_on="CPU; CUDA, never run",
)  # fmt: skip
PROFILE = EngineProfile(
    "onnxruntime (MIT), onnx (Apache-2.0) and espeakng-loader (GPL-3.0-or-later, in a process of its own)",
    "pip install -c constraints.txt -e '.[piper]'", settings=("model_dir",), facts=FACTS,
)  # fmt: skip
