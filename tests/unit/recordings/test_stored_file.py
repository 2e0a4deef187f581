"""Ranges of a stored file: one range is answered, anything else is all of the file."""

import pytest

from gateway.http.recordings.stored_file import requested_span


@pytest.mark.parametrize(
    ("headers", "span"),
    [
        ({}, None),
        ({"range": "bytes=0-9"}, (0, 10)),
        ({"range": "bytes= 5-"}, (5, 100)),
        ({"range": "bytes=-10"}, (90, 100)),
        ({"range": "bytes=-1000"}, (0, 100)),
        ({"range": "bytes=90-1000"}, (90, 100)),
        ({"range": "bytes=100-"}, None),
        ({"range": "bytes=-0"}, None),
        ({"range": "bytes=-"}, None),
        ({"range": "bytes=9-5"}, None),
        ({"range": "bytes=0-1,3-4"}, None),
        ({"range": "items=0-1"}, None),
        ({"range": "bytes=0-9", "if-range": '"tag"'}, (0, 10)),
        ({"range": "bytes=0-9", "if-range": '"other"'}, None),
    ],
)
def test_the_span_of_a_range(headers: dict[str, str], span: tuple[int, int] | None) -> None:
    assert requested_span(headers, 100, '"tag"') == span
