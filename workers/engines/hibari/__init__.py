"""The hibari engine: a small neural English voice for CPUs (docs/explanation/decisions/0022)."""

from seriatim.engine import Continuity, Voice
from seriatim.engine_abilities import Abilities
from workers.engines.engine_catalogue import EngineFacts, EngineProfile

ABILITIES = Abilities("hibari", ("en",), speeds=(0.5, 2.0), phonemes=True)  #: what the model was made for
FACTS = EngineFacts(
    "a small neural voice, a hundred times as fast as playback on one core", "English", "24,000", Continuity.EXACT,
    code="Apache-2.0, MIT", weights="Apache-2.0, in the extra",
)  # fmt: skip
PROFILE = EngineProfile(
    "hibari-tts (Apache-2.0)", "pip install -c constraints.txt -e '.[hibari]'", "hibari",
    abilities=ABILITIES, voices=(Voice("heart", "en-US"),), facts=FACTS,
    slots_per_model=2,  # 0.95 to 0.99 × the speed of two processes, in 0.6 × their memory (bench/book)
)  # fmt: skip
