"""XTTS' waveform generator (HiFi-GAN), run on a part of its input and nothing more.

A sample depends on a bounded stretch of frames around it. To make the samples of some frames, the generator is given
those frames and their surroundings, and between two of its stages what no later stage needs is dropped: the stage
at 64 samples a frame, which costs most, needs less than two frames of surroundings, where the input needs a dozen. So
a sentence made in parts costs about four frames a part more than in one, and its samples are the same: every
convolution sees what it would see in the whole, with zeros only where the sentence itself begins and ends.

A `GeneratorPlan` is what to keep where, counted from the first sample that is wanted. Parts with the same plan can go
through the generator side by side.
"""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from torch.nn.utils import parametrize

SLOPE = 0.1  #: of every leaky ReLU but the last one's, which has torch's own
FAR = 1 << 20  #: frames; further than any generator looks


@dataclass(frozen=True, slots=True)
class SampleSpan:
    """Positions `lo` to `hi`, counted from the first one that is wanted: `lo` is 0 or less."""

    lo: int
    hi: int


@dataclass(frozen=True, slots=True)
class GeneratorPlan:
    """How to make the samples of `n_frames` frames."""

    n_frames: int
    frames: SampleSpan  #: the frames that the generator gets
    into: tuple[SampleSpan, ...]  #: per stage, what its upsampling gets, in positions of the stage before
    within: tuple[SampleSpan, ...]  #: per stage, what its residual blocks get, in positions of the stage
    out: SampleSpan  #: what the last convolution gets, in samples


class ConvolutionLayer:
    """One convolution with its weights folded, in two dimensions of which the first has one element.

    That is how torch runs a convolution in one dimension anyway; only so can the channels lie last in memory.
    """

    def __init__(self, conv: Any, device: torch.device, dtype: torch.dtype, memory: torch.memory_format) -> None:
        self._weight = conv.weight.detach().unsqueeze(2).to(device, dtype).contiguous(memory_format=memory)
        self._bias = None if conv.bias is None else conv.bias.detach().to(device, dtype)
        self._transposed = isinstance(conv, torch.nn.ConvTranspose1d)
        self.padding: int = conv.padding[0]
        self.stride: int = conv.stride[0]
        self.kernel: int = conv.kernel_size[0]
        self._dilation: int = conv.dilation[0]

    def __call__(self, x: Tensor) -> Tensor:
        padding = (0, self.padding)
        if self._transposed:
            up: Tensor = functional.conv_transpose2d(x, self._weight, self._bias, (1, self.stride), padding)
            return up
        same: Tensor = functional.conv2d(x, self._weight, self._bias, 1, padding, (1, self._dilation))
        return same


@dataclass(frozen=True, slots=True)
class UpsamplingStage:
    """One upsampling and the residual blocks behind it, whose mean goes on."""

    up: ConvolutionLayer
    blocks: tuple[tuple[tuple[ConvolutionLayer, ...], ...], ...]  #: per block its rounds, of two convolutions or of one

    @property
    def reach(self) -> int:
        """How many positions each side of one the residual blocks look at."""
        return max(sum(layer.padding for rounds in block for layer in rounds) for block in self.blocks)

    def run(self, x: Tensor, needed: SampleSpan, have: SampleSpan, added: Tensor | None) -> Tensor:
        """The stage's positions `needed`; `have` is what `x`, at the positions of the stage before, becomes."""
        x = _cut(self.up(functional.leaky_relu_(x, SLOPE)), have, needed)
        x = x if added is None else x.add_(added)
        total = _block(self.blocks[0], x)
        for block in self.blocks[1:]:
            total.add_(_block(block, x))
        return total.div_(len(self.blocks))


