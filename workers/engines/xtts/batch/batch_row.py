"""One sentence in the batch, and how its codes are chosen.

A row is made for each order, handed to `Batch.join`, and grows by a code and a latent with every
step until it is done. It belongs to the thread that owns the model, as does everything else of this package.
"""

from dataclasses import dataclass, field

from torch import Tensor

from seriatim.errors import UnknownOption


@dataclass(frozen=True, slots=True)
class SamplingOptions:
    """How a code is chosen from the model's scores; the defaults are those of `Xtts.inference`.

    Raises:
        UnknownOption: a value with which no code could be chosen.
    """

    temperature: float = 0.75  #: above 0; lower is more even
    top_k: int = 50  #: only so many of the likeliest codes; 0: all
    top_p: float = 0.85  #: above 0, at most 1: only the likeliest codes that together have this probability
    repetition_penalty: float = (
        10.0  #: above 0; codes that were already chosen are so much less likely; 1: they are not
    )
    do_sample: bool = True  #: False: always the likeliest code; temperature, top_k, top_p and the seed do nothing

    def __post_init__(self) -> None:
        for name, value, fits, expected in (
            ("temperature", self.temperature, self.temperature > 0, "above 0"),
            ("top_k", self.top_k, self.top_k >= 0, "0 or more"),
            ("top_p", self.top_p, 0 < self.top_p <= 1, "above 0 and at most 1"),
            ("repetition_penalty", self.repetition_penalty, self.repetition_penalty > 0, "above 0"),
        ):
            if not fits:
                raise UnknownOption(f"{name} is {value}, expected {expected}")


@dataclass(slots=True, eq=False)
class BatchRow:
    """One sentence in the batch.

    Code i is chosen from latent i, so `codes` and `latents` are equally long, and a stop code has its latent too. All
    latents are heard, that of the stop code included, because `Xtts.inference` decodes exactly these.
    """

    text_tokens: Tensor  #: long [t], as the tokenizer gives them: no start, no stop
    conditioning: Tensor  #: float32 [1, 32, D], of the voice
    sampling: SamplingOptions
    seed: int  #: 0..2**63-1; codes depend on it and never on the other rows
    max_codes: int  #: the row ends with so many codes at the latest, at least 1
    forced: tuple[int, ...] = ()  #: codes that an earlier attempt has chosen: they are fed, not chosen again
    codes: list[int] = field(default_factory=list)  #: so far, the forced ones first; with the stop code at the end
    latents: list[Tensor] = field(default_factory=list)  #: float32 [D] each, on the model's device; only ever appended
    done: bool = False  #: no code will follow
    broken: bool = False  #: done because the model's scores were no numbers: another attempt may do better
    doubtful: bool = False  #: rounding may have decided a code: another batch may choose another (`doubt.py`)
    slot: int = -1  #: 0-based, while it speaks; changes when others leave
