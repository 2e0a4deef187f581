"""The language detector: py3langid's model, loaded once, when a text first needs it (docs/explanation/decisions/0029).

It is an extra, `language`: without it nothing is detected, and the callers go by scripts and frequent words.

Its large tables, 62 MB, lie in a file without a name, as far as there is room for temporary files: a text needs few of
their pages, and only those take memory of the process.
"""

import contextlib
import mmap
import tempfile
import threading
from array import array
from functools import cache, lru_cache
from typing import Any

from seriatim.errors import Misconfigured
from seriatim.process.single_flight import single_flight
from seriatim.text.close_languages import closest_language, family_of
from seriatim.text.languages import TAGS

#: of a table, written at once: the system keeps a file in pieces as large as it was written in, and where a byte of one
#: is read, all of it counts as memory of the process (of a novel's paragraphs 42 MB, and 28 by pieces of this size)
PIECE_BYTES = 1 << 16
LONGEST_CODE = 2  #: characters of the codes that are detected: the 115 languages of ISO 639-1 that the model has


@lru_cache(maxsize=8)  # a text is asked for as a whole, and again as its first paragraph
def detect_language(text: str) -> tuple[str, float]:
    """The BCP 47 tag of a text's language with the probability of its family, 0..1; ("", 0) without the extra.

    Probabilities are calibrated for short texts: two or three words of any language have less than 0.5.
    """
    ranked = _ranked(text)
    if not ranked:
        return "", 0.0
    family = family_of(ranked[0][0])
    return closest_language(text, ranked[0][0]), sum(probability for tag, probability in ranked if tag in family)


def probability_of(text: str, language: str) -> float:
    """The probability, 0..1, that a text is in a language (or a close one); 0 without the extra, or if it is not known.

    `language`: a code of ISO 639-1.
    """
    family = family_of(language)
    return sum((probability for tag, probability in _ranked(text) if tag in family), 0.0)


@lru_cache(maxsize=8)  # as above
def _ranked(text: str) -> tuple[tuple[str, float], ...]:
    """The languages that the model has with their probabilities, the most probable first; none without the extra."""
    model = _model()
    return tuple(model.rank(text)) if model else ()


def load_detector_ahead() -> threading.Thread:
    """Load the model in a thread, before a text needs it, unless it is loaded or not installed; returns the thread."""
    loading = threading.Thread(target=_load_ahead, name="language detector", daemon=True)
    loading.start()
    return loading


def _load_ahead() -> None:
    with contextlib.suppress(Misconfigured):  # raised again for the text that needs it
        _model()


@single_flight
@cache
def _model() -> Any:
    """The model, loaded in half a second; None where it is not installed.

    Raises:
        Misconfigured: there is no room to unpack it.
    """
    return _load_model()


def _load_model() -> Any:
    try:
        from py3langid.langid import MODEL_FILE, LanguageIdentifier  # an extra
    except ModuleNotFoundError:
        return None
    try:
        model = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    except OSError as error:  # without it, a text might be spoken in another language than before
        reason, folder = (error.strerror or str(error)).lower(), tempfile.gettempdir()
        advice = f"free some space in {folder}, or set TMPDIR to another folder"
        raise Misconfigured(f"cannot unpack the language model: {reason}; {advice}") from None
    model.set_languages([tag for tag in model.labels if tag in TAGS and len(tag) <= LONGEST_CODE])
    scores, moves = model.nb_ptc, model.tk_nextmove
    with contextlib.suppress(OSError):  # no room for them
        scores, moves = _scores_in_file(scores), _moves_in_file(moves)
    return LanguageIdentifier(  # without the tables of all languages, 28 MB, which the first one keeps
        scores, model.nb_pc, model.nb_classes, moves, array("i", model.tk_output), norm_probs=True, tk_row=model.tk_row
    )


def _scores_in_file(scores: Any) -> Any:
    return type(scores)(scores.shape, scores.dtype, _map(scores.tobytes()))


def _moves_in_file(moves: Any) -> Any:
    return memoryview(_map(moves)).cast(moves.typecode)  # it is indexed a byte at a time: faster than numpy's arrays


def _map(table: Any) -> mmap.mmap:
    """A read-only map of a file without a name, which has the bytes of a table.

    Raises:
        OSError: there is no room for it.
    """
    content = memoryview(table).cast("B")
    with tempfile.TemporaryFile() as file:
        for at in range(0, len(content), PIECE_BYTES):
            file.write(content[at : at + PIECE_BYTES])
        file.flush()
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
