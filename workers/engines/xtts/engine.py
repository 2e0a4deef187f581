"""The XTTS-v2 engine: one model per process, its sentences spoken together, each streamed as it is generated.

`speak` runs on up to `slots` threads. Each makes an order of its sentence (text tokens, voice, settings), hands it to
the model's thread (`loop.py`) and gives out what comes back. Nothing of the model is touched anywhere else.

In the default mode a sentence that another worker began goes on where that stopped (continuity `resumable`): the codes
so far travel with the sound. In the exact mode every sentence has the bytes of `Xtts.inference`, whatever else is being
spoken, and is given out whole (continuity `exact`).
"""

import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping
from queue import Empty
from typing import Any

import torch

from seriatim.engine import AudioChunk, Continuity, Utterance, Voice
from seriatim.errors import EngineUnavailable, Misconfigured
from seriatim.exit_codes import ExitCode
from seriatim.process.home_folder import expand_home
from seriatim.text.dialects import xtts_text
from workers.engines.engine_options import read_options
from workers.engines.xtts import text_tokens as texts
from workers.engines.xtts.batch.batch import Batch
from workers.engines.xtts.batch.device_memory import DeviceMemoryWatch, slots_that_fit
from workers.engines.xtts.batch.gpu_lock import GpuLock
from workers.engines.xtts.batch.input_bounds import InputBounds
from workers.engines.xtts.batch.model_thread import ModelThread
from workers.engines.xtts.batch.resume_state import ResumeState
from workers.engines.xtts.batch.sentence_take import RATE_HZ, SentenceOrder, tensor_of
from workers.engines.xtts.model.checkpoint import load as load_model
from workers.engines.xtts.model.transformer import slot_bytes
from workers.engines.xtts.model.vocoder import StreamingVocoder
from workers.engines.xtts.quality.hallucination_guard import GuardStrictness
from workers.engines.xtts.voices.voice_catalogue import VoiceCatalogue
from workers.engines.xtts.xtts_options import ABILITIES, Precision, XttsOptions, sampling_of
from workers.gpu_pinning import VISIBLE

log = logging.getLogger(__name__)

POLL_S = 0.02  #: between two looks whether a sentence is cancelled: below a step of the batch
DTYPES = {Precision.FP32: torch.float32, Precision.BF16: torch.bfloat16, Precision.FP16: torch.float16}
FIRST_RTF = 0.5  #: of one slot, until the warm-up has measured it


class XttsEngine:
    """The engine around a loaded model. Thread-safe."""

    name = "xtts"
    rate_hz = RATE_HZ
    limit_chars = max(texts.LIMIT_CHARS.values())
    limits: Mapping[str, int] = texts.LIMIT_CHARS
    abilities = ABILITIES
    merge_chars = 12  #: "No." alone is babble as often as not; with its neighbour it is speech

    def __init__(self, model: Any, options: XttsOptions, device: torch.device) -> None:
        self.continuity = Continuity.EXACT if options.exact else Continuity.RESUMABLE
        self.rtf = FIRST_RTF
        self._options, self._model = options, model
        self._book = VoiceCatalogue(model, expand_home(options.voice_dir))
        self._bounds = InputBounds.of(model.gpt)
        dtype = dtype_of(options, device)
        n_slots = options.slots or slots_that_fit(
            device, slot_bytes(model.gpt, self._bounds.positions, dtype, device), options.gpu_share
        )
        places = min(n_slots, options.gpu_limit) if options.gpu_limit else n_slots
        self._watch = DeviceMemoryWatch(device)
        batch = Batch(model.gpt, places, dtype=dtype, device=device, watch=options.exact)
        batch.warm_up()
        self._loop = ModelThread(
            model, batch, StreamingVocoder(model.hifigan_decoder, device), self._watch, exact=options.exact
        )
        self._limit = GpuLock.of_this_machine(os.environ.get(VISIBLE, str(device)), options.gpu_limit)
        self._loop.start(_broken)

    @property
    def slots(self) -> int:
        """Sentences at once; fewer after memory ran out."""
        return self._loop.batch.slots

    @property
    def voices(self) -> tuple[Voice, ...]:
        """The checkpoint's own, and those in the voice folder now."""
        return self._book.voices

    @property
    def gauges(self) -> Mapping[str, float]:
        """Which GPU (gpu), and of its memory: gpu_memory_used (0..1, by all), gpu_memory_bytes (by this process)."""
        return self._watch.gauges

    def speak(self, utterance: Utterance, cancelled: Callable[[], bool]) -> Iterator[AudioChunk]:
        """See `seriatim.engine.Engine.speak`. A piece without sound says that the model is at work on it.

        Raises:
            UnknownVoice, UnknownLanguage, UnknownOption, BadInput, TextTooLarge: the sentence cannot be spoken as it
                is asked for.
            EngineFailed: this attempt came to nothing.
        """
        order = self._order(utterance)
        while (place := self._limit.place()) is None:
            if cancelled():
                return
            yield AudioChunk(b"")  # others are at work on the GPU: it is not stuck
            time.sleep(POLL_S)
        began_s, n_bytes = time.monotonic(), 0
        try:
            for chunk in self._chunks(order, cancelled):
                n_bytes += len(chunk.pcm)
                if chunk.last:
                    self._measure(time.monotonic() - began_s, n_bytes)
                yield chunk
        finally:
            order.dropped.set()
            place.close()

    def close(self) -> None:
        """End the model's thread, once what it speaks is over."""
        self._loop.close()

    def _measure(self, wall_s: float, n_bytes: int) -> None:
        """The first sentence, which is the warm-up's, says how fast this machine is."""
        if self.rtf == FIRST_RTF and n_bytes:
            self.rtf = wall_s / (n_bytes / 2 / RATE_HZ)

    def _order(self, utterance: Utterance) -> SentenceOrder:
        self.abilities.check(utterance.language, utterance.speed, utterance.options)
        language = texts.language_of(utterance.language)
        exact = self.continuity is Continuity.EXACT
        text = utterance.text if exact else xtts_text(utterance.text, language)
        tokens = texts.tokens(self._model.tokenizer, text, language, self._bounds.text_tokens + 1)
        state = ResumeState.unpack(utterance.state) if utterance.state else None
        return SentenceOrder(
            text=utterance.text,
            language=language,
            tokens=tensor_of(tokens),
            voice=self._book.conditioning(utterance.voice),
            sampling=sampling_of(self._options, utterance.options),
            seed=utterance.seed,
            max_codes=self._options.max_codes or self._bounds.codes,
            speed=utterance.speed,
            lead_ms=max(0.0, utterance.lead_ms),
            asked_ms=time.monotonic() * 1000,
            strictness=GuardStrictness.OFF if exact else self._options.guard,
            state=state,
        )

    def _chunks(self, order: SentenceOrder, cancelled: Callable[[], bool]) -> Iterator[AudioChunk]:
        """The chunks that the model's thread makes for an order; an empty one while it is at work."""
        self._loop.order(order)
        rounds = self._loop.rounds
        while not cancelled():
            try:
                answer = order.answers.get(timeout=POLL_S)
            except Empty:
                if rounds != self._loop.rounds:
                    rounds = self._loop.rounds
                    yield AudioChunk(b"")
                continue
            if isinstance(answer, Exception):
                raise answer
            yield answer
            if answer.last:
                return


