"""The hibari engine: a small neural English voice for CPUs (docs/explanation/decisions/0022)."""

from seriatim.engine import Voice
from seriatim.engine_abilities import Abilities
from workers.engines.engine_catalogue import EngineProfile

ABILITIES = Abilities("hibari", ("en",), speeds=(0.5, 2.0), phonemes=True)  #: what the model was made for
PROFILE = EngineProfile(
    "hibari-tts (Apache-2.0)", "pip install -c constraints.txt -e '.[hibari]'", "hibari",
    abilities=ABILITIES, voices=(Voice("heart", "en-US"),),
)  # fmt: skip
