"""The blocks give the same whatever the shape of the pass, and what transformers' GPT-2 gives."""

from collections.abc import Iterator
from typing import Any

import pytest
import torch

from tests.xtts.reference_speech import row_of
from workers.engines.xtts.batch.batch_slots import BatchSize, BatchSlots
from workers.engines.xtts.model.transformer import Transformer, attended_on_cpu, attended_on_gpu, slot_bytes

NEAR = 2e-4  #: of values around 1, in a model whose weights are amplified eightfold
CPU, META = torch.device("cpu"), torch.device("meta")


@pytest.fixture(autouse=True)
def _without_gradients() -> Iterator[None]:
    with torch.inference_mode():
        yield


@pytest.fixture(scope="module")
def transformer(tiny_model: Any) -> Transformer:
    return Transformer(tiny_model.gpt, torch.float32, CPU)


def inputs(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(sum(shape)))


def theirs(model: Any, x: torch.Tensor) -> torch.Tensor:
    return model.gpt.gpt(inputs_embeds=x, return_dict=True).last_hidden_state


def near(found: torch.Tensor, expected: torch.Tensor, tolerance: float = NEAR) -> bool:
    return bool(torch.allclose(found, expected, rtol=tolerance, atol=tolerance))


def test_one_pass_gives_what_gpt2_gives(tiny_model: Any, transformer: Transformer) -> None:
    x = inputs(3, 50, 64)
    assert near(transformer.fill(x, transformer.cache(4, 60), 1), theirs(tiny_model, x))


@pytest.mark.parametrize("piece", [1, 7, 20, 49])
def test_pieces_give_what_one_pass_gives(transformer: Transformer, piece: int) -> None:
    x = inputs(1, 50, 64)
    whole = transformer.fill(x, transformer.cache(1, 60), 0)
    cache = transformer.cache(3, 60)
    pieces = [transformer.fill(x[:, at : at + piece], cache, 2, at) for at in range(0, 50, piece)]
    assert near(torch.cat(pieces, 1), whole)


def test_padding_behind_a_shorter_row_changes_nothing(transformer: Transformer) -> None:
    x = inputs(2, 40, 64)
    x[1, 25:] = 1e3
    cache = transformer.cache(2, 60)
    both = transformer.fill(x, cache, 0)
    assert near(both[1, :25], transformer.fill(x[1:, :25], transformer.cache(1, 60), 0)[0])
    following = inputs(2, 64)
    step = transformer.step(following, cache, torch.tensor([40, 25]), 41)
    expected = transformer.fill(torch.cat((x[1, :25], following[1:]))[None], transformer.cache(1, 60), 0)[0, -1]
    assert near(step[1], expected)


@pytest.mark.parametrize("extra", [0, 1, 19])
def test_steps_of_rows_of_all_lengths_give_what_one_pass_gives(transformer: Transformer, extra: int) -> None:
    """Whatever lies in the cache behind a row's positions, and however many of them are read in vain."""
    lengths = (3, 30, 17, 40)
    x = inputs(4, 60, 64)
    cache = transformer.cache(5, 60)
    for tensor in (*cache.keys, *cache.values):
        tensor.fill_(1e3)
    for slot, length in enumerate(lengths):
        transformer.fill(x[slot : slot + 1, :length], cache, slot)
    at = torch.tensor(lengths)
    for number in range(3):
        now = torch.stack([x[slot, length + number] for slot, length in enumerate(lengths)])
        hidden = transformer.step(now, cache, at + number, max(lengths) + number + 1 + min(extra, 17 - number))
        for slot, length in enumerate(lengths):
            whole = transformer.fill(x[slot : slot + 1, : length + number + 1], transformer.cache(1, 60), 0)
            assert near(hidden[slot], whole[0, -1])


def test_bfloat16_gives_nearly_the_same(tiny_model: Any, transformer: Transformer) -> None:
    half = Transformer(tiny_model.gpt, torch.bfloat16, CPU)
    x = inputs(2, 50, 64)
    exact, rounded = (t.fill(x, t.cache(2, 60), 0) for t in (transformer, half))
    assert rounded.dtype == torch.float32
    assert 0 < (exact - rounded).abs().mean() < 0.05 * exact.abs().mean()


def test_a_slot_takes_the_memory_that_is_said(tiny_model: Any, transformer: Transformer) -> None:
    cache = transformer.cache(3, 60)
    held = sum(tensor.nbytes for tensor in (*cache.keys, *cache.values))
    assert held == 3 * slot_bytes(tiny_model.gpt, 60, torch.float32, CPU)
    assert slot_bytes(tiny_model.gpt, 60, torch.bfloat16, torch.device("cuda")) * 2 * 3 == held


def test_a_gpu_s_attention_is_a_cpu_s() -> None:
    q, keys, values = inputs(3, 4, 16), inputs(3, 4, 30, 16), inputs(3, 4, 30, 16)
    hidden = torch.arange(30) > torch.tensor([[29], [3], [17]])
    bias = torch.zeros(3, 1, 30).masked_fill(hidden[:, None], -torch.inf)
    found = attended_on_gpu(q, keys, values, bias)
    assert near(found.reshape(3, 4, 16), attended_on_cpu(q, keys, values, bias).view(3, 4, 16), 1e-5)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_on_another_device_than_the_cpu_everything_stays_there(tiny_model: Any, dtype: torch.dtype) -> None:
    """Torch's meta device computes no numbers, but knows where and of which type they would be."""
    slots = BatchSlots(tiny_model.gpt, BatchSize(6, 300), dtype, META, watch=True)
    row = row_of(tiny_model, 0)
    row.forced = (3, 4)
    slots.voices.put(row.conditioning, 0)
    x = slots.embedding.behind_voice(row, row.forced)
    hidden = slots.transformer.fill(x[None], slots.cache, 0, 32)
    slots.seat(0, row.sampling, row.seed, list(row.forced), 32 + len(x))
    slots.noise.ready(range(1))
    slots.move(0, 2, 70)
    for result, rows in ((slots.first(hidden[:, -1], 0), 1), (slots.step(4, 256), 4)):
        assert (result.tokens.device, result.tokens.dtype, result.tokens.shape) == (META, torch.long, (2, rows))
        assert (result.latents.device, result.latents.dtype, result.latents.shape) == (META, torch.float32, (rows, 64))
    assert slots.cache.keys[0].dtype == dtype
