"""A sentence begins with its voice, and the voice's positions are the same in all its sentences: they are fed once.

Their keys and values depend on nothing behind them, so they are kept for the voices spoken last, and copied into the
slot of a sentence that begins: 32 positions of some 80 that need not be computed before its first sound.
"""

from collections import OrderedDict
from dataclasses import dataclass

import torch
from torch import Tensor

from workers.engines.xtts.model.key_value_cache import KeyValueCache
from workers.engines.xtts.model.transformer import Transformer

KEPT = 16  #: voices; each takes 8 MB in float32, at XTTS-v2's size


@dataclass(frozen=True, slots=True)
class _FedVoice:
    conditioning: Tensor  #: kept, so that no other tensor gets its id
    content: Tensor  #: [2 * layers, heads, positions, width of a head]


class VoicePositions:
    """The voices spoken last, by the identity of their conditioning tensors."""

    def __init__(self, transformer: Transformer, cache: KeyValueCache, kept: int = KEPT) -> None:
        self._transformer, self._cache, self._kept = transformer, cache, kept
        self._voices: OrderedDict[int, _FedVoice] = OrderedDict()

    def put(self, conditioning: Tensor, slot: int) -> int:
        """Make `conditioning`, float32 [1, n, D], the first n positions of a slot; returns n."""
        known = self._voices.get(id(conditioning)) or self._feed(conditioning, slot)
        self._cache.write(slot, known.content)
        self._voices[id(conditioning)] = known
        self._voices.move_to_end(id(conditioning))
        while len(self._voices) > self._kept:
            self._voices.popitem(last=False)
        return int(conditioning.shape[1])

    def _feed(self, conditioning: Tensor, slot: int) -> _FedVoice:
        x = conditioning.to(self._transformer.device, torch.float32)
        self._transformer.fill(x, self._cache, slot)
        return _FedVoice(conditioning, self._cache.read(slot, x.shape[1]))
