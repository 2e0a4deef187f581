"""The model's thread: it alone touches the model. Orders come in through a queue, sound goes out through theirs.

Each round takes new orders in, drops cancelled ones, gives every row one code, and vocodes what is
due. A round is one step of the batch, so that an order joins, and a cancelled one leaves, within one.

An error of one sentence ends that sentence alone. An error of the model belongs to no sentence in particular: the
process ends, all its sentences become suspects, and each runs alone next time (docs/explanation/architecture.md).
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor

from seriatim.engine import AudioChunk
from seriatim.errors import EngineFailed, SeriatimError
from workers.engines.xtts.batch.batch import Batch
from workers.engines.xtts.batch.device_memory import DeviceMemoryWatch
from workers.engines.xtts.batch.out_of_memory import OutOfMemory
from workers.engines.xtts.batch.sentence_take import SentenceOrder, SentenceTake, pcm_of
from workers.engines.xtts.batch.speed_estimate import SpeedMeter
from workers.engines.xtts.model.exact_vocoding import exact_wave
from workers.engines.xtts.model.vocoder import StreamingVocoder, VocoderWindow

log = logging.getLogger(__name__)

Made = TypeVar("Made")


class ModelThread:
    """The thread's loop, and the methods by which other threads use it."""

    def __init__(
        self, model: Any, batch: Batch, vocoder: StreamingVocoder, watch: DeviceMemoryWatch, *, exact: bool
    ) -> None:
        self._model, self.batch, self._vocoder, self._watch, self._exact = model, batch, vocoder, watch, exact
        self._orders: SimpleQueue[SentenceOrder | None] = SimpleQueue()  # None: no more will come
        self._waiting: deque[SentenceTake] = deque()  # takes whose row is not in the batch
        self._speaking: dict[int, SentenceTake] = {}  # by the identity of their row
        self._pacer = SpeedMeter()
        self._closed = False
        self.rounds = 0  #: made so far; a thread that is stuck makes none
        self._thread: threading.Thread | None = None

    def start(self, broken: Callable[[BaseException], object]) -> None:
        """Begin; `broken` is called, on the thread, with what ended it before its time."""
        self._thread = threading.Thread(target=self._run, args=(broken,), name="model", daemon=True)
        self._thread.start()

    def order(self, order: SentenceOrder) -> None:
        """Have a sentence spoken; answers come through the order. From any thread."""
        self._orders.put(order)

    def close(self) -> None:
        """End the thread, once everything ordered was spoken or dropped."""
        self._orders.put(None)
        if self._thread is not None:
            self._thread.join()

    def _run(self, broken: Callable[[BaseException], object]) -> None:
        try:
            while self._take_in():
                self._round()
        except BaseException as error:  # noqa: BLE001  # the thread's outermost call: without the model nothing works
            broken(error)

    def _take_in(self) -> bool:
        """Take orders in, waiting for one if there is nothing else to do; False when all is over."""
        idle = not (self._speaking or self._waiting)
        while not (idle and self._closed):
            try:
                order = self._orders.get(block=idle)
            except Empty:
                return True
            idle = False
            if order is None:
                self._closed = True
                return bool(self._speaking or self._waiting)
            self._waiting.append(SentenceTake(order, self._vocoder))
        return False

    def _round(self) -> None:
        self._drop()
        self._join()
        ended = self._step()
        for row_id in [id(row) for row in ended if row.broken]:
            self._fail(self._speaking.pop(row_id), EngineFailed("the model's scores were no numbers"))
        if self._exact:
            self._sound_exactly()
        else:
            self._sound()
        self._watch.look()
        self.rounds += 1

    def _drop(self) -> None:
        """Drop the orders that were cancelled."""
        self._waiting = deque(take for take in self._waiting if not take.order.dropped.is_set())
        for take in [take for take in self._speaking.values() if take.order.dropped.is_set()]:
            self._leave(take)

    def _leave(self, take: SentenceTake) -> None:
        self.batch.leave(take.row)
        if self._speaking.pop(id(take.row), None) is None:  # it lost its slot meanwhile
            self._waiting = deque(other for other in self._waiting if other is not take)

    def _join(self) -> None:
        while self._waiting and self.batch.free:
            take = self._waiting.popleft()
            try:
                self.batch.join([take.row])
            except SeriatimError as error:  # a text or a state of another model: its own fault alone
                self._fail(take, error)
            else:
                self._speaking[id(take.row)] = take

    def _step(self) -> Sequence[Any]:
        """One step of the batch; where memory runs out, with half of the slots, until it does not."""
        began_s = time.monotonic()
        while True:
            try:
                ended = self.batch.step()
            except OutOfMemory as error:
                self._shrink(error)
                continue
            self._pacer.stepped((time.monotonic() - began_s) * 1000)
            return ended

    def _shrink(self, error: Exception) -> None:
        """Halve the slots; a take that loses its slot waits, and goes on from where it is.

        Raises:
            OutOfMemory: not even one slot can be had.
        """
        homeless = {id(row) for row in self.batch.shrink()}
        log.warning("GPU out of memory; slots halved", extra={"slots": self.batch.slots, "error": str(error)})
        for row_id in homeless:
            self._waiting.appendleft(self._speaking.pop(row_id))

    def _sound(self) -> None:
        """Vocode what is due, and give it out."""
        now_ms, pace = time.monotonic() * 1000, self._pacer.now()
        due: list[tuple[SentenceTake, VocoderWindow]] = []
        for take in list(self._speaking.values()):
            take.listen()
            window = take.window(now_ms, pace)
            if window is not None:
                due.append((take, window))
            else:
                self._hand_on(take, None)
        if due:
            made = self._rendered([window for _, window in due])
            for (take, _), samples in zip(due, made, strict=True):
                self._hand_on(take, samples)

    def _rendered(self, windows: Sequence[VocoderWindow]) -> list[Tensor]:
        began_s = time.monotonic()
        made = self._with_room(lambda: self._vocoder.render(windows))
        n_latents = round(sum(len(samples) for samples in made) * 22_050 / 24_000 / 1024)
        self._pacer.vocoded(max(1, n_latents), len(windows), (time.monotonic() - began_s) * 1000)
        return made

    def _with_room(self, make: Callable[[], Made]) -> Made:
        """What `make` makes; where memory runs out, with half of the slots, until it does not."""
        while True:
            try:
                return make()
            except torch.OutOfMemoryError as error:
                self._shrink(error)

    def _hand_on(self, take: SentenceTake, samples: Tensor | None) -> None:
        """Hand on what was vocoded of a take; None: nothing was."""
        another = take.sounded(samples, time.monotonic() * 1000)
        if another is not None:
            self._leave(take)
            self._waiting.appendleft(another)
        elif take.over:
            self._leave(take)

    def _sound_exactly(self) -> None:
        """Speak every row that is done once more, alone, and give it out whole."""
        for take in [take for take in self._speaking.values() if take.row.done]:
            order = take.order
            made = partial(exact_wave, self._model, take.row, order.voice.speaker, speed=order.speed)
            samples = self._with_room(made)
            order.answers.put(AudioChunk(pcm_of(np.atleast_1d(samples.numpy())), last=True))
            self._leave(take)

    @staticmethod
    def _fail(take: SentenceTake, error: Exception) -> None:
        take.order.answers.put(error)
