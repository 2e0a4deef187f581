"""Model, voice and language names in the spellings of clients: OpenAI's names, dates, upper and lower case. Pure."""

import re
from collections.abc import Iterable

#: OpenAI's models and voices, which many clients send
OPENAI_MODELS = ("tts-1", "tts-1-hd", "gpt-4o-mini-tts")
OPENAI_VOICES = (
    "alloy", "ash", "ballad", "cedar", "coral", "echo", "fable", "marin", "nova", "onyx", "sage", "shimmer", "verse",
)  # fmt: skip
#: snapshots in OpenAI's documentation and clients; other dates are accepted, too
SNAPSHOTS = ("gpt-4o-mini-tts-2025-03-20", "gpt-4o-mini-tts-2025-12-15", "tts-1-1106", "tts-1-hd-1106")
DATE = re.compile(r"-(\d{4}-\d{2}-\d{2}|\d{4})", re.ASCII)  #: suffix of a snapshot
#: Kokoro's languages have one letter each; "a" is American English
LETTERS = {
    "a": "en-US", "b": "en-GB", "e": "es", "f": "fr", "h": "hi", "i": "it", "j": "ja", "p": "pt-BR", "z": "zh",
}  # fmt: skip
#: names of the field `language` in other servers' APIs; the first one present counts
LANGUAGE_FIELDS = ("lang_code", "language_code", "language_id", "lang")


def find_name(name: str, known: Iterable[str]) -> str | None:
    """Find a name among known ones, exactly or else ignoring case; None if there is none."""
    names = list(known)
    if name in names:
        return name
    return next((each for each in names if each.casefold() == name.casefold()), None)


def spellings(model: str) -> tuple[str, ...]:
    """A model's name, and the name without its date if it ends with one."""
    match = DATE.search(model)
    return (model, model[: match.start()]) if match and match.end() == len(model) and match.start() else (model,)


def language_of(code: str) -> str:
    """The BCP 47 tag of a language code, which may be one of Kokoro's letters."""
    return LETTERS.get(code, code)
