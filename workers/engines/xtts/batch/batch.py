"""The batch: rows join between two steps, every step gives each row a code, and rows leave when done.

Rows that speak are always in the slots 0 to n - 1, in no particular order: when one leaves, the last one takes its
slot, which costs a copy once and saves every later step from computing a slot without a row. The row being filled is
in slot n, or several are from there on. Rows that wait have no slot yet, but are counted as if they had.

Belongs to one thread. A call that ends in `OutOfMemory` has changed nothing and may be repeated.
"""

import logging
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any

import torch

from seriatim.errors import Misconfigured
from workers.engines.xtts.batch import prefill
from workers.engines.xtts.batch.batch_row import BatchRow
from workers.engines.xtts.batch.batch_slots import BROKEN, BatchSize, BatchSlots, StepResult
from workers.engines.xtts.batch.input_bounds import InputBounds
from workers.engines.xtts.batch.out_of_memory import OutOfMemory, translate_memory_errors
from workers.engines.xtts.batch.prefill import Prefill
from workers.engines.xtts.model.cuda_graphs import CudaGraphs, StepRunner, TokenFetcher
from workers.engines.xtts.model.embedding import n_positions

log = logging.getLogger(__name__)


class Batch:
    """The rows that speak together."""

    def __init__(
        self,
        gpt: Any,
        slots: int,
        *,
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
        max_len: int | None = None,
        fill_positions: int | None = None,
        watch: bool = False,
    ) -> None:
        """Prepare the weights and the cache.

        Args:
            gpt: the `gpt` of a loaded `Xtts`, which is not changed.
            slots: rows at once, 1 or more.
            dtype: of the weights; float32 or bfloat16, on a GPU float16 too.
            device: where to compute.
            max_len: positions of a row at most, None for the model's; a GPU has memory for all of them (`slot_bytes`).
            fill_positions: positions of joining rows between two steps, None for `filling.POSITIONS`.
            watch: mark the rows of which rounding may have decided a code (`BatchRow.doubtful`); only with float32.

        Raises:
            OutOfMemory: the device has no room for so many slots.
            Misconfigured: `watch` with another dtype than float32.
        """
        if watch and dtype != torch.float32:
            raise Misconfigured(f"the exact mode needs float32, found {dtype}")
        self._device = torch.device(device)
        self._bounds = InputBounds.of(gpt)
        self._size = BatchSize(slots, max_len or self._bounds.positions)
        self._piece = fill_positions or prefill.POSITIONS[self._device.type]
        with self._computing(f"making {slots} slots"):
            self._slots = BatchSlots(gpt, self._size, dtype, self._device, watch=watch)
            self._tokens = TokenFetcher(slots, self._device)
        self._stepper = self._made_stepper()
        self._speaking: list[BatchRow] = []  # by slot
        self._filling: list[Prefill] = []
        self._waiting: deque[BatchRow] = deque()
        self._ended: list[BatchRow] = []  # and not yet returned

    @property
    def slots(self) -> int:
        """Rows that fit in; half of what it was after `shrink`."""
        return self._size.slots

    @property
    def max_codes(self) -> int:
        """The most codes that a row of this model may have."""
        return self._bounds.codes

    @property
    def rows(self) -> tuple[BatchRow, ...]:
        """The rows in it: those that speak, those being filled, those that wait for that."""
        return (*self._speaking, *(filled.row for filled in self._filling), *self._waiting)

    @property
    def free(self) -> int:
        """How many rows may join."""
        return self.slots - len(self._speaking) - len(self._filling) - len(self._waiting)

    def warm_up(self) -> None:
        """Record the steps of a GPU, for some seconds; nothing on a CPU. Rows may be in the batch already.

        Raises:
            OutOfMemory: no room for it; steps then run unrecorded, or `shrink` makes room.
        """
        if isinstance(self._stepper, CudaGraphs):
            with self._computing("recording steps"):
                self._stepper.record()

    def join(self, rows: Sequence[BatchRow]) -> None:
        """Take rows in. What they have before their first new code is fed by the next calls of `step`.

        A row that `shrink` returned may join as it is, and goes on.

        Raises:
            TextTooLarge: a row that has no room in this model or this batch; no row has joined.
            EngineFailed: forced codes or text of another model; no row has joined.
            ValueError: more rows than are free.
        """
        if len(rows) > self.free:
            raise ValueError(f"{len(rows)} rows join a batch with {self.free} free slots")
        for row in rows:
            self._bounds.check(row, self._size.positions)
        self._waiting.extend(rows)

    def step(self) -> list[BatchRow]:
        """Feed rows that joined, then give every row that speaks a code; one just fed gets its first two.

        Returns:
            The rows that ended, and are not in the batch any more.

        Raises:
            OutOfMemory: no row has lost anything, and the same call may be made again.
        """
        with self._computing(f"speaking {len(self._speaking)} rows"):
            self._fill()
            self._say()
        ended, self._ended = self._ended, []
        return ended

    def leave(self, row: BatchRow) -> None:
        """Take a row out, whatever it was doing; one that is not in the batch (any more) is ignored."""
        if row in self._speaking:
            with self._computing("moving a row"):
                self._vacate(row)
        self._filling = [filled for filled in self._filling if filled.row is not row]
        self._waiting = deque(waiting for waiting in self._waiting if waiting is not row)

    def shrink(self) -> list[BatchRow]:
        """Halve the slots, and free the other half's memory. A GPU's steps are recorded again, for some seconds.

        Returns:
            The rows that have no place any more, as they are. They may join again, here or elsewhere: their codes so
            far become `forced`, and their latents go on behind those that they have.

        Raises:
            OutOfMemory: one slot is left, or there is not even room to move; nothing is changed.
        """
        if self.slots == 1:
            raise OutOfMemory("no memory left for a single row: take a smaller dtype, or a device with more memory")
        self._stepper = self._slots  # a GPU's graphs go first: they hold memory
        slots = self.slots // 2
        with self._computing(f"keeping {slots} slots"):
            self._slots.cache.shrink(slots)
        self._size = BatchSize(slots, self._size.positions)
        if self._device.type == "cuda":
            torch.cuda.empty_cache()
        homeless = self._evicted()
        self._stepper = self._made_stepper()
        self._record_again()
        return homeless

    @contextmanager
    def _computing(self, doing: str) -> Iterator[None]:
        on_device = torch.cuda.device(self._device) if self._device.type == "cuda" else nullcontext()
        with torch.inference_mode(), on_device, translate_memory_errors(doing):
            yield

    def _made_stepper(self) -> StepRunner:
        return CudaGraphs(self._slots, self._size) if self._device.type == "cuda" else self._slots

    def _record_again(self) -> None:
        try:
            self.warm_up()
        except OutOfMemory as error:
            log.warning("no memory for CUDA graphs; steps run slower", extra={"error": str(error)})

    def _evicted(self) -> list[BatchRow]:
        """Keep the rows that fit, those that are furthest first."""
        in_order = self.rows
        kept, homeless = set(in_order[: self.slots]), in_order[self.slots :]
        self._speaking = [row for row in self._speaking if row in kept]
        self._filling = [filled for filled in self._filling if filled.row in kept]
        self._waiting = deque(row for row in self._waiting if row in kept)
        for row in homeless:
            row.slot, row.forced = -1, tuple(row.codes) or row.forced
        return list(homeless)

    def _fill(self) -> None:
        """Feed as many positions of joining rows as speaking rows can wait for."""
        if not self._filling:
            self._begin_filling()
        if not self._filling:
            return
        if not all(filled.whole for filled in self._filling):  # they are whole where choosing their codes failed
            self._feed()
        if all(filled.whole for filled in self._filling):
            self._finish_filling()

    def _begin_filling(self) -> None:
        rows = prefill.together(self._waiting, self._piece, self._bounds.stop)
        prefills = [prefill.start_prefill(row, self._slots.embedding, self._bounds.stop) for row in rows]
        for slot, row in enumerate(rows, len(self._speaking)):
            self._slots.voices.put(row.conditioning, slot)
        self._filling = prefills
        for _ in rows:
            self._waiting.popleft()

    def _feed(self) -> None:
        one, *others = self._filling
        whole = bool(others) or not self._speaking  # together they fit; or no row speaks that would have to wait
        x = prefill.padded(self._filling, max(len(filled.x) for filled in self._filling) if whole else self._piece)
        hidden = self._slots.transformer.fill(x, self._slots.cache, len(self._speaking), one.at)
        for fed, its in zip(self._filling, hidden, strict=True):
            fed.feed(its)

    def _finish_filling(self) -> None:
        """The latents of forced codes are given out; then either the row is done, or it speaks."""
        latents = [self._slots.latents(torch.cat(filled.hidden)) for filled in self._filling]
        result = None if self._filling[0].ends else self._first_step()
        done, self._filling = self._filling, []
        for filled, its in zip(done, latents, strict=True):
            row = filled.row
            row.codes = list(row.forced)
            row.latents.extend(its[len(row.latents) : len(row.codes)].unbind())
            row.done = filled.ends
        rows = [filled.row for filled in done]
        if result is None:
            self._ended.extend(rows)
            return
        for row in rows:
            row.slot = len(self._speaking)
            self._speaking.append(row)
        self._hear(rows, result)

    def _first_step(self) -> StepResult:
        first = len(self._speaking)
        for slot, filled in enumerate(self._filling, first):
            row = filled.row
            self._slots.seat(slot, row.sampling, row.seed, list(row.forced), filled.at)
        slots = range(first, first + len(self._filling))
        self._slots.noise.ready(slots)
        result = self._slots.first(torch.stack([filled.hidden[-1][-1] for filled in self._filling]), first)
        self._slots.noise.spend(slots)
        return result

    def _say(self) -> None:
        """A code for every row that speaks."""
        if not self._speaking:
            return
        slots = range(len(self._speaking))
        self._slots.noise.ready(slots)
        result = self._stepper.step(len(slots), max(_fed(row) for row in self._speaking) + 1)
        self._slots.noise.spend(slots)
        self._hear(list(self._speaking), result)

    def _hear(self, rows: Sequence[BatchRow], result: StepResult) -> None:
        """Give each row its code and latent, and take out those that end with it."""
        self._tokens.fetch(result.tokens)
        self._slots.noise.draw_ahead(range(len(self._speaking)))
        codes, doubts = self._tokens.fetched()
        for row, code, doubt, latent in zip(rows, codes, doubts, result.latents.unbind(), strict=False):
            if code == BROKEN:
                row.done = row.broken = True
                self._slots.cache.clear(row.slot)
                continue
            row.codes.append(code)
            row.latents.append(latent)
            row.doubtful = row.doubtful or bool(doubt)
            row.done = code == self._bounds.stop or len(row.codes) >= row.max_codes
        for row in sorted((row for row in rows if row.done), key=lambda row: row.slot, reverse=True):
            self._vacate(row)
            self._ended.append(row)

    def _vacate(self, row: BatchRow) -> None:
        """The last row that speaks takes this one's slot, and rows being filled move up behind it."""
        last = self._speaking.pop()
        free = last.slot
        if last is not row:
            self._slots.move(free, row.slot, _fed(last))
            self._speaking[row.slot], last.slot = last, row.slot
        self._slots.vacate(free)
        row.slot = -1
        for slot, filled in enumerate(self._filling, free):
            self._slots.cache.move(slot + 1, slot, filled.at)


def _fed(row: BatchRow) -> int:
    """Positions that a row which speaks has fed: all but that of its last code."""
    return n_positions(row, len(row.codes) - 1)
