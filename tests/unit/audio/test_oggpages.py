"""Ogg pages (`oggpages`) with another serial number are pages still."""

import io
import itertools

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from seriatim.audio.ogg_pages import OggPages, page_checksum
from tests.unit.audio.decoded_samples import decoded, samples, speech

RATE_HZ = 24_000


def vorbis() -> bytes:
    """A stream with a serial number drawn by chance."""
    file = io.BytesIO()
    soundfile.write(file, samples(speech(2.0, RATE_HZ)), RATE_HZ, format="OGG", subtype="VORBIS")
    return file.getvalue()


STREAM = vorbis()


def test_the_checksum_is_that_of_rfc_3533() -> None:
    """The first page of a stream that libsndfile wrote has its own."""
    page = STREAM[: STREAM.index(b"OggS", 4)]
    zeroed = page[:22] + bytes(4) + page[26:]
    assert page_checksum(zeroed) == int.from_bytes(page[22:26], "little")
    assert page_checksum(b"") == 0


@given(st.lists(st.integers(0, len(STREAM)), max_size=9))
def test_pages_come_out_whole_however_the_bytes_came(cuts: list[int]) -> None:
    pages = OggPages()
    edges = [0, *sorted(cuts), len(STREAM)]
    given_out = [pages.feed(STREAM[a:b]) for a, b in itertools.pairwise(edges)]
    assert all(part[:4] == b"OggS" for part in given_out if part)
    assert b"".join(given_out) == OggPages().feed(STREAM)


def test_two_streams_of_the_same_sound_are_the_same_and_are_heard() -> None:
    other = vorbis()
    assert other != STREAM, "the number is drawn by chance"
    ours = OggPages().feed(STREAM)
    assert OggPages().feed(other) == ours
    assert np.array_equal(decoded(ours)[0], decoded(STREAM)[0])


@pytest.mark.parametrize("at", [20, 100, -10])
def test_a_damaged_page_would_be_noticed(at: int) -> None:
    """Libogg skips a page with a wrong checksum, so what was read above had right ones."""
    damaged = bytearray(OggPages().feed(STREAM))
    damaged[at] ^= 1
    try:
        decoded_damaged, _ = decoded(bytes(damaged))
    except soundfile.LibsndfileError:
        return
    assert not np.array_equal(decoded_damaged, decoded(STREAM)[0])
