"""The sizes of a checkpoint's decoder that its config.json cannot express, taken from its tensors.

`XttsArgs` has no field for the vocoder's channels or the speaker encoder's filters: coqui-tts builds both at the one
size of the published model. A checkpoint of another size, such as a small one for tests, is whole all the same; what
it needs is written in the shapes of its tensors.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from seriatim.errors import EngineUnavailable

VOCODER = "hifigan_decoder.waveform_decoder.conv_pre.weight"  #: [channels, D, 7]
SPEAKER = "hifigan_decoder.speaker_encoder."
STAGES = 4  #: of the speaker encoder's ResNet, in every XTTS


@dataclass(frozen=True, slots=True)
class DecoderSizes:
    """What distinguishes one decoder from another."""

    channels: int = 512  #: of the vocoder before its first upsampling
    filters: tuple[int, ...] = (32, 64, 128, 256)  #: of the speaker encoder's four stages
    blocks: tuple[int, ...] = (3, 4, 6, 3)  #: how many blocks each stage has


PUBLISHED = DecoderSizes()  #: XTTS-v2, and what coqui-tts builds by itself


def of_state(state: Mapping[str, Any]) -> DecoderSizes:
    """The sizes of the decoder whose tensors are in `state`, a state dict of `Xtts`.

    Raises:
        EngineUnavailable: there is no such decoder in it.
    """
    try:
        channels = int(state[VOCODER].shape[0])
        filters = tuple(int(state[f"{SPEAKER}layer{stage + 1}.0.conv1.weight"].shape[0]) for stage in range(STAGES))
    except KeyError as error:
        raise EngineUnavailable(f"model.pth has no tensor {error}: it is no XTTS-v2 checkpoint") from None
    return DecoderSizes(channels, filters, tuple(_blocks(state, stage + 1) for stage in range(STAGES)))


def _blocks(state: Mapping[str, Any], stage: int) -> int:
    name = re.compile(rf"{re.escape(SPEAKER)}layer{stage}\.(\d+)\.conv1\.weight")
    return sum(1 for key in state if name.fullmatch(key))
