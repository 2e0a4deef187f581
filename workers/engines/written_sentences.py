"""Sentences as an engine gets them: `python -m workers.engines.written_sentences ENGINE`, of hibari or kokoro.

In: a line of JSON, `[[sentence, language], ...]`. Out: a line of JSON with as many sentences in the engine's dialect,
or in brackets why the engine cannot read one. The other dialects need no engine (seriatim/text/dialects).
"""

import json
import sys
from collections.abc import Callable
from functools import cache

from seriatim.errors import BadInput, EngineUnavailable, SeriatimError
from seriatim.process.error_report import report_error
from seriatim.text.dialects import espeak_text
from seriatim.text.languages import base_language
from workers.engines.engine_catalogue import engine_profiles

_AS_THEY_ARE = ("ja", "zh")  #: kokoro's languages whose readers know no abbreviations


def write_sentence(engine: str, text: str, language: str) -> str:
    """A sentence in the dialect of hibari or kokoro; `language`: BCP 47.

    Raises:
        EngineUnavailable: the engine is not installed, or another release of it.
    """
    base = base_language(language)
    if engine == "kokoro" and base in _AS_THEY_ARE:
        return text
    if engine == "kokoro" and base != "en":
        return espeak_text(text, language)
    try:
        return _english_writer(engine)(text)
    except BadInput as error:
        return f"[{error}]"


@cache
def _english_writer(engine: str) -> Callable[[str], str]:
    """The dialect of hibari, which kokoro has in English, too."""
    try:
        from workers.engines.hibari.english_phonemes import EnglishPhonemes
    except ModuleNotFoundError as error:
        profile = engine_profiles()[engine]
        raise EngineUnavailable(
            f"the {engine} engine needs the package {profile.package}: {profile.install}"
        ) from error
    return EnglishPhonemes(engine, british=False).written


def main() -> int:
    """Write the sentences of standard input; returns the exit status."""
    engine = sys.argv[1]
    try:
        written = [write_sentence(engine, text, language) for text, language in json.load(sys.stdin)]
    except SeriatimError as error:
        return report_error(error)
    sys.stdout.write(json.dumps(written) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
