"""Test sentences of all lengths, spoken repeatedly while settings are tried."""

from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

from seriatim.engine import Engine, Utterance
from seriatim.errors import BadInput, EmptyText
from seriatim.state.pool_record import PoolRecord
from seriatim.text.segment import SegmentOptions, segment

SAMPLE = """\
Good morning. The ferry to the islands leaves at a quarter past seven, from the last pier on the left, and it has
never once waited for anybody. Tickets are sold on board. If you have brought a bicycle, please roll it to the front,
lock it to the blue rail, and remember where you have put it: last summer eleven of them travelled on without their
owners. Is there coffee? There is. It costs two coins, it comes in paper cups, and those who have tasted it say that
it is the best reason to stay awake until the lighthouse. Behind the lighthouse the sea becomes rough. Children find
that wonderful. Their parents hold on to the railing, to their hats, and to each other, and look at the horizon, as
the captain has asked them to do. After forty minutes the engine slows down. You will see the harbour first, then the
white houses above it, and at last, if the fog is kind, the mountain. No one gets off in a hurry. On the quay an old
man sells oranges. Buy one! The bus to the village stands in the shade of the church; it leaves when it is full, which
may take a while. Going on foot is faster. The path goes up between stone walls and fig trees, past a well from which
one may drink, and comes out, quite suddenly, on the square. Sit down. You have arrived.
"""
VOICES = 4  #: most voices to use in turn


def split_sentences(engine: Engine, text: str, language: str) -> tuple[str, ...]:
    """Split a text into sentences as a producer would for this engine.

    Raises:
        EmptyText: there are none.
    """
    facts = PoolRecord(limit_chars=engine.limit_chars, limits=engine.limits)
    options = SegmentOptions(language or "en", facts.limit_of(language or "en"), engine.merge_chars)
    result = tuple(piece.text for piece in segment(text, options))
    if not result:
        raise EmptyText("the text has no sentence to speak")
    return result


def endless_utterances(engine: Engine, texts: tuple[str, ...], language: str, start: int) -> Iterator[Utterance]:
    """An endless sequence: every sentence with another seed, voices in turn; `start` is the first sentence, 0-based."""
    voices = [voice.name for voice in engine.voices[:VOICES]] or [""]
    for seed, number in enumerate(cycle(range(len(texts)))):
        index = (start + number) % len(texts)
        yield Utterance(texts[index], voices[seed % len(voices)], language, seed=start * 1_000_003 + seed)


def read_text(path: str) -> str:
    """The text of a file, or the sample for "".

    Raises:
        BadInput: it cannot be read.
    """
    if not path:
        return SAMPLE
    try:
        return Path(path).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} cannot be read as a text: {error}") from error
