"""Quote voices: the speakers whose quoted speech is looked for in a text, and how it is spoken. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from seriatim.text.speech_style import PLAIN_STYLE, SpeechStyle


@dataclass(frozen=True, slots=True)
class QuoteVoices:
    """The speakers of a novel."""

    names: Mapping[str, str]  #: names as the text has them, each with its speaker
    styles: Mapping[str, SpeechStyle]  #: by speaker
    pronouns: Mapping[str, str]  #: by speaker, such as `she`; missing: any
    default: SpeechStyle = PLAIN_STYLE  #: of speech whose speaker is not sure

    def style(self, speaker: str) -> SpeechStyle:
        """How a speaker speaks; "": one who is not known."""
        return self.styles.get(speaker, self.default)
