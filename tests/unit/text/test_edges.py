"""The edges of sentences: what is trimmed, what is faded, what stays, whatever the chunks."""

import math
import random

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seriatim.audio.pcm import bytes_of_ms
from seriatim.errors import EngineFailed
from workers.trim_and_fade import FADE_MS, LEAD_MS, TAIL_MS, THRESHOLD, UNITY, TrimFadeFilter

RATE_HZ = 8000
LEAD, TAIL, FADE = (bytes_of_ms(ms, RATE_HZ) // 2 for ms in (LEAD_MS, TAIL_MS, FADE_MS))
PAUSE_MS = 30
PAUSE = bytes(bytes_of_ms(PAUSE_MS, RATE_HZ))


def samples(pcm: bytes) -> npt.NDArray[np.int64]:
    return np.frombuffer(pcm, "<i2").astype(np.int64)


def pcm_of(levels: list[int]) -> bytes:
    return np.array(levels, "<i2").tobytes()


def edged(*chunks: bytes, pause_ms: float = PAUSE_MS) -> bytes:
    edges = TrimFadeFilter(RATE_HZ, pause_ms)
    return b"".join([*map(edges.feed, chunks), edges.finish()])


def defined(pcm: bytes) -> bytes:
    """The same, as one would define it: the whole sentence at once, sample by sample."""
    levels = samples(pcm).tolist()
    sounds = [at for at, level in enumerate(levels) if abs(level) > THRESHOLD]
    if not sounds:
        return PAUSE
    kept = levels[max(0, sounds[0] - LEAD) : sounds[-1] + 1 + TAIL]
    for order in (1, -1):
        kept = kept[::order]
        for at in range(min(FADE, len(kept))):
            gain = round((0.5 - 0.5 * math.cos(math.pi * (at + 0.5) / FADE)) * UNITY)
            kept[at] = math.floor(kept[at] * gain / UNITY + 0.5)
        kept = kept[::order]
    return pcm_of(kept) + PAUSE


@st.composite
def sentences(draw: st.DrawFn) -> bytes:
    """Stretches of silence, noise below the threshold, quiet and loud sound, in any order, some very short."""
    drawn = draw(st.lists(st.tuples(st.sampled_from([0, 60, THRESHOLD, THRESHOLD + 1, 9000, 32768]), lengths())))
    chance = random.Random(draw(st.integers(0, 999)))
    return pcm_of([max(-level, min(32767, chance.randint(-level, level))) for level, n in drawn for _ in range(n)])


def lengths() -> st.SearchStrategy[int]:
    return st.one_of(st.integers(0, 3), st.integers(FADE - 2, FADE + 2), st.integers(LEAD, 2 * TAIL))


@st.composite
def cut(draw: st.DrawFn, pcm: bytes) -> list[bytes]:
    """The same bytes as chunks of whole samples, empty ones among them; often cut where sound begins or ends."""
    turns = [0, *(np.flatnonzero(np.diff(np.abs(samples(pcm)) > THRESHOLD)) + 1).tolist()]
    at = st.one_of(st.integers(0, len(pcm) // 2), st.sampled_from(turns))
    ends = sorted(2 * end for end in draw(st.lists(at, max_size=12)))
    return [pcm[start:end] for start, end in zip([0, *ends], [*ends, len(pcm)], strict=True)]


@given(st.data())
def test_the_chunks_do_not_change_the_bytes(data: st.DataObject) -> None:
    pcm = data.draw(sentences())
    assert edged(*data.draw(cut(pcm))) == defined(pcm)


@given(st.data())
def test_another_worker_goes_on_exactly_where_a_filter_stopped(data: st.DataObject) -> None:
    pcm = data.draw(sentences())
    edges, filtered = TrimFadeFilter(RATE_HZ, PAUSE_MS), b""
    for chunk in data.draw(cut(pcm)):
        filtered += edges.feed(chunk)
        edges = TrimFadeFilter.restore(edges.state(), RATE_HZ, PAUSE_MS)
    assert filtered + edges.finish() == defined(pcm)
    assert edges.peak == max([0, *(abs(x) for x in samples(pcm).tolist() if abs(x) > THRESHOLD)])


def test_silence_around_speech_goes_and_the_pause_of_the_job_comes() -> None:
    speech = [8000, -8000] * 500
    out = samples(edged(pcm_of([0] * 5000 + speech + [0] * 7000)))
    sounding = np.flatnonzero(out)
    assert len(out) == LEAD + len(speech) + TAIL + len(PAUSE) // 2
    assert sounding[0] == LEAD
    assert out[LEAD : LEAD + len(speech)].tolist() == speech
    assert not out[-len(PAUSE) // 2 - TAIL :].any()


def test_a_long_pause_inside_a_sentence_survives() -> None:
    """A breath is part of the sentence; only the silence behind the last word is not."""
    levels = [9000] * 400 + [7, -7] * 8000 + [9000] * 400
    out = samples(edged(pcm_of(levels)))
    assert out[FADE : 400 + 16000 + 400 - FADE].tolist() == levels[FADE:-FADE]


def test_a_quiet_consonant_before_and_behind_the_sound_stays() -> None:
    soft = [THRESHOLD - 4] * LEAD
    out = samples(edged(pcm_of(soft + [9000] * 400 + soft)))
    assert out[FADE : LEAD - FADE].tolist() == soft[FADE:-FADE]
    assert out[LEAD + 400 : LEAD + 400 + LEAD - FADE].tolist() == soft[FADE:]


@pytest.mark.parametrize("pcm", [b"", pcm_of([0] * 9000), pcm_of([THRESHOLD, -THRESHOLD] * 4000)])
def test_a_sentence_without_sound_is_its_pause(pcm: bytes) -> None:
    assert edged(pcm) == PAUSE
    assert edged(pcm, pause_ms=0) == b""


@pytest.mark.parametrize("level", [32767, -32768, 3000])
def test_joints_do_not_click(level: int) -> None:
    """The worst an engine can do, a constant at full scale cut off anywhere, joins silence without a step."""
    whole = edged(pcm_of([level] * 4000), pause_ms=0) + edged(pcm_of([level] * 4000)) + edged(pcm_of([~level] * 4000))
    steps = np.abs(np.diff(samples(b"\0\0" + whole + b"\0\0")))
    assert steps.max() <= abs(level) * math.pi / 2 / FADE + 1  # the steepest point of a raised cosine
    assert steps[:2].max() <= abs(level) * 0.004
    assert np.abs(samples(whole)).max() <= max(abs(level), abs(~level))


def test_only_the_fade_is_held_back_while_there_is_speech() -> None:
    edges = TrimFadeFilter(RATE_HZ, PAUSE_MS)
    n_out = len(edges.feed(pcm_of([9000] * 800))) // 2
    assert n_out == 800 - FADE
    assert len(edges.feed(pcm_of([0] * 4000))) // 2 == TAIL
    assert edges.feed(pcm_of([0] * 4000)) == b""


def test_the_state_is_small_and_does_not_grow_with_the_sentence() -> None:
    edges = TrimFadeFilter(24_000, 0)
    chance = random.Random(1)
    sizes = set()
    for _ in range(100):
        edges.feed(pcm_of([chance.randint(-9000, 9000) for _ in range(480)]))
        sizes.add(len(edges.state()))
    assert max(sizes) < 300
    edges.feed(bytes(2 * 48_000))
    assert len(edges.state()) < 600  # two seconds of silence are held


def test_the_peak_of_an_engine_that_clips_is_seen() -> None:
    edges = TrimFadeFilter(RATE_HZ, 0)
    edges.feed(pcm_of([300, -32768, 5]))
    edges.feed(pcm_of([1200]))
    assert edges.peak == 32768


@pytest.mark.parametrize("state", [b"", b"\1", b"\1" * 60])
def test_a_foreign_state_is_refused(state: bytes) -> None:
    with pytest.raises(EngineFailed, match=f"invalid trim-and-fade state of {len(state)} bytes"):
        TrimFadeFilter.restore(state, RATE_HZ, 0)


def test_a_state_of_another_version_is_refused() -> None:
    state = b"\2" + TrimFadeFilter(RATE_HZ, 0).state()[1:]
    with pytest.raises(EngineFailed, match="trim-and-fade state of version 2; expected 1"):
        TrimFadeFilter.restore(state, RATE_HZ, 0)


def test_half_a_sample_is_refused() -> None:
    with pytest.raises(ValueError, match="buffer size"):
        TrimFadeFilter(RATE_HZ, 0).feed(b"abc")
