"""Limits of a job's text, each with its own error, setting and advice. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from seriatim.client.job_options import MAX_PAUSE_MS, RANGES
from seriatim.client.option_checks import check_printable, check_range
from seriatim.errors import BadInput, SentenceTooLong, TextTooLarge, TooManySentences, UnknownOption
from seriatim.records import Sentence
from seriatim.settings import Settings
from seriatim.text.languages import language_tag


def check_size(text: str, settings: Settings) -> int:
    """Refuse a text that is too large; returns its size in bytes of UTF-8.

    Raises:
        TextTooLarge: it is over SERIATIM_MAX_TEXT_BYTES.
    """
    n_bytes = len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
    _check_bytes(n_bytes, settings)
    return n_bytes


def limited_rows(rows: Iterable[str], settings: Settings) -> Iterator[str]:
    """The same rows, with a limit on their number.

    Raises:
        TooManySentences: more than SERIATIM_MAX_SENTENCES.
    """
    for seq, row in enumerate(rows):
        check_count(seq + 1, settings)
        yield row


def check_count(n: int, settings: Settings) -> None:
    """Refuse more sentences than a job may have.

    Raises:
        TooManySentences: more than SERIATIM_MAX_SENTENCES.
    """
    if n > settings.max_sentences:
        limit = settings.max_sentences
        raise TooManySentences(f"more than {limit} sentences; SERIATIM_MAX_SENTENCES sets the limit; send it in parts")


def checked_sentences(sentences: Iterable[str | Sentence], pause_ms: int, settings: Settings) -> Iterator[Sentence]:
    """A caller's own sentences, each validated.

    Raises:
        BadInput: one is neither a string nor a `Sentence`.
        SentenceTooLong: one is over SERIATIM_MAX_SENTENCE_CHARS.
        TextTooLarge: together they are over SERIATIM_MAX_TEXT_BYTES.
        UnknownOption: a pause, a speed, a seed or a name is outside its range.
    """
    n_bytes = 0
    for i, element in enumerate(sentences):
        if not isinstance(element, str | Sentence):
            raise BadInput(f"element {i} of the text is {type(element).__name__}; expected a string or a Sentence")
        sentence = Sentence(element, pause_ms) if isinstance(element, str) else element
        _check_sentence(i, sentence, settings)
        n_bytes += check_size(sentence.text, settings)
        _check_bytes(n_bytes, settings)
        yield replace(sentence, language=language_tag(sentence.language))


def _check_bytes(n_bytes: int, settings: Settings) -> None:
    limit = settings.max_text_bytes
    if n_bytes > limit:
        raise TextTooLarge(f"a text of {n_bytes} bytes; SERIATIM_MAX_TEXT_BYTES allows {limit}: send it in parts")


def _check_sentence(i: int, sentence: Sentence, settings: Settings) -> None:
    if not isinstance(sentence.text, str):
        raise BadInput(f"the text of element {i} is {type(sentence.text).__name__}; expected a string")
    n_chars, limit = len(sentence.text), settings.max_sentence_chars
    if n_chars > limit:
        raise SentenceTooLong(
            f"element {i} of the text has {n_chars} characters; SERIATIM_MAX_SENTENCE_CHARS allows {limit}: "
            "pass the text as one string to have it split"
        )
    try:
        check_printable("voice", sentence.voice)
        check_printable("language", sentence.language)
        check_range("pause_ms", sentence.pause_ms, -1, MAX_PAUSE_MS)
        check_range("seed", sentence.seed, -1, RANGES["seed"][1])
        if sentence.speed != 0:
            check_range("speed", sentence.speed, *RANGES["speed"])
    except UnknownOption as error:
        raise UnknownOption(f"element {i} of the text: {error}") from None
