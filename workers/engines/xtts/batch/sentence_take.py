"""One sentence on the model's thread: an order, and the take that is being made of it.

An order is what a speaking thread hands in and what it gets back, piece by piece, through a queue. A take is one try at
it: a row in the batch, its way through the vocoder, the guard that listens along. If the guard finds that a take goes
wrong before anything of it was given out, another take with the next seed follows.
"""

import threading
from dataclasses import dataclass, field
from queue import SimpleQueue

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from seriatim.engine import AudioChunk
from seriatim.errors import EngineFailed
from workers.engines.xtts.batch.batch_row import BatchRow, SamplingOptions
from workers.engines.xtts.batch.chunk_sizes import CODE_MS, ChunkSizer, SpeedEstimate
from workers.engines.xtts.batch.resume_state import ResumeState
from workers.engines.xtts.model.vocoder import StreamingVocoder, VocoderWindow
from workers.engines.xtts.quality.hallucination_guard import FaultSign, GuardAction, GuardStrictness, HallucinationGuard
from workers.engines.xtts.voices.voice_catalogue import VoiceConditioning

RATE_HZ = 24_000
TAKES = 3  #: of one sentence: three bad ones in a row are the text's fault, not the draw's
FIRST_SPARE = 2  #: latents of a first piece beyond the least that makes a sound: 90 ms that are worth hearing
FULL_SCALE = 32_767
MOST_SEED = 2**63


@dataclass(frozen=True, slots=True, eq=False)
class SentenceOrder:
    """A sentence to be spoken. Made by a speaking thread; the model's thread only reads it, and answers."""

    text: str
    language: str  #: one of text.LANGUAGES
    tokens: Tensor  #: long [t]
    voice: VoiceConditioning
    sampling: SamplingOptions
    seed: int
    max_codes: int
    speed: float
    lead_ms: float  #: how much sound the listener had at `asked_ms`
    asked_ms: float
    strictness: GuardStrictness
    state: ResumeState | None = None  #: of an earlier attempt, to go on from
    answers: "SimpleQueue[AudioChunk | Exception]" = field(
        default_factory=SimpleQueue
    )  #: ends with `last`, or an error
    dropped: threading.Event = field(default_factory=threading.Event)  #: set once the sentence is cancelled or done


