"""Voice names: the pool's name for a voice that a caller named, or for a language in its place. Pure.

Case is ignored. A language, such as "German", "de", "deu" or "de-DE", names a voice that speaks it: one that has the
language's tag as its name, or else the pool's first of that language.
"""

import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from seriatim.engine import Voice
from seriatim.errors import UnknownVoice
from seriatim.nearest_names import NEAREST, TYPO
from seriatim.state.pool_record import PoolRecord
from seriatim.text.languages import base_language, canonical_tag, english_name, is_language, language_tag, names_of
from seriatim.voice_blend import parse_blend

LONGEST_CODE = 3  #: characters of a language's codes; names are longer
VOICES = "seriatim voices"  #: the command that lists them all; over HTTP it is a route (gateway/http/problems.py)


def find_voice(voice: str, pool: PoolRecord) -> tuple[str, str]:
    """Resolve a voice to the pool's name for it, and to a language that goes with it.

    The language is "" unless it was named and no voice is tied to it: then the voice is the default, which speaks many.
    A pool without registered workers accepts any voice. Where the pool blends, it may name several voices, such as
    "af_bella+af_sky(2)".

    Raises:
        UnknownVoice: with the nearest names.
    """
    names = pool.voice_names
    if not voice or not names or voice in names:
        return voice, ""
    if pool.blends and re.search(r"[+()]", voice):
        parts = parse_blend(voice)
        return "+".join(str(replace(part, name=find_voice(part.name, pool)[0])) for part in parts), ""
    base, plus, timbre = voice.partition("+")  # "en-us+f3": the voice en-us with the timbre +f3
    found, language = _match_voice(base, pool)
    timbre_name = _match_name(plus + timbre, names) if plus else ""
    if (found or language or not base) and (timbre_name or not plus):
        return found + timbre_name, language
    raise _unknown_voice(voice, plus + timbre if found else "", pool)


def normalize_voice(voice: str) -> str:
    """The common form of all spellings of one voice."""
    return language_tag(voice).casefold().replace("_", "-")


def voice_of_language(tag: str, voices: Sequence[Voice]) -> str:
    """The name of the first voice of a language: of exactly this tag, else of a longer one, else of a shorter one.

    "" if there is none, as where a pool has only `en-US` of `en-GB`; and voices of any language do not count.
    """
    requested = canonical_tag(tag)
    speakers = [(canonical_tag(voice.language), voice.name) for voice in voices if voice.language]
    exact = [name for language, name in speakers if language == requested]
    longer = [name for language, name in speakers if language.startswith(f"{requested}-")]
    shorter = [name for language, name in speakers if requested.startswith(f"{language}-")]
    return next(iter([*exact, *longer, *shorter]), "")


def _match_voice(voice: str, pool: PoolRecord) -> tuple[str, str]:
    """The voice that `voice` names, itself or by its language, and a language; both "" if there is none."""
    if name := _match_name(voice, pool.voice_names):
        return name, ""
    tag = language_tag(voice)
    if not voice or not is_language(tag):
        return "", ""
    if name := voice_of_language(tag, pool.voices):
        return name, ""
    return ("", tag) if not pool.voices[0].language and pool.speaks(tag) else ("", "")


def _match_name(voice: str, names: Iterable[str]) -> str:
    """The name in `names` that matches `voice`; "" if none does."""
    spellings = (voice.casefold(), normalize_voice(voice)) if voice else ()
    return next((name for candidate in spellings for name in names if name.casefold() == candidate), "")


def unknown_voice(voice: str, pools: Sequence[PoolRecord]) -> UnknownVoice:
    """The refusal of a voice that none of `pools` has: names of the first pool, and names of others that are near."""
    clauses = [_names_of_pool(voice, "", pools[0])]
    for pool in pools[1:]:
        has_near = bool(_near_names(voice, "", pool)[0])
        clauses.append(
            _names_of_pool(voice, "", pool) if has_near else f"pool {pool.pool!r} has none like it ({VOICES})"
        )
    return _refusal(voice, clauses)


def _unknown_voice(voice: str, timbre: str, pool: PoolRecord) -> UnknownVoice:
    """The refusal, with the nearest names of voices and languages; of timbres alone, where only that is unknown."""
    return _refusal(voice, [_names_of_pool(voice, timbre, pool)])


def _refusal(voice: str, clauses: Iterable[str]) -> UnknownVoice:
    tag = language_tag(voice)
    suffix = f" ({english_name(tag)})" if is_language(tag) else ""
    return UnknownVoice("; ".join([f"unknown voice {voice!r}{suffix}", *clauses]))


def _names_of_pool(voice: str, timbre: str, pool: PoolRecord) -> str:
    near, names = _near_names(voice, timbre, pool)
    shown = near or names[:5]
    more = "" if len(names) <= len(shown) else f" and {len(names) - len(shown)} more ({VOICES})"
    return f"pool {pool.pool!r} has: {', '.join(shown)}{more}"


def _near_names(voice: str, timbre: str, pool: PoolRecord) -> tuple[list[str], list[str]]:
    """The nearest names, of voices and languages, and all names of voices; of timbres, where only that is unknown."""
    names = [name for name in pool.voice_names if name.startswith("+") == bool(timbre)] or pool.voice_names
    languages = {} if timbre or is_language(language_tag(voice)) else _language_names(pool)
    written = {each.casefold(): each for each in [*languages, *names]}
    found = difflib.get_close_matches((timbre or voice).casefold(), written, NEAREST, TYPO)
    return list(dict.fromkeys(_with_tag(written[each], languages) for each in found)), names


def _language_names(pool: PoolRecord) -> dict[str, str]:
    """The English names of the languages of the pool's voices, with their tags."""
    tags = {base_language(each.language) for each in pool.voices if each.language}
    return {name: tag for name, tag in names_of(tags).items() if len(name) > LONGEST_CODE}


def _with_tag(name: str, languages: dict[str, str]) -> str:
    return f"{name} ({languages[name]})" if name in languages else name
