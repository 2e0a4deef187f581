"""The subject that is measured: a checkpoint with random weights, built once and kept, and sentences to speak with it.

Random weights do not know when a sentence is over. The stop code is made likely enough that sentences end by
themselves at all lengths, some 50 codes on the mean, and `MOST_CODES` bounds them. A sentence has the same seed with
coqui-tts and with us, so in float32 it has the same codes, and the same length.
"""

import os
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from tests.xtts import tiny_checkpoint
from tests.xtts.tiny_checkpoint import FULL, VOICES, Shape
from workers.engines.xtts import text_tokens
from workers.engines.xtts.model import checkpoint
from workers.engines.xtts.model.checkpoint_sizes import PUBLISHED
from workers.tune.test_sentences import SAMPLE

KEPT = Path("bench/out")
STOP_BIAS = 1.2  #: see above; measured
FULL_SIZE = replace(FULL, stop_bias=STOP_BIAS)
QUICK_SIZE = Shape(layers=6, dim=256, heads=4, vocab=512, decoder=PUBLISHED, gain=1.0, stop_bias=STOP_BIAS)
MOST_CODES = 110
LANGUAGE = "en"


@dataclass(frozen=True, slots=True)
class Subject:
    """A loaded model and what it says."""

    model: Any  #: an `Xtts`
    folder: Path
    texts: tuple[str, ...]  #: 16, of all lengths
    device: torch.device

    @property
    def voice(self) -> Any:
        """Its conditioning latents and speaker embedding, by coqui-tts' names."""
        return self.model.speaker_manager.speakers[VOICES[0]]

    def tokens(self, number: int) -> "torch.Tensor":
        """The text tokens of a sentence, long [t]."""
        of_sentence = self.texts[number % len(self.texts)]
        return torch.tensor(text_tokens.tokens(self.model.tokenizer, of_sentence, LANGUAGE), dtype=torch.long)


def subject(*, quick: bool, device: torch.device) -> Subject:
    """Build the checkpoint, unless a run before has, and load it."""
    name, shape = ("xtts-quick", QUICK_SIZE) if quick else ("xtts-full", FULL_SIZE)
    folder = KEPT / f"{name}-{shape.stop_bias:g}"
    if not folder.is_dir():
        building = folder.with_name(f"{folder.name}.{os.getpid()}")  # renamed when whole
        try:
            tiny_checkpoint.build(building, shape)
            building.rename(folder)
        finally:
            shutil.rmtree(building, ignore_errors=True)
    return Subject(checkpoint.load(folder, device), folder, sixteen(), device)


def sixteen() -> tuple[str, ...]:
    """Sentences of 14 to 240 characters, in the order of the sample text."""
    from seriatim.text.segment import SegmentOptions, segment

    return tuple(piece.text for piece in segment(SAMPLE, SegmentOptions(LANGUAGE, merge_chars=12)))[:16]
