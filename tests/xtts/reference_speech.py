"""Reference speech for rows of tests: what coqui-tts and transformers make of the same sentences, one at a time."""

from collections.abc import Sequence
from typing import Any

import torch

from tests.xtts.tiny_checkpoint import VOICES
from workers.engines.xtts.batch.batch import Batch
from workers.engines.xtts.batch.batch_row import BatchRow, SamplingOptions

TEXTS = (
    "hello there.",
    "it took a while, mister smith, to read this.",
    "one two three four five six seven.",
    "the quick brown fox jumps over the lazy dog, again and again.",
    "a.",
    "is it right? perhaps: yes it's fine.",
)
STEPS = 20_000  #: more than any test needs
SAMPLINGS = (
    SamplingOptions(),
    SamplingOptions(do_sample=False),
    SamplingOptions(temperature=1.1, top_k=0, top_p=1.0, repetition_penalty=2.0),
    SamplingOptions(temperature=0.6, top_k=5, top_p=0.5, repetition_penalty=1.0),
    SamplingOptions(repetition_penalty=5.0),
    SamplingOptions(do_sample=False, repetition_penalty=1.5),
)


def row_of(model: Any, number: int, *, max_codes: int = 60, sampling: SamplingOptions | None = None) -> BatchRow:
    """The `number`-th of a variety of rows: texts of all lengths, two voices, several settings, all seeds."""
    return BatchRow(
        text_tokens=torch.IntTensor(model.tokenizer.encode(text_of(number), lang="en")),
        conditioning=voice_of(model, number)["gpt_cond_latent"],
        sampling=sampling or SAMPLINGS[number % len(SAMPLINGS)],
        seed=1000 + number,
        max_codes=max_codes,
    )


def text_of(number: int) -> str:
    return TEXTS[(number * 5 + number // 6) % len(TEXTS)]


def voice_of(model: Any, number: int) -> Any:
    return model.speaker_manager.speakers[VOICES[number % 2]]


def options_of(row: BatchRow) -> dict[str, Any]:
    """As `Xtts.inference` and `generate` take them."""
    sampling = row.sampling
    return {
        "temperature": sampling.temperature,
        "top_k": sampling.top_k,
        "top_p": sampling.top_p,
        "repetition_penalty": sampling.repetition_penalty,
        "do_sample": sampling.do_sample,
        "max_new_tokens": row.max_codes,
    }


def generated_alone(model: Any, row: BatchRow) -> list[int]:
    """A row's codes as transformers' own `generate` chooses them, with torch's global generator."""
    with torch.random.fork_rng(), torch.inference_mode():
        torch.manual_seed(row.seed)
        codes = model.gpt.generate(
            cond_latents=row.conditioning,
            text_inputs=row.text_tokens[None],
            num_return_sequences=1,
            num_beams=1,
            length_penalty=1.0,
            output_attentions=False,
            **options_of(row),
        )
    return list(map(int, codes[0].tolist()))


def inferred(model: Any, number: int, row: BatchRow, *, speed: float = 1.0) -> torch.Tensor:
    """The samples of `Xtts.inference` for the row that `row_of` gives for this number."""
    voice = voice_of(model, number)
    with torch.random.fork_rng():
        torch.manual_seed(row.seed)
        result = model.inference(
            text_of(number), "en", row.conditioning, voice["speaker_embedding"], speed=speed, **options_of(row)
        )
    return torch.from_numpy(result["wav"])


def speak_all(batch: Batch, rows: Sequence[BatchRow]) -> list[BatchRow]:
    """All rows, spoken until each is done, joining as slots become free; in the order in which they end."""
    waiting, ended = list(rows), []
    for _ in range(STEPS):
        joining = waiting[: batch.free]
        waiting = waiting[len(joining) :]
        batch.join(joining)
        ended += batch.step()
        if not waiting and not batch.rows:
            return ended
    raise AssertionError(f"{len(batch.rows)} rows still speak after {STEPS} steps")
