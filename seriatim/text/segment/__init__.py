"""Text becomes pieces that an engine can speak: sentences, in order, nothing lost and nothing twice.

One way through for all text, whether it is at hand (`segment`) or still being written (`IncrementalSegmenter`):

    Source     makes line ends newlines                             characters -> characters
    Quotes     finds who speaks in a novel (if asked)              characters -> characters
    Speakers   finds the names before the lines of a dialogue       characters -> characters
    Markup     finds emphasis, links, tables, tags (if asked)       characters -> characters
    Cleaner    takes out what has no sound                          characters -> characters
    Lines      finds wrapped lines, headings, lists, paragraphs     newlines   -> spaces and breaks
    Lists      finds the items of a list within a line              spaces     -> breaks
    Sentences  finds where sentences end, breaks long ones          breaks and marks -> parts
    Languages  finds the language of each paragraph (if asked)      parts      -> parts
    Reading    puts numbers and signs into words (if asked)         parts      -> parts
    Joiner     joins short ones, drops what is only punctuation     parts      -> pieces

Each step reads onwards, decides by a bounded stretch of what follows, and then never changes its mind. So a text gives
the same pieces however it is parted, in time that grows with its length, in memory that does not.

What is spoken is every word of the text, a word being what stands between white space and has a letter or a digit in
it. Left out are soundless characters, bullets, and punctuation or emoji that stand alone on a line or fill a long
stretch; a line of these ends the paragraph. Beside a word they stay, and the engine makes of them what it can.
"""

from seriatim.text.segment.incremental import IncrementalSegmenter, segment
from seriatim.text.segment.segment_options import HOLD_CHARS, Segment, SegmentOptions

__all__ = ["HOLD_CHARS", "IncrementalSegmenter", "Segment", "SegmentOptions", "segment"]
