"""The segmentation that is stored with a job: the same text, sent again, is cut the same way.

A pool that is nearly full wants smaller first pieces, a new version of its engine other limits: the same text would
become other sentences, and what is known of the job would not fit them.
"""

import json
from dataclasses import replace

from seriatim.text.segment import SegmentOptions


def segmentation_to_json(cut: SegmentOptions) -> str:
    """What of a cut is the pool's doing, as JSON. Pauses are the caller's, and stand in the sentences."""
    return json.dumps([cut.language, cut.limit_chars, cut.merge_chars, cut.first_chars], separators=(",", ":"))


def with_stored_segmentation(cut: SegmentOptions, told: str) -> SegmentOptions:
    """The cut with what `segmentation_to_json` kept of another; "" changes nothing."""
    if not told:
        return cut
    language, limit_chars, merge_chars, first_chars = json.loads(told)
    return replace(
        cut, language=language, limit_chars=limit_chars, merge_chars=merge_chars, first_chars=first_chars
    )  # fmt: skip
