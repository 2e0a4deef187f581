"""The English phonemes of a sentence in Kokoro's alphabet, found by the front-end of hibari-tts.

hibari is a distillation of Kokoro, so its front-end writes the phonemes that Kokoro was trained on, without espeak-ng.
What it would drop is refused, as in the hibari engine.
"""

import json
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from hibari.voices import ASSETS

from seriatim.text.pronunciation import Pronunciation
from workers.engines.hibari.dialect import hibari_text
from workers.engines.hibari.lexicon_phonemes import with_phonemes
from workers.engines.hibari.pinned_model import check_release, load_pronunciation
from workers.engines.hibari.pronunciation import in_parts, readable
from workers.engines.missing_phonemes import MissingPhonemes


class EnglishPhonemes:
    """The front-end for American or British English; thread-safe."""

    def __init__(self, *, british: bool, engine: str = "kokoro") -> None:
        check_release()
        self._engine, self._letters = engine, frozenset[str]()
        self._missing = MissingPhonemes(engine)
        self._pronounce: Callable[[str], str] = load_pronunciation(self._wrapped, british=british)

    def __call__(self, text: str, found: Sequence[Pronunciation] = ()) -> str:
        """The phonemes of a sentence, with the pronunciations of its words that a lexicon has.

        Raises:
            BadInput: there are words in it that are not English.
        """
        return self._pronounce(self.written(text, found))

    def written(self, text: str, found: Sequence[Pronunciation] = ()) -> str:
        """The sentence as the front-end gets it.

        Raises:
            BadInput: as a call.
        """
        readable_text = partial(readable, letters=self._letters, engine=self._engine)
        return hibari_text(with_phonemes(text, found, readable_text, self._missing), self._pronounce)

    def _wrapped(self, network: Any) -> Callable[[str], str | None]:
        self._letters = frozenset(filter(str.isalpha, network.cin))
        return in_parts(network, network.maxlen)


def vocabulary() -> dict[str, int]:
    """The number of each phoneme and mark, which Kokoro and hibari share."""
    numbers: dict[str, int] = json.loads(Path(ASSETS, "vocab.json").read_text("utf-8"))
    return numbers
