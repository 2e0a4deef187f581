"""The transformer: XTTS's GPT blocks over the rows of a cache, in one of two passes.

`fill` takes many new positions of one or several rows, as at a sentence's beginning; `step` takes one new position of
each row. Rows are always a range of slots, so a pass reads the cache through views. XTTS has no position inside its
blocks (text and codes bring learned ones in their embeddings), so where a row's positions lie in the cache matters
only for the mask.

What is added up over the layers stays in float32, whatever the dtype of the weights. On a CPU keys and values are
float32 too: torch's bfloat16 kernels for one query are no faster there (16 rows of 300 positions on 2 cores: 28 ms for
30 layers either way, against 50 and 98 ms with torch's fused attention).
"""

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from workers.engines.xtts.model.key_value_cache import KeyValueCache
from workers.engines.xtts.model.linear import Linear, linear


@dataclass(frozen=True, slots=True)
class LayerNorm:
    """Layer norm in float32."""

    weight: Tensor
    bias: Tensor
    eps: float

    @classmethod
    def of(cls, module: Any, device: torch.device) -> "LayerNorm":
        """From a `torch.nn.LayerNorm`."""
        weight, bias = (t.detach().to(device, torch.float32) for t in (module.weight, module.bias))
        return cls(weight, bias, float(module.eps))

    def __call__(self, x: Tensor) -> Tensor:
        return functional.layer_norm(x, self.weight.shape, self.weight, self.bias, self.eps)


@dataclass(frozen=True, slots=True)
class TransformerBlock:
    """One layer's weights."""

    before_attention: LayerNorm
    qkv: Linear
    out: Linear
    before_mlp: LayerNorm
    up: Linear
    down: Linear


class Transformer:
    """The blocks of a `TTS.tts.layers.xtts.gpt.GPT`, their weights in `dtype` on `device`."""

    def __init__(self, gpt: Any, dtype: torch.dtype, device: torch.device) -> None:
        self.dtype, self.device = dtype, device
        self.dim, self.heads = int(gpt.model_dim), int(gpt.heads)
        self.head_dim = self.dim // self.heads
        self._blocks = [_block(module, dtype, device) for module in gpt.gpt.h]
        self._last_norm = LayerNorm.of(gpt.gpt.ln_f, device)

    def cache(self, slots: int, positions: int) -> KeyValueCache:
        """An empty cache for `slots` rows of up to `positions` positions."""
        shape = (slots, self.heads, positions, self.head_dim)
        return KeyValueCache(len(self._blocks), shape, cache_dtype(self.dtype, self.device), self.device)

    def fill(self, x: Tensor, cache: KeyValueCache, first: int, start: int = 0) -> Tensor:
        """Feed new positions of the rows in slots `first` and following.

        Args:
            x: float32 [rows, C, D]; rows shorter than the others are padded behind, with anything.
            cache: is written at positions `start` to `start` + C.
            first: 0-based slot.
            start: positions that were fed before, the same for all rows.

        Returns:
            float32 [rows, C, D]; behind a padded row's end, anything.
        """
        rows, fed, _ = x.shape
        at, slots = slice(start, start + fed), slice(first, first + rows)
        mask = None if start == 0 else _causal(start, fed, self.device)
        for layer, block in enumerate(self._blocks):
            q, k, v = self._heads_of(block.qkv(block.before_attention(x).to(self.dtype)), cache)
            keys, values = cache.keys[layer][slots], cache.values[layer][slots]
            keys[:, :, at], values[:, :, at] = k, v
            keys, values = keys[:, :, : at.stop], values[:, :, : at.stop]
            out = functional.scaled_dot_product_attention(q, keys, values, attn_mask=mask, is_causal=mask is None)
            x = self._rest(block, x, out.transpose(1, 2).reshape(x.shape))
        return self._last_norm(x)

    def step(self, x: Tensor, cache: KeyValueCache, at: Tensor, length: int) -> Tensor:
        """Feed one new position of each of the rows in the first slots.

        Args:
            x: float32 [rows, D].
            cache: is written at `at`, for each row.
            at: long [rows], the number of positions that each row has fed before; read up to and including it.
            length: positions of the cache that are read, more than the largest of `at` that counts.

        Returns:
            float32 [rows, D].
        """
        rows = x.shape[0]
        slots = torch.arange(rows, device=self.device)
        visible = (torch.arange(length, device=self.device) <= at[:, None])[:, None]
        bias = torch.zeros_like(visible, dtype=cache.dtype).masked_fill(~visible, -torch.inf)
        attended = attended_on_cpu if self.device.type == "cpu" else attended_on_gpu
        for layer, block in enumerate(self._blocks):
            qkv = block.qkv(block.before_attention(x).to(self.dtype))
            q, k, v = (t[:, :, 0] for t in self._heads_of(qkv[:, None], cache))
            keys, values = cache.keys[layer], cache.values[layer]
            keys[slots, :, at], values[slots, :, at] = k, v
            out = attended(q, keys[:rows, :, :length], values[:rows, :, :length], bias)
            x = self._rest(block, x, out.reshape(x.shape))
        return self._last_norm(x)

    def _heads_of(self, qkv: Tensor, cache: KeyValueCache) -> tuple[Tensor, ...]:
        """[rows, C, 3 D] -> query, key and value, each [rows, heads, C, width of a head] as in the cache."""
        split = qkv.to(cache.dtype).view(*qkv.shape[:2], 3, self.heads, self.head_dim)
        return tuple(split[:, :, which].transpose(1, 2) for which in range(3))

    def _rest(self, block: TransformerBlock, x: Tensor, attended: Tensor) -> Tensor:
        """What follows attention in a block."""
        x = x + block.out(attended.to(self.dtype))
        return x + block.down(block.up(block.before_mlp(x).to(self.dtype)))


