"""Linear layers, y = x W + b, in the two forms that the transformer's weights are kept in.

On a CPU the weights are packed once into the layout that oneDNN's kernels read: with torch's own layout every call
would repack them, or fall back on kernels that are several times slower for a few rows. Measured with the weights of
30 layers of 1024 (2 cores with AVX-512, ms for all of them; `linear`: torch.nn.functional.linear):

    rows        1    4    8   16   32  | bfloat16   1    4    8   16   32
    linear     53  112  137  161  234  |           25   27   29   47   61
    packed     23   25   32   43   73  |           13   14   17   22   37
"""

from typing import Protocol

import torch
from torch import Tensor
from torch.nn import functional

ROWS = 16  #: oneDNN chooses the layout for so many rows; it serves all numbers of rows above 1 equally well


class Linear(Protocol):
    """[..., n_in] -> [..., n_out], in one dtype."""

    def __call__(self, x: Tensor) -> Tensor: ...


class PlainLinear:
    """With torch's own kernels: on a GPU, and on a CPU for which torch has no oneDNN."""

    def __init__(self, weight: Tensor, bias: Tensor, *, gelu: bool = False) -> None:
        self._weight, self._bias, self._gelu = weight.contiguous(), bias, gelu

    def __call__(self, x: Tensor) -> Tensor:
        y = functional.linear(x, self._weight, self._bias)
        return functional.gelu(y, approximate="tanh") if self._gelu else y


class PackedLinear:
    """With oneDNN's kernels, by the operator that torch's own compiler emits for a CPU; GELU is part of the kernel."""

    def __init__(self, weight: Tensor, bias: Tensor, *, gelu: bool = False) -> None:
        self._weight = torch.ops.mkldnn._reorder_linear_weight(weight.contiguous(), ROWS)  # noqa: SLF001  # as above
        self._bias = bias
        self._after: tuple[str, list[float], str] = ("gelu", [], "tanh") if gelu else ("none", [], "")

    def __call__(self, x: Tensor) -> Tensor:
        return torch.ops.mkldnn._linear_pointwise(x, self._weight, self._bias, *self._after)  # noqa: SLF001


def linear(weight: Tensor, bias: Tensor, device: torch.device, dtype: torch.dtype, *, gelu: bool = False) -> Linear:
    """The form that is fast on `device`; weight [n_out, n_in], bias [n_out], of any dtype; gelu: behind it, by tanh."""
    weight, bias = weight.detach().to(device, dtype), bias.detach().to(device, dtype)
    return PackedLinear(weight, bias, gelu=gelu) if packs(device, dtype) else PlainLinear(weight, bias, gelu=gelu)


def packs(device: torch.device, dtype: torch.dtype) -> bool:
    """Whether oneDNN multiplies this dtype on this device."""
    if device.type != "cpu" or not torch.backends.mkldnn.is_available():
        return False
    return dtype == torch.float32 or (dtype == torch.bfloat16 and _bfloat16_supported())


def _bfloat16_supported() -> bool:
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())  # noqa: SLF001  # as in Packed
