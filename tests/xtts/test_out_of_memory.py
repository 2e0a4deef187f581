"""Out of memory on the device, no sentence loses anything: a step may be made again, and slots can be given up."""

import random
from collections.abc import Callable
from typing import Any

import pytest
import torch

from tests.xtts.reference_speech import STEPS, row_of, speak_all
from workers.engines.xtts.batch.batch import Batch
from workers.engines.xtts.batch.batch_row import BatchRow
from workers.engines.xtts.batch.out_of_memory import OutOfMemory, translate_memory_errors

pytestmark = pytest.mark.thorough

ROWS = 9
FULL = "CUDA out of memory. Tried to allocate 2 GiB.\nOf the allocated memory ..."
#: where a step takes memory: the objects, by their path in a batch, and the method
PLACES = (
    ("transformer", "fill"),
    ("transformer", "step"),
    ("voices", "put"),
    ("embedding", "behind_voice"),
    ("noise", "ready"),
    ("", "latents"),
    ("", "_chosen"),
)


def rows_of(model: Any) -> list[BatchRow]:
    rows = [row_of(model, number) for number in range(ROWS)]
    rows[5].forced = (7, 8, 9)
    rows[6].forced = (7, 8, 1025)
    return rows


@pytest.fixture(scope="module")
def undisturbed(tiny_model: Any) -> list[list[int]]:
    rows = rows_of(tiny_model)
    speak_all(Batch(tiny_model.gpt, 4), rows)
    return [row.codes for row in rows]


def failing_now_and_then(call: Callable[..., Any], share: float) -> Callable[..., Any]:
    """`call`, which so often fails before its work, and as often after it."""
    chance = random.Random(1)

    def failing(*args: Any, **options: Any) -> Any:
        if chance.random() < share:
            raise torch.OutOfMemoryError(FULL)
        result = call(*args, **options)
        if chance.random() < share:
            raise torch.OutOfMemoryError(FULL)
        return result

    return failing


@pytest.mark.parametrize("together", [8, 4096])
@pytest.mark.parametrize(("owner", "method"), PLACES)
def test_a_step_that_ran_out_of_memory_is_made_again(
    tiny_model: Any, undisturbed: list[list[int]], owner: str, method: str, together: int
) -> None:
    batch = Batch(tiny_model.gpt, 4, fill_positions=together)
    failing = getattr(batch._slots, owner) if owner else batch._slots
    setattr(failing, method, failing_now_and_then(getattr(failing, method), 0.25))
    rows, failures = rows_of(tiny_model), list[str]()
    waiting, ended = list(rows), []
    for _ in range(STEPS):
        joining = waiting[: batch.free]
        waiting = waiting[len(joining) :]
        batch.join(joining)
        try:
            ended += batch.step()
        except OutOfMemory as error:
            failures.append(str(error))
        if len(ended) == ROWS:
            break
    assert failures
    assert all("CUDA out of memory. Tried to allocate 2 GiB; no row is lost" in message for message in failures)
    assert sorted(map(id, ended)) == sorted(map(id, rows))
    assert [row.codes for row in rows] == undisturbed
    assert all(len(row.latents) == len(row.codes) for row in rows)


@pytest.mark.parametrize("after", [1, 2, 5, 11, 30])
def test_half_of_the_slots_are_given_up_and_their_rows_go_on_later(
    tiny_model: Any, undisturbed: list[list[int]], after: int
) -> None:
    """Codes and latents are what they would have been, each latent once."""
    batch = Batch(tiny_model.gpt, 8, fill_positions=16)
    rows = rows_of(tiny_model)
    batch.join(rows[:8])
    for _ in range(after):
        batch.step()
    held = held_bytes(batch)
    before = set(batch.rows)
    homeless = batch.shrink()
    assert batch.slots == 4
    assert held_bytes(batch) * 2 == held
    assert set(batch.rows) | set(homeless) == before
    assert len(batch.rows) == min(4, len(before))
    assert batch.free == 4 - len(batch.rows)
    speak_all(batch, [*homeless, rows[8]])
    assert [row.codes for row in rows] == undisturbed
    for row in rows:
        (again,) = speak_all(Batch(tiny_model.gpt, 1), [forced_copy(row)])
        assert torch.allclose(torch.stack(row.latents), torch.stack(again.latents), atol=1e-3)


def forced_copy(row: BatchRow) -> BatchRow:
    return BatchRow(row.text_tokens, row.conditioning, row.sampling, row.seed, row.max_codes, tuple(row.codes))


def held_bytes(batch: Batch) -> int:
    cache = batch._slots.cache
    return sum(tensor.nbytes for tensor in (*cache.keys, *cache.values))


def test_one_slot_cannot_be_halved(tiny_model: Any) -> None:
    batch = Batch(tiny_model.gpt, 3)
    assert batch.shrink() == []
    assert batch.slots == 1
    with pytest.raises(OutOfMemory, match="no memory left for a single row"):
        batch.shrink()


def test_a_full_host_is_reported_in_the_same_way() -> None:
    with pytest.raises(OutOfMemory, match="no memory left while trying"), translate_memory_errors("trying"):
        torch.empty(1 << 50, dtype=torch.uint8)


def test_other_errors_stay_what_they_are(tiny_model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    batch = Batch(tiny_model.gpt, 1)
    batch.join([row_of(tiny_model, 0)])

    def wrong(*_args: Any) -> Any:
        raise RuntimeError("shape mismatch")

    monkeypatch.setattr(batch._slots.transformer, "fill", wrong)
    with pytest.raises(RuntimeError, match="shape mismatch"):
        batch.step()
