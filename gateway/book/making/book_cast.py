"""The cast of a book: voices of the speakers whom its cast does not name, chosen once for all chapters. Pure.

Each chapter is a job, which would choose for itself. A speaker keeps the voice of an earlier run, so that a new speaker
in one chapter changes no other; and the key of a chapter has the speakers of that chapter alone.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from gateway.book.book_plan import BookPlan, chapter_key
from gateway.output.speak_arguments import SpeakArguments
from seriatim.client.job_options import JobRequest
from seriatim.client.sentences.speaker_voices import spare_voices
from seriatim.engine import Voice
from seriatim.state.pool_record import PoolRecord
from seriatim.text.dialogue.script_names import script_names
from seriatim.text.speech_style import SpeechStyle


def book_voices(
    request: JobRequest, voices: Sequence[Voice], texts: Sequence[str], earlier: Mapping[str, str]
) -> dict[str, str]:
    """The voices of speakers whom the cast does not name, in the order in which they first occur.

    `voices`: the engine's. `earlier`: those that speakers had before; they keep them where these may be had still.
    """
    cast, pool = request.cast, PoolRecord(pool=request.pool_name, voices=tuple(voices))
    spare = spare_voices(pool.voices, request.language or pool.language_of(request.voice), request.voice)
    taken = {style.voice for style in request.speaker_styles.values()} | cast.voices
    free = list(cast.others) or [voice for voice in spare if voice not in taken] or spare
    if not free:
        return {}
    names = [name for name in script_names("\n\n".join(texts)) if name not in request.speaker_styles]
    found = {name: voice for name, voice in earlier.items() if voice in free and name not in request.speaker_styles}
    counts = Counter(found[name] for name in names if name in found)  # those who left the book do not count
    for name in names:
        if name not in found:
            found[name] = min(free, key=lambda voice: counts[voice])
            counts[found[name]] += 1
    return {name: found[name] for name in [*names, *sorted(found.keys() - set(names))]}


def with_voices(request: JobRequest, voices: Mapping[str, str], text: str) -> JobRequest:
    """The request for one text, whose speakers have voices of `book_voices`; no others are added."""
    found = {name: SpeechStyle(voices[name]) for name in script_names(text) if name in voices}
    cast = replace(request.cast, speakers={**request.cast.speakers, **found})
    return replace(request, cast=cast) if found else request


def plan_with_voices(plan: BookPlan, speech: SpeakArguments, voices: Mapping[str, str]) -> BookPlan:
    """The plan whose chapters have the keys of their texts in these voices."""

    def key(text: str) -> str:
        return chapter_key(text, replace(speech, request=with_voices(speech.request, voices, text)).fingerprint.options)

    return replace(plan, chapters=tuple(replace(one, key=key(one.text)) for one in plan.chapters))
