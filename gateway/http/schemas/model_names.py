"""Names as clients write them: OpenAI's, with a date or without one, in capitals or not. Pure."""

import re
from collections.abc import Iterable

#: what OpenAI calls its models and voices: clients send them that know no other
OPENAI_MODELS = ("tts-1", "tts-1-hd", "gpt-4o-mini-tts")
OPENAI_VOICES = (
    "alloy", "ash", "ballad", "cedar", "coral", "echo", "fable", "marin", "nova", "onyx", "sage", "shimmer", "verse",
)  # fmt: skip
#: those that OpenAI's documentation and clients name; any other date is understood, too
SNAPSHOTS = ("gpt-4o-mini-tts-2025-03-20", "gpt-4o-mini-tts-2025-12-15", "tts-1-1106", "tts-1-hd-1106")
DATE = re.compile(r"-(\d{4}-\d{2}-\d{2}|\d{4})", re.ASCII)  #: behind a name: a snapshot of that model
#: Kokoro's languages have one letter each; "a" is American English
LETTERS = {
    "a": "en-US", "b": "en-GB", "e": "es", "f": "fr", "h": "hi", "i": "it", "j": "ja", "p": "pt-BR", "z": "zh",
}  # fmt: skip
#: what other servers call `language`, the first that is there counts
LANGUAGES = ("lang_code", "language_code", "language_id", "lang")


def find_name(name: str, known: Iterable[str]) -> str | None:
    """The known name that somebody means: spelt like that, or else but for capitals; None if there is none."""
    names = list(known)
    if name in names:
        return name
    return next((each for each in names if each.casefold() == name.casefold()), None)


def spellings(model: str) -> tuple[str, ...]:
    """A model's name, and without its date if it ends with one."""
    found = DATE.search(model)
    return (model, model[: found.start()]) if found and found.end() == len(model) and found.start() else (model,)


def language_of(code: str) -> str:
    """The tag of a language that is perhaps one of Kokoro's letters."""
    return LETTERS.get(code, code)
