"""Texts for the tests of segmentation: what people write, and what they should not."""

from hypothesis import strategies as st

from seriatim.text.segment import SegmentOptions
from seriatim.text.segment.character_classes import SPEAKABLE
from seriatim.text.segment.clean import TextCleaner
from seriatim.text.unicode_forms import compose

_WORDS = """
the He said fine Hello Dr. e.g. U.S. J. Mr. 3.14 No. Yes! What? well... etc. Really?! (see above.) "Hi. You." “Oh.”
«Ah!» 'so' don't a.m. http://a.org/b?c=1. x@y.org, -- — & 5 1. 2) [1] it,[2] so; thus: 👩‍👩‍👧 🎉 *** # - • naïve Übung
é día. ¿Qué? été… Привет.
"""
WORDS = _WORDS.split()
SPACES = (" ", " ", " ", " ", "\n", "\n\n", "  ", "\t", "\r\n", "\r", "\u2029", " \n \n ", "\xa0")
#: text whose words stand between white space
spaced = st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from(SPACES)), max_size=60).map(
    lambda pairs: "".join(word + space for word, space in pairs)
)
#: anything at all, much of it punctuation, CJK, marks, controls, and lone surrogates
anything = st.lists(
    st.one_of(
        st.text(max_size=4),
        st.sampled_from([*WORDS, *SPACES, *"。、！「」はい日本語ーっ́\u200d\ufeff\u202e\x00\ud800क्ष।؟۔‽", "x" * 40]),
    ),
    max_size=60,
).map("".join)

languages = st.sampled_from(["en", "de", "fr", "es", "ru", "ja", "zh-Hant", "hi", "ar", "el", "hy", "tlh", ""])


@st.composite
def cuts(draw: st.DrawFn, least: int = 20) -> SegmentOptions:
    """Any way to cut, with limits from `least` characters."""
    limit = draw(st.integers(least, least + 60) | st.sampled_from([250, 1_000_000]))
    merge = draw(st.sampled_from([0, 0, 10, 25]))
    return SegmentOptions(draw(languages), limit, min(merge, limit), draw(st.sampled_from([0, 0, 15, 60])))


def cleaned(text: str) -> str:
    """The text without what has no sound."""
    return TextCleaner().feed(text)


def words(text: str) -> list[str]:
    """What stands between white space and has a letter or a digit in it."""
    return [word for word in compose(text).split() if SPEAKABLE.search(word)]


def letters(text: str) -> str:
    """The letters and digits of a text, in order, their accents composed as those of sentences are."""
    return "".join(SPEAKABLE.findall(compose(text)))