def load(given_options: Mapping[str, str]) -> XttsEngine:
    """Load a checkpoint with the options in `given_options`.

    Raises:
        UnknownOption: an option that it does not have, or a value outside its range.
        EngineUnavailable: the checkpoint, a voice or the device is not there.
        Misconfigured: the licence of the weights is not accepted, or options that exclude each other.
    """
    options = read_options(XttsOptions, "xtts", given_options)
    if not options.model:
        raise EngineUnavailable(
            "the xtts engine needs a checkpoint: --model DIR; `seriatim models` says how to get one"
        )
    device = device_of(options.device)
    if options.threads:
        torch.set_num_threads(options.threads)
    model = load_model(expand_home(options.model), device, accept_licence=options.accept_licence)
    engine = XttsEngine(model, options, device)
    if not engine.voices:
        engine.close()
        raise EngineUnavailable(
            f"{options.model} has no voices of its own, and none is cloned: "
            "seriatim voices add NAME RECORDING --model DIR"
        )
    log.info("engine ready", extra={"device": str(device), "slots": engine.slots, "voices": len(engine.voices)})
    return engine


def device_of(name: str) -> torch.device:
    """The device that an option names.

    Raises:
        EngineUnavailable: it is none, or is not there.
    """
    if name == "auto":
        return torch.device("cuda", 0) if torch.cuda.is_available() else torch.device("cpu")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise EngineUnavailable(f"device {name!r}; expected auto, cpu, cuda or cuda:N") from error
    if device.type not in ("cpu", "cuda") or (device.type == "cuda" and not torch.cuda.is_available()):
        raise EngineUnavailable(
            f"device {name!r} is not there: this torch {'finds no GPU' if torch.version.cuda else 'is without CUDA'}"
        )
    return device


def dtype_of(options: XttsOptions, device: torch.device) -> torch.dtype:
    """What the GPT computes in.

    Raises:
        Misconfigured: the exact mode in anything but float32, or fp16 on a CPU.
    """
    if options.exact and options.precision not in (Precision.AUTO, Precision.FP32):
        raise Misconfigured(f"exact=1 needs precision fp32, found {options.precision}")
    if options.precision is Precision.FP16 and device.type == "cpu":
        raise Misconfigured("precision fp16 needs a GPU; a CPU has fp32 and bf16")
    if options.precision is not Precision.AUTO:
        return DTYPES[options.precision]
    return torch.bfloat16 if device.type == "cuda" and not options.exact else torch.float32


def _broken(error: BaseException) -> None:
    """The model's thread is lost, and what it was speaking with it: the process must not look alive."""
    log.critical("model broken; exiting for restart", exc_info=error)
    os._exit(ExitCode.BROKEN)
