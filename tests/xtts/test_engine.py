"""The engine as its worker sees it: sentences go in on many threads, each comes out as if it were alone."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch

from seriatim.engine import AudioChunk, Continuity, Utterance
from seriatim.errors import EngineFailed, EngineUnavailable, Misconfigured, UnknownLanguage, UnknownOption, UnknownVoice
from tests.xtts.reference_speech import TEXTS
from tests.xtts.tiny_checkpoint import VOICES
from workers.engines.xtts.batch.out_of_memory import OutOfMemory
from workers.engines.xtts.batch.resume_state import ResumeState
from workers.engines.xtts.engine import XttsEngine, load

CODES = 60  #: of a sentence at most, 2.8 s: random weights would go on for half a minute


def never() -> bool:
    return False


def engine_of(folder: Path, voices: Path, **options: object) -> XttsEngine:
    settings = {
        "model": folder,
        "voice_dir": voices,
        "max_codes": CODES,
        "slots": 4,
        "threads": 1,
        "guard": "off",
    } | options
    return load({name: str(value) for name, value in settings.items()})


@pytest.fixture(scope="module")
def engine(tiny_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[XttsEngine]:
    made = engine_of(tiny_dir, tmp_path_factory.mktemp("voices"))
    yield made
    made.close()


@pytest.fixture
def new_engine(tiny_dir: Path, tmp_path: Path) -> Iterator[Callable[..., XttsEngine]]:
    made: list[XttsEngine] = []

    def new(**options: object) -> XttsEngine:
        made.append(engine_of(tiny_dir, tmp_path, **options))
        return made[-1]

    yield new
    for each in made:
        each.close()


def utterance(number: int, **changes: Any) -> Utterance:
    made = Utterance(TEXTS[number % len(TEXTS)], voice=VOICES[number % 2], language="en", seed=number)
    return replace(made, **changes)


def pieces(engine: XttsEngine, request: Utterance) -> list[AudioChunk]:
    return [piece for piece in engine.speak(request, never) if piece.pcm or piece.last]


def samples(chunks: list[AudioChunk]) -> npt.NDArray[np.int64]:
    return np.frombuffer(b"".join(piece.pcm for piece in chunks), "<i2").astype(np.int64)


def codes(chunks: list[AudioChunk]) -> tuple[int, ...]:
    return ResumeState.unpack(chunks[-1].state).codes


def same(one: npt.NDArray[np.int64], other: npt.NDArray[np.int64]) -> bool:
    """Equal but for the last bit: where floats differ by 1e-7, rounding to 16 bits may."""
    return len(one) == len(other) and int(np.abs(one - other).max(initial=0)) <= 1


def inference(model: Any, request: Utterance) -> npt.NDArray[np.int64]:
    """What coqui-tts makes of a sentence."""
    voice = model.speaker_manager.speakers[request.voice]
    torch.manual_seed(request.seed)
    made = model.inference(
        request.text, request.language, voice["gpt_cond_latent"], voice["speaker_embedding"],
        speed=request.speed, max_new_tokens=CODES, temperature=0.75, top_k=50, top_p=0.85, repetition_penalty=10.0,
    )  # fmt: skip
    wav: npt.NDArray[np.float32] = made["wav"]
    return (np.clip(wav, -1, 1) * 32_767).astype("<i2").astype(np.int64)


def test_a_sentence_sounds_as_the_library_makes_it(engine: XttsEngine, tiny_model: Any) -> None:
    for number in range(len(TEXTS)):
        chunks = pieces(engine, utterance(number))
        assert same(samples(chunks), inference(tiny_model, utterance(number)))
        assert [piece.last for piece in chunks] == [False] * (len(chunks) - 1) + [True]


def test_it_is_streamed(engine: XttsEngine) -> None:
    """The first piece leaves after a few codes, not after the sentence."""
    chunks = pieces(engine, utterance(3))
    assert len(chunks) >= 3
    assert len(chunks[0].pcm) / 2 / 24_000 < 0.7
    assert len(ResumeState.unpack(chunks[0].state).codes) < len(codes(chunks)) / 2


@pytest.mark.thorough
def test_many_at_once_sound_as_each_alone(engine: XttsEngine, new_engine: Callable[..., XttsEngine]) -> None:
    """Two voices, all lengths, four rows, twenty-four threads."""
    alone = new_engine(slots=1)
    utterances = [utterance(number) for number in range(24)]
    with ThreadPoolExecutor(24) as threads:
        together = list(threads.map(lambda each: pieces(engine, each), utterances))
    for each, chunks in zip(utterances, together, strict=True):
        expected = pieces(alone, each)
        assert codes(chunks) == codes(expected)
        assert same(samples(chunks), samples(expected))


@pytest.mark.thorough
def test_the_exact_mode_gives_the_librarys_bytes_whatever_else_is_spoken(
    new_engine: Callable[..., XttsEngine], tiny_model: Any
) -> None:
    engine = new_engine(exact=1)
    assert engine.continuity is Continuity.EXACT
    utterances = [utterance(number, speed=(1.0, 1.25)[number // 6 % 2]) for number in range(12)]
    with ThreadPoolExecutor(12) as threads:
        together = list(threads.map(lambda each: pieces(engine, each), utterances))
    for each, chunks in zip(utterances, together, strict=True):
        assert samples(chunks).tolist() == inference(tiny_model, each).tolist()


@pytest.mark.thorough
def test_another_worker_goes_on_where_one_stopped(engine: XttsEngine, new_engine: Callable[..., XttsEngine]) -> None:
    other = new_engine(slots=2)
    whole = pieces(engine, utterance(3))
    for stopped in range(len(whole) - 1):
        rest = pieces(other, utterance(3, state=whole[stopped].state))
        assert codes(rest) == codes(whole)
        assert same(samples([*whole[: stopped + 1], *rest]), samples(whole))


def test_a_state_that_was_whole_but_for_its_end_gives_the_end(engine: XttsEngine) -> None:
    whole = pieces(engine, utterance(2))
    rest = pieces(engine, utterance(2, state=whole[-1].state))
    assert samples(rest).size == 0
    assert rest[-1].last


def test_a_cancelled_sentence_leaves_its_place_at_once(new_engine: Callable[..., XttsEngine]) -> None:
    engine = new_engine(slots=1, max_codes=0)
    cancelled = threading.Event()
    stream = engine.speak(utterance(3), cancelled.is_set)
    next(piece for piece in stream if piece.pcm)
    cancelled.set()
    assert not [piece for piece in stream if piece.pcm]
    assert pieces(engine, utterance(0))
    assert not engine._loop.batch.rows


def test_a_listener_who_goes_away_leaves_no_row_behind(engine: XttsEngine) -> None:
    stream = engine.speak(utterance(3), never)
    next(piece for piece in stream if piece.pcm)
    stream.close()  # type: ignore[attr-defined]  # it is a generator
    pieces(engine, utterance(0))
    assert not engine._loop.batch.rows


def test_a_speed_changes_the_length(engine: XttsEngine) -> None:
    natural, fast = (samples(pieces(engine, utterance(3, speed=speed))) for speed in (1.0, 2.0))
    assert len(fast) == pytest.approx(len(natural) / 2, rel=0.1)


@pytest.mark.thorough
def test_texts_set_how_codes_are_chosen(engine: XttsEngine) -> None:
    greedy = {codes(pieces(engine, utterance(3, seed=seed, options={"sample": 0}))) for seed in (1, 2)}
    assert len(greedy) == 1
    sampled = {codes(pieces(engine, utterance(3, seed=seed, options={"temperature": 1.2}))) for seed in (1, 2)}
    assert len(sampled) == 2


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"voice": "Alcie Test"}, UnknownVoice, "unknown voice 'Alcie Test'; nearest: Alice Test"),
        ({"language": "sv"}, UnknownLanguage, "unknown xtts language 'sv'; known: en, es, zh, fr"),
        ({"options": {"temprature": 1.0}}, UnknownOption, "unknown xtts option 'temprature'; nearest"),
        ({"options": {"top_p": 2.0}}, UnknownOption, "option top_p is 2, expected 0.01 to 1"),
        ({"options": {"sample": 3.0}}, UnknownOption, "option sample is 3, expected 0 to 1"),
        ({"state": b"nonsense"}, EngineFailed, "an xtts state of 8 bytes; expected 21 or more"),
    ],
)
def test_what_cannot_be_spoken_is_refused_and_costs_no_other_sentence(
    engine: XttsEngine, changes: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error) as raised:
        pieces(engine, utterance(3, **changes))
    assert str(raised.value).startswith(message)
    assert pieces(engine, utterance(0))


class Scarce:
    """A batch whose device has no memory for more than `fits` rows; it makes no step before all its slots are taken."""

    def __init__(self, batch: Any, fits: int) -> None:
        self._batch, self._fits, self.refusals = batch, fits, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._batch, name)

    def step(self) -> Any:
        if self._batch.free and not self.refusals:
            return []
        if len(self._batch.rows) > self._fits:
            self.refusals += 1
            raise OutOfMemory("no memory left")
        return self._batch.step()


@pytest.mark.thorough
def test_where_memory_runs_out_slots_are_halved_and_nothing_is_lost(
    engine: XttsEngine, new_engine: Callable[..., XttsEngine]
) -> None:
    poor = new_engine(slots=8)
    scarce = Scarce(poor._loop.batch, fits=3)
    poor._loop.batch = scarce  # type: ignore[assignment]  # the device's memory is what cannot be had in a test
    utterances = [utterance(number) for number in range(8)]
    with ThreadPoolExecutor(8) as threads:
        together = list(threads.map(lambda each: pieces(poor, each), utterances))
    assert scarce.refusals
    assert poor.slots == 2
    for each, chunks in zip(utterances, together, strict=True):
        assert same(samples(chunks), samples(pieces(engine, each)))


@pytest.mark.thorough
def test_a_limit_on_the_gpu_is_a_limit_on_slots(new_engine: Callable[..., XttsEngine]) -> None:
    engine = new_engine(slots=4, gpu_limit=1)
    assert engine.slots == 1
    with ThreadPoolExecutor(3) as threads:
        together = list(threads.map(lambda number: pieces(engine, utterance(number)), range(3)))
    assert all(chunks[-1].last for chunks in together)


def test_the_guard_bounds_what_random_weights_would_go_on_with(new_engine: Callable[..., XttsEngine]) -> None:
    engine = new_engine(guard="cut", max_codes=0)
    chunks = pieces(engine, utterance(0, options={"temperature": 3.0, "top_k": 0, "top_p": 1.0}))
    marks = [piece.mark for piece in chunks if piece.mark]
    assert samples(chunks).size / 24_000 < 12
    assert chunks[-1].last
    assert all(mark.startswith(("cut_", "left_")) for mark in marks)


@pytest.mark.parametrize(("guard", "takes"), [("cut", 1), ("retry", 3)])
def test_a_sentence_of_which_nothing_came_but_silence_has_failed(
    new_engine: Callable[..., XttsEngine], guard: str, takes: int
) -> None:
    """To give it out would be to lose a sentence unnoticed."""
    engine = new_engine(guard=guard)
    last = engine._loop._vocoder._generator._post
    last._weight.zero_()
    if last._bias is not None:
        last._bias.zero_()
    with pytest.raises(EngineFailed, match=rf"^no speech in {takes} takes of a sentence \((silence|short)\)$"):
        pieces(engine, utterance(3))


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"model": ""}, EngineUnavailable, "the xtts engine needs"),
        ({"device": "cuda"}, EngineUnavailable, "device 'cuda' is not there: this torch"),
        ({"device": "toaster"}, EngineUnavailable, "device 'toaster'; expected auto, cpu, cuda or cuda:N"),
        ({"precision": "fp16"}, Misconfigured, "precision fp16 needs a GPU; a CPU has fp32 and bf16"),
        ({"precision": "bf16", "exact": 1}, Misconfigured, "exact=1 needs precision fp32, found bf16"),
        ({"slots": 2000}, UnknownOption, "option slots of the xtts engine is 2000, expected 0 to 1024"),
    ],
)
@pytest.mark.skipif(torch.cuda.is_available(), reason="asks for what a machine without a GPU lacks")
def test_what_cannot_be_loaded_says_what_to_do(
    new_engine: Callable[..., XttsEngine], options: dict[str, object], error: type[Exception], message: str
) -> None:
    with pytest.raises(error) as raised:
        new_engine(**options)
    assert str(raised.value).startswith(message)
