"""Keys and values of all positions of all slots: what a row would otherwise compute again at every step.

One tensor [slots, heads, positions + 1, width of a head] per layer for keys and one for values. Apart, so that a move
to fewer slots needs the memory of one more layer at most. The last position belongs to no row: slots without a row
write there when a step has a fixed shape. All of it is zero at first, because what is not read is masked, and 0 times
anything but a number is no number.
"""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor


class KeyValueCache:
    """The keys and values of `slots` rows."""

    def __init__(self, layers: int, shape: tuple[int, int, int, int], dtype: torch.dtype, device: torch.device) -> None:
        self.positions = shape[2]  #: of a row, and so the 0-based number of the one that belongs to no row
        self.dtype = dtype
        with_scratch = (shape[0], shape[1], shape[2] + 1, shape[3])
        self.keys = [_zeros(with_scratch, dtype, device) for _ in range(layers)]
        self.values = [_zeros(with_scratch, dtype, device) for _ in range(layers)]

    def move(self, source: int, target: int, length: int) -> None:
        """Copy the first `length` positions of one slot onto another."""
        for tensor in self._all():
            tensor[target, :, :length] = tensor[source, :, :length]

    def clear(self, slot: int) -> None:
        """Zeros again, behind a row whose keys or values were no numbers: a mask does not hide those."""
        for tensor in self._all():
            tensor[slot].zero_()

    def read(self, slot: int, length: int) -> Tensor:
        """A copy of a slot's first positions: [2 * layers, heads, length, width of a head]."""
        return torch.stack([tensor[slot, :, :length] for tensor in self._all()])

    def write(self, slot: int, content: Tensor) -> None:
        """Put back what `read` gave, into any slot."""
        for tensor, its in zip(self._all(), content, strict=True):
            tensor[slot, :, : its.shape[1]] = its

    def shrink(self, slots: int) -> None:
        """Keep the first `slots` slots and free the others' memory, layer by layer."""
        for kept in (self.keys, self.values):
            for layer, tensor in enumerate(kept):
                if tensor.shape[0] > slots:
                    kept[layer] = tensor[:slots].clone()

    def _all(self) -> Iterator[Tensor]:
        yield from self.keys
        yield from self.values


def _zeros(shape: tuple[int, ...], dtype: torch.dtype, device: torch.device) -> Tensor:
    if device.type == "cpu" and dtype == torch.float32:
        return torch.from_numpy(np.zeros(shape, np.float32))  # pages that no row ever reached take no memory
    return torch.zeros(shape, dtype=dtype, device=device)
