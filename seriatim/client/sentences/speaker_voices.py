"""Speaker voices: a job's cast for its text and its pool, with voices for the speakers whom it does not name. Pure."""

from dataclasses import replace

from seriatim.client.job_options import JobRequest
from seriatim.engine import Voice
from seriatim.errors import UnknownOption
from seriatim.state.pool_record import PoolRecord
from seriatim.text.dialogue.cast import Cast
from seriatim.text.dialogue.script_names import script_names
from seriatim.text.languages import base_language


def cast_for_text(request: JobRequest, pool: PoolRecord, text: object) -> Cast:
    """The request's cast with all its speakers; those whom it does not name are looked for in a text that is there."""
    cast = replace(request.cast, speakers=request.speaker_styles) if request.speakers else request.cast
    if not cast.finds_speakers:
        return cast
    language = request.language or pool.language_of(request.voice)
    return cast.with_others(script_names(_whole(text)), spare_voices(pool.voices, language, request.voice))


def check_one_pool(cast: Cast) -> None:
    """Refuse a cast whose speakers have engines of their own: a job speaks in one pool.

    Raises:
        UnknownOption: with what speaks such a cast.
    """
    for name, style in cast.speakers.items():
        if style.engine:
            raise UnknownOption(
                f"cast: {name}: engine={style.engine!r}: a job speaks in one pool; "
                "seriatim speak, book and batch make a job for each engine of a cast"
            )


def spare_voices(voices: tuple[Voice, ...], language: str, narrator: str) -> list[str]:
    """The names of voices of a language, or of any, without the narrator's, which is the first unless it is named."""
    taken = narrator or (voices[0].name if voices else "")
    base = base_language(language) if language else ""
    fitting = [v.name for v in voices if not (base and v.language) or base_language(v.language) == base]
    return [name for name in fitting if name != taken]


def _whole(text: object) -> str:
    parts = text if isinstance(text, list | tuple) else [text]
    return "\n".join(part for part in parts if isinstance(part, str))
