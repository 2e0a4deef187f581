"""CUDA graphs: steps of few shapes; and, where there is a GPU, steps that are recorded."""

from typing import Any

import pytest
import torch

from tests.xtts.reference_speech import row_of, speak_all
from workers.engines.xtts.batch.batch import Batch
from workers.engines.xtts.batch.batch_slots import BatchSize
from workers.engines.xtts.model.cuda_graphs import CudaGraphs, StepShapes, TokenFetcher

needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device here")


def test_shapes_are_powers_of_two_and_steps_of_256_up_to_all() -> None:
    shapes = StepShapes.of(BatchSize(slots=48, positions=1041))
    assert shapes == StepShapes((1, 2, 4, 8, 16, 32, 48), (256, 512, 768, 1024, 1041))
    assert StepShapes.of(BatchSize(1, 100)) == StepShapes((1,), (100,))
    assert StepShapes.of(BatchSize(4, 256)) == StepShapes((1, 2, 4), (256,))


def test_a_step_takes_the_smallest_shape_that_is_large_enough() -> None:
    shapes = StepShapes.of(BatchSize(48, 1041))
    assert shapes.rounded(1, 1) == (1, 256)
    assert shapes.rounded(9, 256) == (16, 256)
    assert shapes.rounded(33, 257) == (48, 512)
    assert shapes.rounded(48, 1041) == (48, 1041)


def test_steps_while_idle_change_nothing_that_a_row_will_say(tiny_model: Any) -> None:
    """As when steps are recorded again after `shrink`, with rows in the batch."""
    disturbed, calm = ([row_of(tiny_model, number) for number in range(5)] for _ in range(2))
    speak_all(Batch(tiny_model.gpt, 5), calm)
    batch = Batch(tiny_model.gpt, 5)
    batch.join(disturbed)
    for _ in range(8):
        batch.step()
        with torch.inference_mode(), batch._slots.idle():
            for width in (1, 5):
                batch._slots.step(width, 200)
    speak_all(batch, [])
    assert [row.codes for row in disturbed] == [row.codes for row in calm]


def test_tokens_come_to_the_host() -> None:
    tokens = TokenFetcher(4, torch.device("cpu"))
    tokens.fetch(torch.tensor([[7, 8, 9], [0, 1, 0]]))
    assert tokens.fetched() == ([7, 8, 9], [0, 1, 0])


@needs_gpu
@pytest.mark.parametrize("recorded", [False, True])
def test_a_gpu_says_what_a_cpu_says(tiny_model: Any, recorded: bool) -> None:
    """The noise is drawn on the host, so the codes are the same but where rounding decides."""
    there, here = ([row_of(tiny_model, number) for number in range(18)] for _ in range(2))
    speak_all(Batch(tiny_model.gpt, 6, watch=True), here)
    batch = Batch(tiny_model.gpt, 6, watch=True, device="cuda")
    if recorded:
        batch.warm_up()
        assert isinstance(batch._stepper, CudaGraphs)
        assert len(batch._stepper._recorded) == 4 * 5
    speak_all(batch, there)
    sure = [one.codes == other.codes for one, other in zip(there, here, strict=True) if not other.doubtful]
    assert all(sure)
    assert len(sure) >= 15


@needs_gpu
def test_a_gpu_records_again_after_shrinking(tiny_model: Any) -> None:
    there, here = ([row_of(tiny_model, number) for number in range(8)] for _ in range(2))
    speak_all(Batch(tiny_model.gpt, 8), here)
    batch = Batch(tiny_model.gpt, 8, watch=True, device="cuda")
    batch.warm_up()
    batch.join(there)
    for _ in range(5):
        batch.step()
    homeless = batch.shrink()
    assert isinstance(batch._stepper, CudaGraphs)
    assert len(batch._stepper._recorded) == 3 * 5
    speak_all(batch, homeless)
    assert all(one.codes == other.codes for one, other in zip(there, here, strict=True) if not one.doubtful)
