"""The English phonemes of a sentence in Kokoro's alphabet, found by the front-end of hibari-tts, for both engines.

hibari is a distillation of Kokoro, so its front-end writes the phonemes that Kokoro was trained on, without espeak-ng.
What it would drop is refused (`pronunciation`).
"""

from collections.abc import Sequence
from functools import partial

from seriatim.text.pronunciation import Pronunciation
from workers.engines.hibari.dialect import hibari_text
from workers.engines.hibari.lexicon_phonemes import with_phonemes
from workers.engines.hibari.pinned_model import check_release, load_pronunciation
from workers.engines.hibari.pronunciation import readable
from workers.engines.missing_phonemes import MissingPhonemes


class EnglishPhonemes:
    """The front-end for American or British English, as `engine` uses it; thread-safe."""

    def __init__(self, engine: str, *, british: bool) -> None:
        check_release()
        self._engine = engine
        self._missing = MissingPhonemes(engine)
        self.g2p, self._letters = load_pronunciation(british=british)

    def __call__(self, text: str, found: Sequence[Pronunciation] = ()) -> str:
        """The phonemes of a sentence, with the pronunciations of its words that a lexicon has.

        Raises:
            BadInput: there are words in it that hibari cannot read.
        """
        phonemes: str = self.g2p(self.written(text, found))
        return phonemes

    def written(self, text: str, found: Sequence[Pronunciation] = ()) -> str:
        """The sentence as the front-end gets it.

        Raises:
            BadInput: as a call.
        """
        readable_text = partial(readable, letters=self._letters, engine=self._engine)
        return hibari_text(with_phonemes(text, found, readable_text, self._missing), self.g2p)
