"""Embedding of what the blocks are fed: conditioning, text, codes, each with its learned position.

A row's positions are: 32 of the voice, the text between its start and stop tokens, the start code, then its codes.
Text and codes count their positions apart and from 0, so a row's embeddings depend on nothing but itself.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from workers.engines.xtts.batch.batch_row import BatchRow


class TokenEmbedding:
    """The embedding tables of a `TTS.tts.layers.xtts.gpt.GPT`, in float32 on `device`."""

    def __init__(self, gpt: Any, device: torch.device) -> None:
        def table(module: Any) -> Tensor:
            return module.weight.detach().to(device, torch.float32)

        self._device = device
        self._text, self._text_at = table(gpt.text_embedding), table(gpt.text_pos_embedding.emb)
        self._codes, self._codes_at = table(gpt.mel_embedding), table(gpt.mel_pos_embedding.emb)
        self._around = (int(gpt.start_text_token), int(gpt.stop_text_token))
        self._start = int(gpt.start_audio_token)

    def behind_voice(self, row: BatchRow, fed: Sequence[int]) -> Tensor:
        """float32 [positions, D]: all of a row behind its voice, up to and including the codes `fed`."""
        start, stop = self._around
        text = row.text_tokens.to(self._device, torch.long)
        text = functional.pad(functional.pad(text, (1, 0), value=start), (0, 1), value=stop)
        codes = torch.tensor([self._start, *fed], device=self._device)
        embedded_codes = self._codes[codes] + self._codes_at[: len(codes)]
        return torch.cat((self._text[text] + self._text_at[: len(text)], embedded_codes))

    def next(self, codes: Tensor, at: Tensor) -> Tensor:
        """float32 [rows, D]: one code of each row; at: long [rows], 0 for the start code."""
        return self._codes[codes] + self._codes_at[at]


def n_positions(row: BatchRow, fed: int) -> int:
    """How many positions a row takes with so many codes."""
    return int(row.conditioning.shape[1]) + len(row.text_tokens) + 2 + 1 + fed