class WaveformGenerator:
    """The generator of one decoder, on one device, in one number format.

    `decoder` is an `Xtts.hifigan_decoder`; its weight norms are folded in place, which changes no bit of what it makes.
    """

    def __init__(self, decoder: Any, device: torch.device, dtype: torch.dtype) -> None:
        self.device, self.dtype = device, dtype
        # On a CPU bfloat16 is twice as fast with the channels last. float32 gains a tenth by it, and loses the bits:
        # its sums are made in another order, with four times the error of torch's own.
        channels_last = device.type == "cpu" and dtype is not torch.float32
        self._memory = torch.channels_last if channels_last else torch.contiguous_format
        net = decoder.waveform_decoder
        fold_weight_norm(net)
        self._pre, self._post = self._layer(net.conv_pre), self._layer(net.conv_post)
        per_stage = len(net.resblocks) // len(net.ups)
        self._stages = tuple(
            UpsamplingStage(
                self._layer(up), tuple(map(self._rounds, net.resblocks[i * per_stage : (i + 1) * per_stage]))
            )
            for i, up in enumerate(net.ups)
        )
        conditions = (net.cond_layer, *(net.conds if net.cond_in_each_up_layer else ()))
        self._conditions = tuple(
            ConvolutionLayer(c, device, torch.float32, torch.contiguous_format) for c in conditions
        )
        self.hop: int = math.prod(stage.up.stride for stage in self._stages)  #: samples a frame
        self.plan = lru_cache(maxsize=1024)(self._plan)
        inside = self._plan(1, FAR, FAR).frames
        self.before, self.after = -inside.lo, inside.hi - 1  #: frames of surroundings that a part needs

    def _layer(self, conv: Any) -> ConvolutionLayer:
        return ConvolutionLayer(conv, self.device, self.dtype, self._memory)

    def _rounds(self, block: Any) -> tuple[tuple[ConvolutionLayer, ...], ...]:
        kinds = (block.convs1, block.convs2) if hasattr(block, "convs1") else (block.convs,)
        return tuple(tuple(map(self._layer, rounds)) for rounds in zip(*kinds, strict=True))

    def speaker(self, embedding: Tensor) -> tuple[Tensor, ...]:
        """What a voice adds behind the first convolution and behind each upsampling; `embedding`: [1, 512, 1]."""
        with torch.inference_mode():
            embedding = embedding.to(self.device, torch.float32).unsqueeze(2)
            return tuple(layer(embedding).to(self.dtype) for layer in self._conditions)

    def run(self, plan: GeneratorPlan, frames: Tensor, speakers: Sequence[tuple[Tensor, ...]]) -> Tensor:
        """The samples of several parts that have one plan.

        Args:
            plan: from `plan(n_frames, before, after)`: how many frames are wanted, and how many there are in the
                sentence before and behind them.
            frames: float32[n_parts, D, n] on the device, `n` as many as `plan.frames` says.
            speakers: per part, what `speaker` gave.

        Returns:
            float32[n_parts, n_frames * hop], -1..1, on the device.
        """
        added: list[Tensor | None] = [torch.cat(each) for each in zip(*speakers, strict=True)]
        added += [None] * (1 + len(self._stages) - len(added))
        with torch.inference_mode():
            x = self._pre(frames.unsqueeze(2).to(self.dtype).contiguous(memory_format=self._memory))
            x, have = x.add_(added[0]), plan.frames
            for stage, into, within, bias in zip(self._stages, plan.into, plan.within, added[1:], strict=True):
                x, have = stage.run(_cut(x, have, into), within, _times(into, stage.up.stride), bias), within
            x = self._post(functional.leaky_relu_(_cut(x, have, plan.out)))
            samples = _cut(x, plan.out, SampleSpan(0, plan.n_frames * self.hop))
            return torch.tanh(samples.float())[:, 0, 0]

    def _plan(self, n_frames: int, before: int, after: int) -> GeneratorPlan:
        """What each stage needs, worked out from the last to the first."""
        scale = self.hop  # positions a frame
        out = need = _within(SampleSpan(0, n_frames * scale), self._post.padding, n_frames, before, after, scale)
        into, within = [], []
        for stage in reversed(self._stages):
            need = _within(need, stage.reach, n_frames, before, after, scale)
            within.append(need)
            scale //= stage.up.stride
            need = _within(_before_upsampling(need, stage.up), 0, n_frames, before, after, scale)
            into.append(need)
        frames = _within(need, self._pre.padding, n_frames, before, after, scale)
        return GeneratorPlan(n_frames, frames, tuple(reversed(into)), tuple(reversed(within)), out)


@contextmanager
def tf32(allowed: bool) -> Iterator[None]:  # noqa: FBT001  # the only word there is to say
    """Whether CUDA may make float32 products of TF32 numbers, which have ten bits where a sample has sixteen."""
    backends = torch.backends.cudnn, torch.backends.cuda.matmul
    before = [backend.allow_tf32 for backend in backends]
    try:
        for backend in backends:
            backend.allow_tf32 = allowed
        yield
    finally:
        for backend, was in zip(backends, before, strict=True):
            backend.allow_tf32 = was


def fold_weight_norm(net: Any) -> None:
    """Make each weight of a HiFi-GAN a plain tensor; its own `remove_weight_norm` raises for XTTS' generator.

    Folding twice changes nothing.
    """
    for module in net.modules():
        if parametrize.is_parametrized(module, "weight"):
            parametrize.remove_parametrizations(module, "weight")
            module.weight.requires_grad_(False)


def _block(block: tuple[tuple[ConvolutionLayer, ...], ...], x: Tensor) -> Tensor:
    for first, *others in block:
        change = first(functional.leaky_relu(x, SLOPE))
        for layer in others:
            change = layer(functional.leaky_relu_(change, SLOPE))
        x = change.add_(x)
    return x


def _within(span: SampleSpan, reach: int, n_frames: int, before: int, after: int, scale: int) -> SampleSpan:
    """The span and `reach` positions each side, as far as the sentence goes, at `scale` positions a frame."""
    return SampleSpan(max(span.lo - reach, -before * scale), min(span.hi + reach, (n_frames + after) * scale))


def _before_upsampling(span: SampleSpan, up: ConvolutionLayer) -> SampleSpan:
    """The positions that a transposed convolution's output at `span` comes from."""
    return SampleSpan(
        -((up.kernel - 1 - up.padding - span.lo) // up.stride), (span.hi - 1 + up.padding) // up.stride + 1
    )


def _times(span: SampleSpan, factor: int) -> SampleSpan:
    return SampleSpan(span.lo * factor, span.hi * factor)


def _cut(x: Tensor, have: SampleSpan, want: SampleSpan) -> Tensor:
    """The positions `want` of `x`, which has the positions `have`."""
    return x[..., want.lo - have.lo : want.hi - have.lo]
