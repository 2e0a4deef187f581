"""The cast of a book: narrators of its chapters, and voices of speakers whom its cast does not name. Pure.

Each chapter is a job, which would choose for itself: so voices are chosen once for all chapters. A speaker keeps the
voice of an earlier run. The key of a chapter has the voices of that chapter alone: another voice of one speaker has the
chapters spoken again that may name it, and no others.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from gateway.book.book_plan import BookPlan, PlannedChapter, chapter_key, parse_numbers
from gateway.output.speak_arguments import SpeakArguments
from seriatim.client.job_options import JobRequest
from seriatim.client.sentences.speaker_voices import spare_voices
from seriatim.client.voice_names import find_voice
from seriatim.engine import Voice
from seriatim.errors import BadInput
from seriatim.state.pool_record import PoolRecord
from seriatim.text.dialogue.script_names import script_names
from seriatim.text.speech_style import SpeechStyle


def book_voices(
    request: JobRequest, voices: Sequence[Voice], texts: Sequence[str], earlier: Mapping[str, str]
) -> dict[str, str]:
    """The voices of speakers whom the cast does not name, in the order in which they first occur.

    `voices`: the engine's. `earlier`: those that speakers had before; they keep them where these may be had still.
    """
    if not request.cast.finds_speakers:
        return {}
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


def with_voices(request: JobRequest, voices: Mapping[str, str], text: str, narrator: str = "") -> JobRequest:
    """The request for one text: its narrator's voice ("": the request's), and the speakers whom it may name.

    `voices`: those of `book_voices`. Speakers whose names are not in the text change nothing in it, and are left out.
    """
    cast = request.cast
    if not (voices or cast.speakers or cast.names or cast.pronouns or request.speakers):
        return replace(request, voice=narrator or request.voice)
    words = " ".join(text.split()).casefold()
    others = {name: SpeechStyle(voices[name]) for name in script_names(text) if name in voices}
    names = {
        name
        for name in (*cast.speakers, *request.speakers)
        if any(form.casefold() in words for form in (name, *(form for form, one in cast.names.items() if one == name)))
    }
    own = replace(
        cast,
        speakers={name: style for name, style in cast.speakers.items() if name in names} | others,
        names={form: name for form, name in cast.names.items() if name in names},
        pronouns={name: pronoun for name, pronoun in cast.pronouns.items() if name in names},
    )
    speakers = {name: voice for name, voice in request.speakers.items() if name in names}
    return replace(request, cast=own, speakers=speakers, voice=narrator or request.voice)


def plan_with_voices(
    plan: BookPlan, speech: SpeakArguments, voices: Mapping[str, str], narrators: Mapping[int, str]
) -> BookPlan:
    """The plan whose chapters have the keys of their texts in these voices; `narrators`: by the numbers of chapters."""

    def voiced(chapter: PlannedChapter) -> PlannedChapter:
        narrator = narrators.get(chapter.number, "")
        own = replace(speech, request=with_voices(speech.request, voices, chapter.text, narrator))
        return replace(chapter, key=chapter_key(chapter.text, own.fingerprint.options), voice=narrator)

    return replace(plan, chapters=tuple(map(voiced, plan.chapters)))


def chapter_narrators(wishes: Iterable[str], n_chapters: int, pool: PoolRecord) -> dict[int, str]:
    """The voices of chapters with a narrator of their own, by number, of wishes such as `5-7=alto`; later ones count.

    Raises:
        BadInput: a wish has another form, or names a chapter that the document has not.
        UnknownVoice: the pool has no such voice.
    """
    narrators: dict[int, str] = {}
    for wish in wishes:
        numbers, _, name = wish.partition("=")
        voice, language = find_voice(name.strip(), pool)
        if language or not voice:
            raise BadInput(f"chapter voice {wish!r}; expected numbers and a voice, such as 5-7=alto")
        narrators |= dict.fromkeys(parse_numbers(numbers, n_chapters), voice)
    return narrators
