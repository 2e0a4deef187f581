"""Reading: numbers, dates, prices, units and signs become the words that a person would say.

It is a step between sentences and engines, so that every engine says the same. It works on one finished sentence, and
changes only what it is sure of: what no rule knows goes to the engine as it was written. Words stay, in order.

A language is a table (languages/), kinds of written forms are rules that read the table (amounts, dates, ...), and
integers are spelled by unicode-rbnf. Numbers agree with what they count as far as tables say its gender.
"""

from seriatim.text.reading.reading_mode import ReadingMode
from seriatim.text.reading.sentence_reader import LANGUAGES, ordinal_words, read_sentence
from seriatim.text.reading.written_dates import written_date

__all__ = ["LANGUAGES", "ReadingMode", "ordinal_words", "read_sentence", "written_date"]
