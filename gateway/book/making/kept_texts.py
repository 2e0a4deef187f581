"""Kept texts: corrected sentences of a chapter keep their texts when the chapter gets another voice. Pure.

Another voice is another key, under which a chapter has no corrections yet. Its sentences are the same ones as long as
the language is: in another one a text may be cut into other sentences.
"""

from collections.abc import Mapping, Sequence

from gateway.book.book_plan import BookPlan
from gateway.book.corrections import Correction, with_texts_of
from seriatim.state.pool_record import PoolRecord


def earlier_keys(
    before: BookPlan, now: BookPlan, narrators: tuple[str, str], language: str, pool: PoolRecord
) -> dict[str, str]:
    """The keys that chapters with another voice of the same language had before, by those that they have now.

    The plans are of the same texts. `narrators`: the book's, before and now. `language`: of all texts; "": the voice's.
    """
    before_voice, voice = narrators
    return {
        new.base_key: old.base_key
        for old, new in zip(before.chapters, now.chapters, strict=False)
        if old.base_key != new.base_key
        and (language or pool.language_of(old.voice or before_voice) == pool.language_of(new.voice or voice))
    }


def with_kept_texts(
    corrections: Mapping[str, Sequence[Correction]], earlier: Mapping[str, str]
) -> dict[str, Sequence[Correction]]:
    """All corrections, by the keys of their chapters, with the texts that these had under `earlier` keys."""
    kept = dict(corrections)
    for key, earlier_key in earlier.items():
        if earlier_key in corrections:
            kept[key] = with_texts_of(corrections.get(key, ()), corrections[earlier_key])
    return kept
