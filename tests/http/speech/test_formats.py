"""Formats of a stream: the cost of a listener's encoder, and how soon it gives something."""

import asyncio
import itertools
import threading
from pathlib import Path

import numpy as np
import pytest

from gateway.http.encoding.stream_formats import STREAMABLE, EncodedBuffer, StreamEncoding, threads
from seriatim.audio import ffmpeg_encoders
from tests.http.decoded_audio import seconds

RATE_HZ = 24_000
SOUND = (np.sin(np.arange(RATE_HZ) * 0.06) * 8000).astype("<i2").tobytes()  # 1 s
COMPRESSED = ["mp3", "opus", "aac", "flac"]
NOISE = np.random.default_rng(1).normal(0, 3000, 22_050).astype("<i2").tobytes()  # 1 s at espeak's rate


def n_threads() -> int:
    return len(list(Path("/proc/self/task").iterdir()))


@pytest.mark.parametrize(("codec", "option", "chosen"), [
    (ffmpeg_encoders.OPUS, "compression_level", "5"), (ffmpeg_encoders.AAC, "aac_coder", "fast"),
])  # fmt: skip
def test_ffmpegs_encoders_take_the_cheap_way(codec: ffmpeg_encoders.FfmpegCodec, option: str, chosen: str) -> None:
    """FFmpeg leaves options that an encoder does not know: listeners would cost three times as much, unseen."""
    tray = EncodedBuffer()
    encoder = ffmpeg_encoders.FfmpegEncoder(tray, codec, RATE_HZ)
    encoder.write(SOUND)
    assert codec.effort[option] == chosen
    assert option not in encoder.muxer.stream.options, "it was taken"
    encoder.close()
    assert ffmpeg_encoders.M4A.effort == ffmpeg_encoders.AAC.effort


@pytest.mark.parametrize("name", ["opus", "aac", "flac"])
def test_a_listener_of_ffmpegs_formats_has_no_threads_of_his_own(name: str) -> None:
    async def listen() -> int:
        encodings = [StreamEncoding(name) for _ in range(20)]
        for encoding in encodings[:2]:  # the pool of threads that all share
            await encoding.feed(SOUND, RATE_HZ)
        before = n_threads()
        for encoding in encodings[2:]:
            await encoding.feed(SOUND, RATE_HZ)
        more = n_threads() - before
        for encoding in encodings:
            await encoding.close()
        return more

    barrier = threading.Barrier(threads._max_workers)
    for done in [threads.submit(barrier.wait) for _ in range(threads._max_workers)]:
        done.result()  # all of them are there, so that none counts as a listener's
    assert asyncio.run(listen()) <= 0


@pytest.mark.parametrize("name", COMPRESSED)
def test_a_listener_need_not_wait_for_a_second_of_sound_to_hear_its_beginning(name: str) -> None:
    async def first() -> bytes:
        encoding = StreamEncoding(name)
        chunk = await encoding.feed(SOUND[: RATE_HZ // 2], RATE_HZ)  # 0.25 s
        encoding.discard()
        return chunk

    assert seconds(asyncio.run(first())) > 0.1


@pytest.mark.parametrize("rate_hz", [8000, 22_050, 24_000, 44_100, 48_000])
@pytest.mark.parametrize("name", COMPRESSED)
def test_any_rate_keeps_its_length(name: str, rate_hz: int) -> None:
    async def whole() -> bytes:
        encoding, samples = StreamEncoding(name), (np.sin(np.arange(2 * rate_hz) * 0.06) * 8000).astype("<i2").tobytes()
        parts = [await encoding.feed(samples[at : at + 7000], rate_hz) for at in range(0, len(samples), 7000)]
        return b"".join([*parts, await encoding.close()])

    assert -0.01 < seconds(asyncio.run(whole())) - 2 < 0.3


@pytest.mark.parametrize("pcm_hz", [0, 24_000])
@pytest.mark.parametrize("name", STREAMABLE)
def test_the_bytes_do_not_depend_on_how_the_sound_was_cut(name: str, pcm_hz: int) -> None:
    """Equal requests get equal answers, however the worker's chunks and Redis cut them."""

    async def whole(seed: int) -> bytes:
        encoding, cuts = StreamEncoding(name, pcm_hz), np.random.default_rng(seed)
        ends = [0, *sorted(2 * cuts.integers(1, 22_050, 5)), len(NOISE)]
        parts = [await encoding.feed(NOISE[a:b], 22_050) for a, b in itertools.pairwise(ends)]
        return b"".join([*parts, await encoding.close()])

    assert len({asyncio.run(whole(seed)) for seed in range(4)}) == 1
