"""The state of a sentence under way: it comes back as it was, is small, and nothing else passes for one."""

import random
import struct
import zlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from seriatim.errors import EngineFailed
from workers.engines.xtts.batch.resume_state import HIGHEST, VERSION, ResumeState

HEADER = struct.Struct("<BBBQIH")

states = st.builds(
    ResumeState,
    codes=st.lists(st.integers(0, HIGHEST), max_size=605).map(tuple),
    emitted_samples=st.integers(0, 2**32 - 1),
    seed=st.integers(0, 2**63 - 1),
    take=st.integers(0, 255),
)


def packed(version: int = VERSION, compressed: int = 0, seed: int = 1, n_codes: int = 0, codes: bytes = b"") -> bytes:
    """Any header and any codes, with a checksum that is right."""
    head = HEADER.pack(version, compressed, 0, seed, 0, n_codes)
    return head + zlib.crc32(head + codes).to_bytes(4, "little") + codes


@given(states)
@example(ResumeState((), 0, 0))
@example(ResumeState((HIGHEST,) * 605, 2**32 - 1, 2**63 - 1, 255))
def test_a_state_comes_back_as_it_was(state: ResumeState) -> None:
    assert ResumeState.unpack(state.pack()) == state


def test_a_full_sentence_takes_little_room() -> None:
    """It travels with every chunk."""
    chance = random.Random(1)
    worst = ResumeState(tuple(chance.randrange(1024) for _ in range(605)), 674_000, 2**63 - 1, 3)
    assert len(worst.pack()) < 1240
    assert len(ResumeState((45,) * 605, 0, 1).pack()) < 60
    assert len(ResumeState((1, 2, 3), 0, 1).pack()) == 21 + 6


@given(st.binary(max_size=80))
@example(b"")
@example(packed()[:-1])
def test_any_bytes_are_a_state_or_an_error(data: bytes) -> None:
    try:
        state = ResumeState.unpack(data)
    except EngineFailed:
        return
    assert ResumeState.unpack(state.pack()) == state


@given(
    version=st.sampled_from([0, VERSION, 2, 255]),
    compressed=st.integers(0, 3),
    seed=st.integers(0, 2**64 - 1),
    n_codes=st.integers(0, 70),
    codes=st.binary(max_size=90) | st.binary(max_size=140).map(zlib.compress),
)
def test_a_right_checksum_makes_no_state(version: int, compressed: int, seed: int, n_codes: int, codes: bytes) -> None:
    try:
        state = ResumeState.unpack(packed(version, compressed, seed, n_codes, codes))
    except EngineFailed:
        return
    assert version == VERSION
    assert compressed in (0, 1)
    assert state.seed == seed < 2**63
    assert len(state.codes) == n_codes
    assert all(0 <= code <= HIGHEST for code in state.codes)


@given(state=states, data=st.data())
def test_a_state_that_was_changed_or_cut_is_no_state(state: ResumeState, data: st.DataObject) -> None:
    good = state.pack()
    at = data.draw(st.integers(0, len(good) - 1))
    flipped = bytes([*good[:at], good[at] ^ data.draw(st.integers(1, 255)), *good[at + 1 :]])
    for bad in (flipped, good[:at], good + b"\0"):
        with pytest.raises(EngineFailed):
            ResumeState.unpack(bad)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "an xtts state of 0 bytes; expected 21 or more"),
        (packed(version=7), "an xtts state of version 7; expected 1"),
        (packed()[:-1] + b"x", "it was changed"),
        (packed(compressed=2), "an xtts state with compression 2 and seed 1; expected 0 or 1, 63 bits"),
        (packed(seed=2**63), "and seed 9223372036854775808; expected"),
        (packed(n_codes=2, codes=b"12"), "an xtts state with 2 bytes of codes; expected 4"),
        (packed(n_codes=1, codes=struct.pack("<H", 1026)), "an xtts state with code 1026; expected 0 to 1025"),
        (packed(compressed=1, n_codes=1, codes=b"no zlib"), "codes that cannot be decompressed"),
        (packed(compressed=1, n_codes=1, codes=zlib.compress(bytes(10**6))), "expected 2 once decompressed"),
        (packed(compressed=1, n_codes=1, codes=zlib.compress(b"12") + b"3"), "expected 2 once decompressed"),
        (
            packed(compressed=1, n_codes=2, codes=zlib.compress(b"12")),
            "an xtts state with 2 bytes of codes; expected 4",
        ),
    ],
)
def test_what_is_wrong_is_said(data: bytes, says: str) -> None:
    with pytest.raises(EngineFailed) as error:
        ResumeState.unpack(data)
    assert says in str(error.value)