def attended_on_cpu(q: Tensor, keys: Tensor, values: Tensor, bias: Tensor) -> Tensor:
    """Attention of one query per row, by two products that read keys and values once.

    Args:
        q: [rows, heads, w].
        keys: [rows, heads, T, w], where the first two dimensions can be viewed as one.
        values: as keys.
        bias: [rows, 1, T], added to every head's scores; -inf hides a position.

    Returns:
        As many numbers as q, in the same order.
    """
    width = q.shape[-1]
    column = q.reshape(-1, 1, width).transpose(1, 2)  # with the strides of a row: bmm is three times slower with others
    scores = torch.bmm(keys.flatten(0, 1), column).view(*q.shape[:2], -1)
    weights = scores.mul_(width**-0.5).add_(bias).softmax(-1)
    return torch.bmm(weights.view(-1, 1, weights.shape[-1]), values.flatten(0, 1))


def attended_on_gpu(q: Tensor, keys: Tensor, values: Tensor, bias: Tensor) -> Tensor:
    """As `attended_on_cpu`, by torch's fused kernels."""
    return functional.scaled_dot_product_attention(q[:, :, None], keys, values, attn_mask=bias[:, :, None])


def cache_dtype(dtype: torch.dtype, device: torch.device) -> torch.dtype:
    """What keys and values are kept in, for weights of `dtype`."""
    return torch.float32 if device.type == "cpu" else dtype


def slot_bytes(gpt: Any, positions: int, dtype: torch.dtype, device: torch.device) -> int:
    """Memory that one slot's keys and values take, in bytes; on a CPU only as far as a row has really come."""
    return 2 * len(gpt.gpt.h) * (positions + 1) * int(gpt.model_dim) * int(cache_dtype(dtype, device).itemsize)


def _block(module: Any, dtype: torch.dtype, device: torch.device) -> TransformerBlock:
    def made(conv: Any, *, gelu: bool = False) -> Linear:  # transformers' Conv1D keeps [n_in, n_out]
        return linear(conv.weight.detach().t(), conv.bias, device, dtype, gelu=gelu)

    return TransformerBlock(
        before_attention=LayerNorm.of(module.ln_1, device),
        qkv=made(module.attn.c_attn),
        out=made(module.attn.c_proj),
        before_mlp=LayerNorm.of(module.ln_2, device),
        up=made(module.mlp.c_fc, gelu=True),
        down=made(module.mlp.c_proj),
    )


def _causal(start: int, fed: int, device: torch.device) -> Tensor:
    """A mask, bool [fed, start + fed]: a new position sees all earlier ones and itself."""
    ones = torch.ones(fed, start + fed, dtype=torch.bool, device=device)
    return ones.tril(diagonal=start)
