"""The exact mode: a sentence's samples as `Xtts.inference` gives them, whatever batch its codes come from.

Floats differ in their last bits with the number of rows in a batch, so what a batch's latents sound like differs by a
sample's last bit here and there. Codes do not differ, and of codes alone the second half of `Xtts.inference` makes the
same bytes always: all latents in one pass of coqui-tts' own model, then the whole sentence through the vocoder. That
costs a pass more, and nothing can be streamed. The few rows of which rounding may have decided a code (`doubt.py`) are
spoken again here, alone, by transformers' own `generate`.

The same bytes need the same machine, the same number of threads, and float32.
"""

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from transformers import LogitsProcessor, LogitsProcessorList

from workers.engines.xtts.batch.batch_row import BatchRow
from workers.engines.xtts.model.sampling import PREFIX_ID, SamplingRules, chosen, generator_of, ranked, scored

SLOWEST = 0.05  #: as `Xtts.inference`: a speed below it counts as this


def exact_wave(model: Any, row: BatchRow, speaker: Tensor, *, speed: float = 1.0) -> Tensor:
    """The samples of a row that is done.

    Args:
        model: an `Xtts` in float32, as it was loaded.
        row: done, not broken, and from a batch that watched (`Batch`), else a doubtful one is not known as such.
        speaker: float32 [1, 512, 1], the voice's.
        speed: times the normal rate of speech, as `Xtts.inference` takes it.

    Returns:
        float32 [n_samples] at 24,000 Hz, on the host.
    """
    device = model.gpt.mel_head.weight.device
    with torch.inference_mode():
        codes = codes_alone(model.gpt, row) if row.doubtful else row.codes
        latents = _latents(model.gpt, row, codes, device)
        length_scale = 1.0 / max(speed, SLOWEST)
        if length_scale != 1.0:
            scaled = functional.interpolate(latents.transpose(1, 2), scale_factor=length_scale, mode="linear")
            latents = scaled.transpose(1, 2)
        return model.hifigan_decoder(latents, g=speaker.to(device)).cpu().squeeze()


def codes_alone(gpt: Any, row: BatchRow) -> list[int]:
    """The codes of a row without any batch: transformers' `generate`, with the row's noise in place of its own."""
    processor = _CodesAlone(row, int(gpt.start_audio_token), int(gpt.num_audio_tokens))
    device = gpt.mel_head.weight.device
    with torch.inference_mode():
        codes = gpt.generate(
            cond_latents=row.conditioning.to(device),
            text_inputs=row.text_tokens[None].to(device),
            do_sample=False,  # the processor leaves one code to choose
            num_beams=1,
            max_new_tokens=row.max_codes,
            logits_processor=LogitsProcessorList([processor]),
        )
    return list(map(int, codes[0].tolist()))


class _CodesAlone(LogitsProcessor):  # type: ignore[misc]  # transformers is checked as Any
    """Chooses as a batch does, of scores that are computed alone."""

    def __init__(self, row: BatchRow, start: int, codes: int) -> None:
        self._sampling, self._forced, self._codes = row.sampling, row.forced, codes
        self._used_codes = [PREFIX_ID, start]
        self._before = len(self._used_codes)
        self._generator = generator_of(row.seed, 0, codes)

    def __call__(self, _input_ids: Tensor, scores: Tensor) -> Tensor:
        number = len(self._used_codes) - self._before
        code = self._forced[number] if number < len(self._forced) else None
        drawn = self._choice(scores)
        self._used_codes.append(drawn if code is None else code)
        return torch.full_like(scores, -torch.inf).index_fill(
            1, scores.new_tensor(self._used_codes[-1:], dtype=torch.long), 0
        )

    def _choice(self, logits: Tensor) -> int:
        rules = SamplingRules.empty(1, self._codes, logits.device)
        rules.put(0, self._sampling, self._used_codes)
        noise = torch.empty(1, self._codes).exponential_(1, generator=self._generator).to(logits.device)
        scores = scored(logits, rules)
        return int(chosen(scores, ranked(scores, rules), rules, noise))


def _latents(gpt: Any, row: BatchRow, codes: list[int], device: torch.device) -> Tensor:
    text = row.text_tokens[None].to(device)
    return gpt(
        text,
        torch.tensor([text.shape[-1]], device=device),
        torch.tensor([codes], device=device),
        torch.tensor([len(codes) * gpt.code_stride_len], device=device),
        cond_latents=row.conditioning.to(device),
        return_attentions=False,
        return_latent=True,
    )
