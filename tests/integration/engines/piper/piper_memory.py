"""The most memory that a process with piper holds: loaded, and after a sentence of half a minute or more.

`python -m tests.integration.engines.piper.piper_memory VOICES` prints both as JSON, of the first voice in the folder.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from seriatim.engine import Engine, Utterance
from workers.engines.engine_registry import load

SHORT = "Many workers speak."
LONG = "Many workers speak at once, and every listener hears one text. " * 4
SLOWLY = {"length_scale": 4.0}


def main(arguments: Sequence[str]) -> int:
    """Speak a short sentence and a long one in this process."""
    engine = load("piper", {"voices": arguments[0]})
    _speak_s(engine, Utterance(SHORT))
    loaded_mb = _peak_mb()
    length_s = _speak_s(engine, Utterance(LONG, options=SLOWLY))
    sys.stdout.write(json.dumps({"loaded_mb": loaded_mb, "sentence_s": length_s, "sentence_mb": _peak_mb()}) + "\n")
    engine.close()
    return 0


def _speak_s(engine: Engine, utterance: Utterance) -> float:
    """Speak, and keep nothing; returns the length of the sound in seconds."""
    return sum(len(chunk.pcm) for chunk in engine.speak(utterance, lambda: False)) / 2 / engine.rate_hz


def _peak_mb() -> float:
    """The most that this process has held since its start. Unlike `ru_maxrss` it has nothing of the parent."""
    lines = Path("/proc/self/status").read_text("ascii").splitlines()
    return int(next(line for line in lines if line.startswith("VmHWM")).split()[1]) * 1024 / 1e6


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
