"""The streaming vocoder: from a sentence's latents to its samples while it is still being generated.

A `VocoderStream` takes the latents of one sentence as they come and says what can be made of them now: a
`VocoderWindow`. `StreamingVocoder`
renders windows, of many sentences together. What comes out, window after window, is the offline decode of the whole
sentence (`Xtts.hifigan_decoder`), whatever the windows: no cross-fades, nothing is decoded twice but the frames a
window looks at beyond its own edges, and of the latents only those are kept that later windows look at.

A stream can begin at any sample, for a sentence of which another worker gave out a part: it is given all latents
again, and makes the rest.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from workers.engines.xtts.model.vocoder_frames import LinearInterpolation, VocoderFrames
from workers.engines.xtts.model.waveform_generator import GeneratorPlan, WaveformGenerator, tf32

#: frames that go through the generator in one pass at most, all rows together. On a CPU the activations of more fall
#: out of the caches, and shorter passes are mostly surroundings: 120 latents by 20 took 1.28 s with 32, 1.24 with 48,
#: 1.05 with 64, 1.34 with 88 and 128 (full size, 2 cores, medians of 7 in turn).
CPU_PASS_FRAMES = 64
#: elsewhere the bound is memory: about 0.2 MB a frame in float32
PASS_FRAMES = 8192
#: on a GPU windows are lengthened to multiples of this, backwards over what was given out already, so that windows of
#: several rows have equal sizes and go through together; a pass costs its launches, not its frames
QUANTUM_FRAMES = 16


@dataclass(frozen=True, slots=True)
class VocoderWindow:
    """A stretch of one sentence that can be made now."""

    n_samples: int  #: what it will give
    start: int  #: the first frame to make, 0-based in the sentence
    stop: int  #: the frame behind the last
    skip: int  #: samples at its beginning that were given out before
    latents: Tensor  #: float32[n, D]: those that it is made of, and maybe more
    first: int  #: which latent of the sentence the first of them is
    known: int  #: how many latents of the sentence there are so far
    whole: bool  #: and whether these are all
    frames: VocoderFrames
    speaker: tuple[Tensor, ...]


@dataclass(frozen=True, slots=True)
class _VocoderTile:
    """A part of a window, made in one pass."""

    window: VocoderWindow
    start: int  #: its first frame, 0-based in the sentence
    plan: GeneratorPlan


class VocoderStream:
    """One sentence on its way through the vocoder; `StreamingVocoder.stream` makes it."""

    def __init__(
        self,
        generator: WaveformGenerator,
        frames: VocoderFrames,
        speaker: tuple[Tensor, ...],
        emitted_samples: int,
        quantum_frames: int,
    ) -> None:
        self.emitted_samples = emitted_samples  #: samples that left so far, an earlier attempt's among them
        self._generator, self._frames, self._speaker = generator, frames, speaker
        self._quantum = quantum_frames
        self._kept: list[Tensor] = []
        self._first = 0  # which latent the first kept one is

    def push(self, latents: Sequence[Tensor], final: bool) -> VocoderWindow | None:  # noqa: FBT001  # the protocol's
        """Take the sentence's next latents, and say what can be made now, if anything.

        The window has to be rendered: the stream counts it as given.

        Args:
            latents: float32[D] each, on the vocoder's device, possibly none.
            final: no more will come: everything that is left can be made.
        """
        self._kept += latents
        known = self._first + len(self._kept)
        certain = self._frames.count(known, whole=final)
        hop = self._generator.hop
        stop = certain if final else certain - self._generator.after
        window = None
        if stop * hop > self.emitted_samples:
            window = self._window(self._start(stop), stop, known, whole=final)
            self.emitted_samples = stop * hop
        self._forget(known)
        return window

    def _start(self, stop: int) -> int:
        """The frame to begin with: before the first new one, where that makes a size that others have."""
        first_new = self.emitted_samples // self._generator.hop
        return max(0, first_new - (first_new - stop) % self._quantum)

    def _window(self, start: int, stop: int, known: int, *, whole: bool) -> VocoderWindow:
        first = self._frames.first_latent(max(0, start - self._generator.before), known)
        kept = torch.stack(self._kept[first - self._first :])
        skip = self.emitted_samples - start * self._generator.hop
        n_samples = (stop - start) * self._generator.hop - skip
        return VocoderWindow(n_samples, start, stop, skip, kept, first, known, whole, self._frames, self._speaker)

    def _forget(self, known: int) -> None:
        """Drop the latents that no later window looks at."""
        back = self._generator.before + self._quantum - 1
        needed = self._frames.first_latent(max(0, self.emitted_samples // self._generator.hop - back), known)
        needed = min(needed, known)
        if needed > self._first:
            del self._kept[: needed - self._first]
            self._first = needed


class StreamingVocoder:
    """The vocoder of one loaded model.

    Args:
        decoder: `Xtts.hifigan_decoder`; its weight norms are folded in place, which changes no bit of what it makes.
        device: where the windows are made, and where the latents are.
        dtype: float32 is exact: the offline decode's samples to 2e-6 of the peak, which is what torch's convolutions
            of different widths differ by. bfloat16 takes half the time on a CPU, with its noise 26 dB below the sound
            (random weights).
        exact: on CUDA, float32 convolutions in float32, and not in TF32 as is torch's default there.
    """

    def __init__(
        self, decoder: Any, device: torch.device | str, dtype: torch.dtype = torch.float32, *, exact: bool = True
    ) -> None:
        device = torch.device(device)
        self._exact = exact
        self._generator = WaveformGenerator(decoder, device, dtype)
        on_cpu = device.type == "cpu"
        self._quantum = 1 if on_cpu else QUANTUM_FRAMES
        self._pass_frames = CPU_PASS_FRAMES if on_cpu else PASS_FRAMES
        self._stretches = [LinearInterpolation(decoder.ar_mel_length_compression / decoder.output_hop_length)]
        if decoder.output_sample_rate != decoder.input_sample_rate:
            self._stretches.append(LinearInterpolation(decoder.output_sample_rate / decoder.input_sample_rate))

    def frames(self, length_scale: float = 1.0) -> VocoderFrames:
        """How latents become frames at `length_scale` times the length, which is one by the speed."""
        if length_scale == 1.0:
            return VocoderFrames(tuple(self._stretches))
        # The library leaves a sentence as it is where its stretch would not add a latent to it. How long it will be
        # is not known when it begins, and waiting for it would cost seconds: ours is stretched always.
        return VocoderFrames((LinearInterpolation(length_scale, copies=False), *self._stretches))

    def stream(self, speaker: Tensor, emitted_samples: int = 0, length_scale: float = 1.0) -> VocoderStream:
        """The way of one sentence's latents to its samples.

        Args:
            speaker: float32[1, 512, 1], the voice's speaker embedding.
            emitted_samples: samples that an earlier attempt gave out: what comes begins behind them.
            length_scale: 1 / speed, as `Xtts.inference` has it.
        """
        frames = self.frames(length_scale)
        with tf32(not self._exact):
            return VocoderStream(
                self._generator, frames, self._generator.speaker(speaker), emitted_samples, self._quantum
            )

    def least_latents(self, length_scale: float = 1.0) -> int:
        """How many latents a sentence must have before anything of it can be made, unless they are all."""
        frames, n = self.frames(length_scale), 1
        while frames.count(n, whole=False) <= self._generator.after:
            n += 1
        return n

    def render(self, windows: Sequence[VocoderWindow]) -> list[Tensor]:
        """Make the windows, those of equal size together.

        Returns:
            float32[n_samples] for each, -1..1, on the CPU.

        Raises:
            torch.OutOfMemoryError: the device has not the memory; the windows can be made again.
        """
        tiles = [self._tiles(window) for window in windows]
        flat = [tile for of_window in tiles for tile in of_window]
        made: list[Tensor] = [torch.empty(0)] * len(flat)
        for together in self._passes(flat):
            for i, samples in zip(together, self._run([flat[i] for i in together]), strict=True):
                made[i] = samples
        parts = iter(made)
        return [
            torch.cat([next(parts) for _ in of_window])[window.skip :]
            for window, of_window in zip(windows, tiles, strict=True)
        ]

    def _tiles(self, window: VocoderWindow) -> list[_VocoderTile]:
        """The window in the fewest parts that fit through the generator, all of one size but the last."""
        n_frames = window.stop - window.start
        n_tiles = math.ceil(n_frames / self._pass_frames)
        size = math.ceil(n_frames / n_tiles)
        return [self._tile(window, at, min(size, window.stop - at)) for at in range(window.start, window.stop, size)]

    def _tile(self, window: VocoderWindow, start: int, n_frames: int) -> _VocoderTile:
        behind = window.frames.count(window.known, whole=window.whole) - start - n_frames
        reach = self._generator
        return _VocoderTile(window, start, reach.plan(n_frames, min(start, reach.before), min(behind, reach.after)))

    def _passes(self, tiles: Sequence[_VocoderTile]) -> Iterator[list[int]]:
        """Which tiles go through the generator together, by their places in `tiles`."""
        alike: dict[GeneratorPlan, list[int]] = {}
        for i, tile in enumerate(tiles):
            alike.setdefault(tile.plan, []).append(i)
        for plan, places in alike.items():
            most = max(1, self._pass_frames // plan.n_frames)
            yield from (places[at : at + most] for at in range(0, len(places), most))

    def _run(self, tiles: Sequence[_VocoderTile]) -> Tensor:
        """The samples of tiles with one plan, float32[n_tiles, n_frames * hop] on the CPU."""
        with torch.inference_mode(), tf32(not self._exact):
            frames, speakers = self._interpolated(tiles), [tile.window.speaker for tile in tiles]
            return self._generator.run(tiles[0].plan, frames, speakers).cpu()

    def _interpolated(self, tiles: Sequence[_VocoderTile]) -> Tensor:
        """The frames that the generator gets for tiles with one plan, float32[n_tiles, D, n]."""
        frames = tiles[0].plan.frames
        needed = [
            tile.window.frames.weights(
                tile.start + frames.lo, tile.start + frames.hi, tile.window.known, whole=tile.window.whole
            )
            for tile in tiles
        ]
        n_latents = max(weights.shape[1] for _, weights in needed)  # rows of one size may differ by a latent
        together = np.zeros((len(tiles), frames.hi - frames.lo, n_latents), np.float32)
        latents = []
        for weighing, tile, (first, weights) in zip(together, tiles, needed, strict=True):
            weighing[:, : weights.shape[1]] = weights
            at = first - tile.window.first
            some = tile.window.latents[at : at + n_latents]
            latents.append(functional.pad(some, (0, 0, 0, n_latents - len(some))))
        device = self._generator.device
        return (torch.from_numpy(together).to(device) @ torch.stack(latents)).transpose(1, 2)