class SentenceTake:
    """One try at an order, and what was given out of it so far."""

    def __init__(
        self, order: SentenceOrder, vocoder: StreamingVocoder, *, number: int = 0, marks: tuple[str, ...] = ()
    ) -> None:
        state = order.state if number == 0 else None
        self.order, self._vocoder = order, vocoder
        self.number = state.take if state else number
        self.seed = state.seed if state else (order.seed + number) % MOST_SEED
        self.emitted_samples = (
            state.emitted_samples if state else 0
        )  # samples that left, an earlier attempt's among them
        self.row = BatchRow(
            text_tokens=order.tokens, conditioning=order.voice.gpt_latent, sampling=order.sampling, seed=self.seed,
            max_codes=order.max_codes, forced=state.codes if state else (),
        )  # fmt: skip
        scale = 1.0 / order.speed
        self._stream = vocoder.stream(order.voice.speaker, self.emitted_samples, scale)
        self._guard = HallucinationGuard(
            order.text, order.language, order.speed, order.strictness, self.emitted_samples, RATE_HZ
        )
        least = vocoder.least_latents(scale) + FIRST_SPARE
        self._chunks = ChunkSizer(order.lead_ms, order.asked_ms, least, CODE_MS / order.speed)
        self._pushed = self._guarded = 0  # latents that the stream has, and codes that the guard knows
        self.over = False  # was its last piece given out?
        self._cut_at: int | None = None  # the sample at which it is to end
        self._held: list[npt.NDArray[np.float32]] = []  # vocoded and not given out: the guard may want another take
        self._marks = list(marks)

    def window(self, now_ms: float, pace: SpeedEstimate) -> VocoderWindow | None:
        """What is to be vocoded now, if anything; it has to be rendered, and handed to `sounded`."""
        waiting = len(self.row.latents) - self._pushed
        if not self.row.done and not (waiting and self._chunks.due(waiting, now_ms, pace)):
            return None
        window = self._stream.push(self.row.latents[self._pushed :], self.row.done)
        self._pushed = len(self.row.latents)
        return window

    @property
    def rendered(self) -> bool:
        """Is everything that the row has on its way, and the row done?"""
        return self.row.done and self._pushed == len(self.row.latents)

    def listen(self) -> None:
        """Let the guard know of new codes; the last one may be the stop code, which is none to it."""
        codes = self.row.codes[: -1 if self.row.done else None]
        for code in codes[self._guarded :]:
            self._guard.code(code)
        self._guarded = max(self._guarded, len(codes))

    def sounded(self, samples: Tensor | None, now_ms: float) -> "SentenceTake | None":
        """Take what was vocoded, float32[n]; give out what may leave. Returns another take if this one goes wrong.

        None for `samples` says that nothing was vocoded.
        """
        ended = self.rendered
        if samples is not None:
            vocoded = samples.numpy()
            self._guard.hear(vocoded)
            self._held.append(vocoded)
        verdict = self._guard.verdict(self.emitted_samples, TAKES - 1 - self.number, ended=ended)
        if verdict.action is GuardAction.AGAIN:
            return SentenceTake(self.order, self._vocoder, number=self.number + 1, marks=_marked("again", verdict.sign))
        if verdict.sign is not None and not self._guard.sounded:
            self._fail(f"no speech in {self.number + 1} takes of a sentence ({verdict.sign})")
            return None
        if verdict.action is GuardAction.CUT and self._cut_at is None:
            self._cut_at = max(self.emitted_samples, verdict.end)
            self._marks += _marked("cut", verdict.sign)
        elif ended and verdict.sign is not None:
            self._marks += _marked("left", verdict.sign)
        if ended or self._guard.sounded or self.order.strictness is not GuardStrictness.RETRY:
            self._give(
                now_ms, ended=ended
            )  # else it is silence still, whose loss is not heard, and may be spoken again
        return None

    def _fail(self, why: str) -> None:
        """Nothing was heard but silence: that is no sentence, and to give it out would be to lose one unnoticed."""
        self.over = True
        self.order.answers.put(EngineFailed(why))

    def _give(self, now_ms: float, *, ended: bool) -> None:
        """Give out what is held, up to where the sentence is cut."""
        held = np.concatenate(self._held) if self._held else np.empty(0, np.float32)
        self._held = []
        if self._cut_at is not None:
            held = held[: max(0, self._cut_at - self.emitted_samples)]
        self.emitted_samples += len(held)
        self.over = ended or (self._cut_at is not None and self.emitted_samples >= self._cut_at)
        if len(held) or self.over:
            self._chunks.gave(len(held) * 1000 / RATE_HZ, now_ms)
            self.order.answers.put(AudioChunk(pcm_of(held), self._state(), self._mark(), last=self.over))

    def _state(self) -> bytes:
        return ResumeState(tuple(self.row.codes), self.emitted_samples, self.seed, self.number).pack()

    def _mark(self) -> str:
        mark, self._marks = ",".join(self._marks), []
        return mark


def pcm_of(samples: npt.NDArray[np.float32]) -> bytes:
    """s16le of float32 samples; what is beyond full scale is clipped."""
    pcm: bytes = (np.clip(samples, -1.0, 1.0) * FULL_SCALE).astype("<i2").tobytes()
    return pcm


def tensor_of(tokens: list[int]) -> Tensor:
    """Text tokens as a row takes them."""
    return torch.tensor(tokens, dtype=torch.long)


def _marked(what: str, sign: FaultSign | None) -> tuple[str, ...]:
    return (f"{what}_{sign}",) if sign else ()
