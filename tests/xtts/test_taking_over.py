"""Taking a sentence over: what was heard of it binds the next worker, even one that would have spoken otherwise."""

from pathlib import Path

import pytest

from seriatim.engine import AudioChunk, Utterance
from tests.xtts.xtts_systems import Setup, alone
from workers.engines.xtts.batch.resume_state import ResumeState
from workers.engines.xtts.engine import XttsEngine

pytestmark = pytest.mark.thorough

TEXT = "the quick brown fox jumps over the lazy dog, again and again."


def pieces(engine: XttsEngine, state: bytes = b"") -> list[AudioChunk]:
    utterance = Utterance(TEXT, seed=9, state=state)
    return [piece for piece in engine.speak(utterance, lambda: False) if piece.pcm or piece.last]


def codes(piece: AudioChunk) -> tuple[int, ...]:
    return ResumeState.unpack(piece.state).codes


def test_it_goes_on_behind_the_codes_that_were_chosen(tiny_dir: Path, tmp_path: Path) -> None:
    """The one samples, the other takes the likeliest code, as another device might choose by rounding."""
    setup = Setup(tiny_dir, tmp_path, {"max_codes": 60})
    with alone(setup) as sampling, alone(Setup(tiny_dir, tmp_path, setup.options | {"sample": 0})) as greedy:
        whole, otherwise = pieces(sampling.engine), pieces(greedy.engine)
        first_codes = codes(whole[0])
        assert codes(otherwise[-1])[: len(first_codes)] != first_codes, "they would not have agreed"
        rest = pieces(greedy.engine, whole[0].state)
    assert codes(rest[-1])[: len(first_codes)] == first_codes
    assert codes(rest[-1])[len(first_codes) :] != codes(whole[-1])[len(first_codes) :]
    n_bytes = len(whole[0].pcm) + sum(len(piece.pcm) for piece in rest)
    assert ResumeState.unpack(rest[-1].state).emitted_samples == n_bytes // 2
