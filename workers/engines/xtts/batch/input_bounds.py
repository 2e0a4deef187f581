"""Input bounds of a model, checked before a row joins: on a GPU a wrong index ends the process."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from seriatim.errors import EngineFailed, TextTooLarge
from workers.engines.xtts.batch.batch_row import BatchRow
from workers.engines.xtts.model.embedding import n_positions

CONDITIONING = 32  #: positions that a voice takes


@dataclass(frozen=True, slots=True)
class InputBounds:
    """Of one model."""

    text_tokens: int  #: of a sentence at most
    codes: int  #: of a sentence at most, the stop code included; `Xtts.inference` has the same limit
    vocabulary: int  #: text tokens are 0..vocabulary - 1
    n_codes: int  #: codes are 0..n_codes - 1
    stop: int  #: the code that ends a sentence
    start: int  #: the code before the first; never chosen

    @classmethod
    def of(cls, gpt: Any) -> "InputBounds":
        """The bounds of a `TTS.tts.layers.xtts.gpt.GPT`."""
        return cls(
            text_tokens=int(gpt.text_pos_embedding.emb.weight.shape[0]) - 2,
            codes=int(gpt.max_gen_mel_tokens),
            vocabulary=int(gpt.text_embedding.weight.shape[0]),
            n_codes=int(gpt.num_audio_tokens),
            stop=int(gpt.stop_audio_token),
            start=int(gpt.start_audio_token),
        )

    @property
    def positions(self) -> int:
        """Of the longest row that there can be."""
        return CONDITIONING + self.text_tokens + 2 + 1 + self.codes

    def check(self, row: BatchRow, positions: int) -> None:
        """Refuse a row that cannot be spoken in a batch whose rows have at most so many positions.

        Raises:
            TextTooLarge: more text tokens or codes than the model or the batch has places for.
            EngineFailed: text tokens or forced codes of another model.
        """
        text = len(row.text_tokens)
        if text > self.text_tokens:
            raise TextTooLarge(f"a sentence of {text} text tokens; the model takes {self.text_tokens}")
        if not 1 <= row.max_codes <= self.codes:
            raise TextTooLarge(f"a row of up to {row.max_codes} codes; the model says 1 to {self.codes}")
        needed = n_positions(row, row.max_codes)
        if needed > positions:
            raise TextTooLarge(f"a row that may take {needed} positions; the batch has {positions} for each")
        _check_known("text token", row.text_tokens.tolist(), self.vocabulary)
        _check_known("forced code", row.forced, self.n_codes)
        if self.stop in row.forced[:-1] or self.start in row.forced:
            raise EngineFailed(f"forced codes with code {self.stop} before their end, or with {self.start}")
        if len(row.forced) > row.max_codes:
            raise EngineFailed(f"{len(row.forced)} forced codes in a row of up to {row.max_codes}")


def _check_known(what: str, numbers: Iterable[int], end: int) -> None:
    unknown = next((number for number in numbers if not 0 <= number < end), None)
    if unknown is not None:
        raise EngineFailed(f"{what} {unknown}; the model has 0 to {end - 1}: are they of another model?")
