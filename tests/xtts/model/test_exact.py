"""The exact mode's samples are those of `Xtts.inference`, and the default mode's hardly differ from them."""

import sys
from typing import Any

import pytest
import torch

from seriatim.errors import Misconfigured
from tests.xtts.reference_speech import generated_alone, inferred, row_of, speak_all, voice_of
from workers.engines.xtts.batch.batch import Batch
from workers.engines.xtts.batch.batch_row import SamplingOptions
from workers.engines.xtts.model.exact_vocoding import codes_alone, exact_wave

pytestmark = pytest.mark.thorough

ROWS = 12
SPEEDS = (1.0, 0.7, 1.6)


@pytest.fixture(scope="module")
def waves(tiny_model: Any) -> list[torch.Tensor]:
    """What `Xtts.inference` makes of the first rows, at several speeds."""
    return [
        inferred(tiny_model, number, row_of(tiny_model, number), speed=SPEEDS[number % 3]) for number in range(ROWS)
    ]


def speaker_of(model: Any, number: int) -> torch.Tensor:
    return voice_of(model, number)["speaker_embedding"]


@pytest.mark.parametrize("slots", [1, 5, ROWS])
def test_samples_are_those_of_inference_to_the_last_bit(tiny_model: Any, waves: list[torch.Tensor], slots: int) -> None:
    rows = [row_of(tiny_model, number) for number in range(ROWS)]
    speak_all(Batch(tiny_model.gpt, slots, watch=True), rows)
    for number, (row, wave) in enumerate(zip(rows, waves, strict=True)):
        exact = exact_wave(tiny_model, row, speaker_of(tiny_model, number), speed=SPEEDS[number % 3])
        assert exact.dtype == torch.float32
        assert torch.equal(exact, wave)


def test_a_doubtful_row_is_spoken_again_alone(tiny_model: Any, waves: list[torch.Tensor]) -> None:
    """Whatever the batch has chosen for it."""
    (row,) = speak_all(Batch(tiny_model.gpt, 1, watch=True), [row_of(tiny_model, 0)])
    row.codes[3:] = [5, 6, 7]
    row.doubtful = True
    assert torch.equal(exact_wave(tiny_model, row, speaker_of(tiny_model, 0)), waves[0])


@pytest.mark.parametrize("number", range(6))
def test_codes_alone_are_those_of_generate(tiny_model: Any, number: int) -> None:
    row = row_of(tiny_model, number)
    codes = generated_alone(tiny_model, row)
    assert codes_alone(tiny_model.gpt, row) == codes
    row.forced = (3, 4, 5)
    goes_on = codes_alone(tiny_model.gpt, row)
    assert goes_on[:3] == [3, 4, 5]
    assert goes_on == speak_all(Batch(tiny_model.gpt, 1), [row])[0].codes


def test_rounding_that_decides_a_code_is_noticed(tiny_model: Any) -> None:
    """Of many rows, those whose codes another batch changes are all marked."""
    sampling = SamplingOptions(temperature=0.6, top_k=5, top_p=0.5, repetition_penalty=1.0)
    alone, together = (
        [row_of(tiny_model, number, sampling=sampling, max_codes=100) for number in range(60)] for _ in range(2)
    )
    speak_all(Batch(tiny_model.gpt, 1, watch=True), alone)
    speak_all(Batch(tiny_model.gpt, 20, watch=True), together)
    changed = [one.codes != other.codes for one, other in zip(alone, together, strict=True)]
    marked = [row.doubtful for row in together]
    report(f"rows that another batch changes: {sum(changed)} of {len(changed)}; marked: {sum(marked)}")
    assert all(mark for change, mark in zip(changed, marked, strict=True) if change)
    assert sum(marked) <= 6


def test_the_default_mode_differs_from_it_in_last_bits_only(tiny_model: Any) -> None:
    """The decoder fed with the batch's own latents: what is streamed."""
    rows = [row_of(tiny_model, number) for number in range(ROWS)]
    speak_all(Batch(tiny_model.gpt, ROWS, watch=True), rows)
    most, differing, samples = 0.0, 0, 0
    for number, row in enumerate(rows):
        if row.doubtful:
            continue
        with torch.inference_mode():
            latents, speaker = torch.stack(row.latents)[None], speaker_of(tiny_model, number)
            streamed = tiny_model.hifigan_decoder(latents, g=speaker).squeeze()
        exact = exact_wave(tiny_model, row, speaker)
        most = max(most, float((streamed - exact).abs().max()))
        differing += int((int16(streamed) != int16(exact)).sum())
        samples += len(exact)
    report(f"default against exact: at most {most:.2g} of full scale, {differing} of {samples} int16 samples differ")
    assert samples > 100_000
    assert most < 1e-5
    assert differing < 0.005 * samples


def report(figure: str) -> None:
    """A figure that the documentation gives; `pytest -s` shows it."""
    sys.stdout.write(f"{figure}\n")


def int16(wave: torch.Tensor) -> torch.Tensor:
    return (wave * 32767).round().to(torch.int16)


def test_the_exact_mode_needs_float32(tiny_model: Any) -> None:
    with pytest.raises(Misconfigured, match=r"exact mode needs float32, found torch\.bfloat16"):
        Batch(tiny_model.gpt, 1, dtype=torch.bfloat16, watch=True)
