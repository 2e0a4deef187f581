"""Steps as CUDA graphs: one launch instead of some thousand, which is what a step of few rows spends its time on.

A graph has one shape, so there is one per width and length of `StepShapes`, all recorded before the first sentence and
in
one pool of memory. A step then takes the smallest that is large enough. Tests on a CPU round without recording, which
shows that rounding changes nothing.
"""

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from workers.engines.xtts.batch.batch_slots import BatchSize, BatchSlots, StepResult

LENGTH = 256  #: positions between two lengths: at most so many are read in vain, and a whole batch has five lengths
REHEARSALS = 2  #: runs before recording, in which cuBLAS and the allocator take what they need


class StepRunner(Protocol):
    """Makes steps of at least this width and length (`BatchSlots.step`)."""

    def step(self, width: int, length: int) -> StepResult: ...


@dataclass(frozen=True, slots=True)
class StepShapes:
    """The widths and lengths that steps are rounded up to, ascending."""

    widths: tuple[int, ...]
    lengths: tuple[int, ...]

    @classmethod
    def of(cls, size: BatchSize) -> "StepShapes":
        """Powers of two up to all slots, multiples of `LENGTH` up to all positions."""
        powers = (2**power for power in range(size.slots.bit_length()))
        widths = {*(width for width in powers if width < size.slots), size.slots}
        lengths = {*range(LENGTH, size.positions, LENGTH), size.positions}
        return cls(tuple(sorted(widths)), tuple(sorted(lengths)))

    def rounded(self, width: int, length: int) -> tuple[int, int]:
        """The least shape that is large enough."""
        return next(w for w in self.widths if w >= width), next(n for n in self.lengths if n >= length)


class CudaGraphs:
    """Steps of few shapes, recorded. Needs CUDA."""

    def __init__(self, slots: BatchSlots, size: BatchSize) -> None:
        self._slots, self._shapes = slots, StepShapes.of(size)
        self._recorded: dict[tuple[int, int], tuple[torch.cuda.CUDAGraph, StepResult]] = {}
        self._pool = torch.cuda.graph_pool_handle()

    def record(self) -> None:
        """Record every shape, the largest first, because the others then fit into its memory."""
        with self._slots.idle():
            for width in reversed(self._shapes.widths):
                for length in reversed(self._shapes.lengths):
                    self._recorded[width, length] = self._record(width, length)
        torch.cuda.synchronize()

    def step(self, width: int, length: int) -> StepResult:
        shape = self._shapes.rounded(width, length)
        if shape not in self._recorded:
            return self._slots.step(*shape)
        graph, result = self._recorded[shape]
        graph.replay()
        return StepResult(result.tokens, result.latents.clone())  # the next replay overwrites what this one has written

    def _record(self, width: int, length: int) -> tuple[torch.cuda.CUDAGraph, StepResult]:
        aside = torch.cuda.Stream()
        aside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(aside):
            for _ in range(REHEARSALS):
                self._slots.step(width, length)
        torch.cuda.current_stream().wait_stream(aside)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, pool=self._pool):
            result = self._slots.step(width, length)
        return graph, result


class TokenFetcher:
    """Brings a step's tokens to the host, by one copy that does not stop the host until they are wanted."""

    def __init__(self, slots: int, device: torch.device) -> None:
        self._pinned = torch.zeros(2 * slots, dtype=torch.long, pin_memory=True) if device.type == "cuda" else None
        self._copied = torch.cuda.Event() if self._pinned is not None else None
        self._under_way: Tensor = torch.zeros(2, 0)

    def fetch(self, tokens: Tensor) -> None:
        """Begin to copy long [2, rows]."""
        if self._pinned is None or self._copied is None:
            self._under_way = tokens
            return
        self._under_way = self._pinned[: tokens.numel()].view(tokens.shape)
        self._under_way.copy_(tokens, non_blocking=True)
        self._copied.record()

    def fetched(self) -> tuple[list[int], list[int]]:
        """Wait for them: the codes, and where 1 stands for a doubt."""
        if self._copied is not None:
            self._copied.synchronize()
        codes, doubts = self._under_way.tolist()
        return codes, doubts
