"""Segment options, and segments: two records that everything below the client reads."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from seriatim.errors import UnknownOption
from seriatim.text.dialogue.quotes.quote_voices import QuoteVoices
from seriatim.text.markup import DEFAULT_CHOICES, Markup, MarkupChoices
from seriatim.text.pronunciation import Pronunciation
from seriatim.text.reading import ReadingMode
from seriatim.text.speech_style import PLAIN_STYLE, SpeechStyle

#: below this many characters an engine could not take one long word with its punctuation
SMALLEST_LIMIT_CHARS = 20
HOLD_CHARS = 400  #: of a paragraph, until its language is clear: three or four sentences
#: a rest shorter than this, cut from a long sentence, would be spoken as a fragment ("of it.")
SMALL_CHARS = 20


@dataclass(frozen=True, slots=True)
class SegmentOptions:
    """How to cut a text into pieces.

    Raises:
        UnknownOption: a number is outside its range.
    """

    language: str = "en"  #: BCP 47; rules go by its first part, and unknown languages go by the rules of English
    limit_chars: int = 250  #: the longest piece that the engine speaks well, 20 or more
    merge_chars: int = 0  #: a sentence shorter than this joins a neighbour of its line, 0..limit_chars; 0: none does
    first_chars: int = 0  #: a first sentence longer than this is begun with a clause of it; 0: with all of it
    pause_ms: int = 200  #: silence after a sentence or a line
    paragraph_ms: int = 600  #: silence after a paragraph
    markup: Markup = Markup.NONE  #: how the text is marked up
    reading: ReadingMode = ReadingMode.OFF  #: whether numbers and signs become words
    kept_words: Callable[[str], Sequence[tuple[int, int]]] | None = (
        None  #: places that reading leaves: a lexicon's words
    )
    paragraph_language: Callable[[str], str] | None = None  #: the tag of a paragraph's language, "" where it is unclear
    hold_chars: int = 0  #: how much of a paragraph may be held until its language is clear; 0: of a stream, none
    speakers: Mapping[str, SpeechStyle] = field(default_factory=dict)  #: names before lines of a dialogue, and styles
    limit_ms: int = 0  #: the estimated length of a piece at the normal speed, where words permit it; 0: any length
    choices: MarkupChoices = DEFAULT_CHOICES  #: what is said of code and of emoji
    quotes: QuoteVoices | None = None  #: whose quoted speech is looked for; None: it is the narrator's

    def __post_init__(self) -> None:
        if self.limit_chars < SMALLEST_LIMIT_CHARS:
            raise UnknownOption(f"limit_chars {self.limit_chars}; expected {SMALLEST_LIMIT_CHARS} or more")
        if not 0 <= self.merge_chars <= self.limit_chars:
            raise UnknownOption(f"merge_chars {self.merge_chars}; expected 0 to limit_chars {self.limit_chars}")
        for name in ("first_chars", "pause_ms", "paragraph_ms", "limit_ms"):
            if getattr(self, name) < 0:
                raise UnknownOption(f"{name} {getattr(self, name)}; expected 0 or more")

    @property
    def rest_chars(self) -> int:
        """The shortest rest that breaking a long sentence may leave."""
        return min(max(SMALL_CHARS, self.merge_chars), self.limit_chars // 2)


@dataclass(frozen=True, slots=True)
class Segment:
    """What an engine speaks in one go."""

    text: str  #: 1..limit_chars characters with a letter or digit among them, no white space at its ends
    pause_ms: int  #: silence after it; 0 between the parts of one broken sentence
    language: str = ""  #: BCP 47, of its paragraph; "": that of the options
    style: SpeechStyle = PLAIN_STYLE  #: the voice, language and rate that markup or a speaker's name asks for
    pronunciations: tuple[Pronunciation, ...] = ()  #: that markup gives for words of it
