"""Text languages: the language of a job whose caller leaves it open, and of its paragraphs; and what is warned of.

It is open where neither a voice nor a language is named, where the voice is tied to no language, and where the language
is `auto`. Then the text decides (`seriatim.text.language_guess`): the job gets the language of most of it, and a
paragraph in another language is spoken by a voice of that language, where the pool has one. Pure.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from seriatim.client.job_options import AUTO, JobRequest
from seriatim.client.voice_names import voice_of_language
from seriatim.engine import Voice
from seriatim.records import Sentence
from seriatim.state.pool_record import PoolRecord
from seriatim.text.language_guess import MIXED, guess_language, guess_paragraph
from seriatim.text.languages import english_name, same_language
from seriatim.text.segment import Segment

DEFAULT = "en"  #: of voices that are tied to no language
FEWEST_LETTERS = 20  #: of a text whose language is warned of
SAMPLE_CHARS = 8_000  #: of a stream
CHECKED_CHARS = 200  #: of a stream, before its language is compared with its voice's: two sentences


@dataclass(slots=True)
class ParagraphVoices:
    """The languages of paragraphs, and the voices that speak them, for one job."""

    pool: PoolRecord
    voice: str  #: of the job
    own: str  #: BCP 47, the job's language
    missing: set[str] = field(default_factory=set)  #: languages of paragraphs for which the pool has no voice
    reported: set[str] = field(default_factory=set)  #: those that `warning` has returned

    def language(self, paragraph: str) -> str:
        """The BCP 47 tag of the language in which a paragraph is spoken; "" where its own is unclear."""
        tag = guess_paragraph(paragraph, self.own)
        if not tag or same_language(tag, self.own):
            return tag and self.own
        if speaks(self.pool, tag):
            return tag
        self.missing.add(tag)
        return self.own

    def sentence(self, piece: Segment) -> Sentence:
        """A piece of the text with its language, and with a voice if the job's is of another language."""
        if not piece.language:
            return Sentence(piece.text, piece.pause_ms)
        voice = _voice_for(piece.language, self.pool.voice(self.voice), self.pool)
        return Sentence(piece.text, piece.pause_ms, voice, piece.language)

    def warning(self) -> str:
        """A line about paragraphs that no voice of the pool speaks in their language; "" if there are no new ones."""
        found = sorted(self.missing - self.reported)
        self.reported |= self.missing
        return "; ".join(_no_voice("a paragraph", tag, self.pool, self.own) for tag in found)


@dataclass(slots=True)
class LanguageCheck:
    """The check of a stream's text against the voice or language that was named, once there is enough of it."""

    request: JobRequest  #: with the pool's name of its voice
    pool: PoolRecord
    sample: str = ""
    done: bool = False

    def feed(self, text: str, *, last: bool) -> str:
        """The warning, once, where the text is in another language; "" otherwise, or if it is still too short."""
        if self.done:
            return ""
        self.sample = f"{self.sample} {text}"[:SAMPLE_CHARS]
        self.done = last or len(self.sample) >= CHECKED_CHARS
        return with_language(self.request, self.pool, self.sample)[1] if self.done else ""


def is_open(request: JobRequest, pool: PoolRecord) -> bool:
    """Whether the text decides the language; `request` with the pool's name of its voice."""
    if request.language:
        return request.language == AUTO
    named = pool.voice(request.voice) if request.voice else None
    return not request.voice or (named is not None and not named.language)


def with_language(request: JobRequest, pool: PoolRecord, text: object) -> tuple[JobRequest, str]:
    """The request with the language of the text, where the pool speaks it; and a warning, "" if there is none.

    The language stays "" where the default voice's is the text's, and where the text is unclear, or is not known yet.
    """
    sample = sample_of(text)
    guess = guess_language(sample)
    clear = guess not in ("", MIXED)
    own = pool.language_of(request.voice) or DEFAULT
    if not is_open(request, pool):
        return request, _mismatch(request, pool, guess, sample) if clear else ""
    request = replace(request, language="") if request.language else request
    if not clear or not pool.voices or same_language(guess, own) or _is_tied(request, pool):
        return request, ""
    if not speaks(pool, guess):
        return request, _no_voice("the text", guess, pool, own)
    return replace(request, language=guess, voice=request.voice or _voice_for(guess, pool.voice(""), pool)), ""


def speaks(pool: PoolRecord, language: str) -> bool:
    """Whether a pool has a voice of a language, or a default voice that speaks it; false without workers."""
    default = pool.voice("")
    if default is None or any(a.languages and not a.supports_language(language) for a in pool.abilities):
        return False
    return bool(voice_of_language(language, pool.voices)) or _speaks(default, language)


def sample_of(text: object) -> str:
    """As much of a text as its language is guessed from; "" for one that must not be touched yet."""
    if isinstance(text, list | tuple):
        return " ".join(_texts(text))
    return text if isinstance(text, str) else ""


def _texts(sentences: Iterable[object]) -> Iterable[str]:
    """The sentences that leave their language open."""
    for each in sentences:
        if not isinstance(each, Sentence):
            yield str(each)
        elif not (each.voice or each.language):
            yield str(each.text)  # what is no string is refused with its own error, later


def _is_tied(request: JobRequest, pool: PoolRecord) -> bool:
    return bool(request.voice and pool.language_of(request.voice))


def _voice_for(language: str, voice: Voice | None, pool: PoolRecord) -> str:
    """The name of the voice that speaks a language in place of `voice`; "" where that speaks it."""
    return "" if voice is None or _speaks(voice, language) else voice_of_language(language, pool.voices)


def _speaks(voice: Voice, language: str) -> bool:
    """Whether a voice is of a language, lists it, or is tied to none."""
    listed = [each for each in (voice.language, *voice.languages) if each]
    return not listed or any(same_language(each, language) for each in listed)


def _mismatch(request: JobRequest, pool: PoolRecord, guess: str, sample: str) -> str:
    """A line about a text in another language than the one that was named with it."""
    tag = request.language or pool.language_of(request.voice)
    if not tag or same_language(guess, tag) or sum(map(str.isalpha, sample)) < FEWEST_LETTERS:
        return ""
    found = f"the text seems to be in {english_name(guess)}"
    if request.language:
        return f"{found}, and is spoken in {english_name(tag)} as requested"
    other = voice_of_language(guess, pool.voices)
    advice = f"; a voice of {english_name(guess)}: {other!a}" if other else ""
    return f"{found}, and the voice {request.voice!a} speaks {english_name(tag)}{advice}"


def _no_voice(what: str, tag: str, pool: PoolRecord, own: str) -> str:
    return (
        f"{what} seems to be in {english_name(tag)}, of which pool {pool.pool} has no voice: "
        f"it is spoken in {english_name(own)}"
    )
