"""The segmentation that is stored with a job, so that the same text, sent again, is split the same way.

A pool that is nearly full uses smaller parts, and a new version of its engine other limits: the same text would
become other sentences, which do not match the stored ones.
"""

import json
from dataclasses import replace

from seriatim.text.segment import SegmentOptions


def segmentation_to_json(cut: SegmentOptions) -> str:
    """The pool's part of the options, as JSON. Pauses are the caller's, and are stored with the sentences."""
    return json.dumps(
        [cut.language, cut.limit_chars, cut.merge_chars, cut.first_chars, cut.limit_ms], separators=(",", ":")
    )


def with_stored_segmentation(cut: SegmentOptions, stored: str) -> SegmentOptions:
    """The options `cut` with those stored by `segmentation_to_json`; "" changes nothing."""
    if not stored:
        return cut
    language, limit_chars, merge_chars, first_chars, limit_ms = json.loads(stored)
    return replace(
        cut, language=language, limit_chars=limit_chars, merge_chars=merge_chars, first_chars=first_chars,
        limit_ms=limit_ms,
    )  # fmt: skip
