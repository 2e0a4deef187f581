"""The cast of a dialogue in a request: voices of speakers, of the narrator and of others."""

from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from seriatim.client.job_options import MAX_PAUSE_MS
from seriatim.client.option_checks import MAX_NAME_CHARS, MAX_SPEAKERS
from seriatim.text.dialogue.cast import NARRATOR
from seriatim.text.dialogue.cast_fields import MOST_NAMES
from seriatim.text.speech_style import LEAST_RATE, MOST_RATE

VoiceName = Annotated[str, Field(max_length=MAX_NAME_CHARS)]


class SpeakerBody(BaseModel):
    """A speaker of a dialogue."""

    model_config = ConfigDict(extra="forbid")

    voice: VoiceName = Field("", description='a voice or a language; "": the narrator\'s')
    language: str = Field("", max_length=64, description="BCP 47")
    speed: float = Field(1.0, ge=LEAST_RATE, le=MOST_RATE, description="times the job's speed")
    pause_ms: int | None = Field(None, ge=0, le=MAX_PAUSE_MS, description="silence after a sentence")
    names: list[VoiceName] = Field([], max_length=MOST_NAMES, description="other names, as a novel has them")
    pronoun: str = Field("", max_length=64, description="such as she: a tag with another one is another speaker's")


class CastBody(BaseModel):
    """A cast."""

    model_config = ConfigDict(extra="forbid")

    narrator: VoiceName = Field("", description="voice of the text that no speaker says")
    others: list[VoiceName] | Literal["auto"] = Field(
        [], max_length=MAX_SPEAKERS, description="voices of other speakers"
    )
    quotes: VoiceName = Field(
        "",
        description='looks for quoted speech: the voice where its speaker is not sure, or narrator; "": does not',
    )
    speakers: dict[str, VoiceName | SpeakerBody] = Field({}, description="speakers by name")

    def fields(self, voice_of: Callable[[str], str]) -> dict[str, Any]:
        """The fields of a cast, with the voices that `voice_of` gives for their names."""
        return self.model_dump(exclude_none=True) | {
            "narrator": voice_of(self.narrator),
            "quotes": self.quotes if self.quotes in ("", NARRATOR) else voice_of(self.quotes),
            "others": self.others if self.others == "auto" else [voice_of(name) for name in self.others],
            "speakers": {name: _speaker(each, voice_of) for name, each in self.speakers.items()},
        }


def _speaker(speaker: str | SpeakerBody, voice_of: Callable[[str], str]) -> str | dict[str, Any]:
    if isinstance(speaker, str):
        return voice_of(speaker)
    return speaker.model_dump(exclude_none=True) | {"voice": voice_of(speaker.voice)}
