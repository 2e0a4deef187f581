"""The streaming vocoder: what it makes in parts is what the library's decoder makes in one."""

import itertools
import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional

from workers.engines.xtts.model.torchaudio_import import xtts_module
from workers.engines.xtts.model.vocoder import StreamingVocoder, VocoderStream, VocoderWindow
from workers.engines.xtts.model.vocoder_frames import LinearInterpolation, VocoderFrames
from workers.engines.xtts.model.waveform_generator import WaveformGenerator, fold_weight_norm, tf32

pytestmark = pytest.mark.thorough

DIM = 64
EQUAL = 1e-6  # a thirtieth of the step between two 16-bit samples
LEVEL = 12  # brings the random decoder's peak to that of speech, or equality to 1e-6 would prove little


def decoder_of(**sizes: int) -> Any:
    """A decoder with random weights; its structure is the published one's in everything but the sizes given."""
    torch.manual_seed(3)
    decoder = xtts_module("layers.xtts.hifigan_decoder").HifiDecoder(**sizes)
    with torch.no_grad():
        decoder.waveform_decoder.conv_post.weight *= LEVEL
    return decoder.eval().requires_grad_(False)


@pytest.fixture(scope="module")
def decoder() -> Any:
    return decoder_of(decoder_input_dim=DIM, upsample_initial_channel_decoder=32)


@pytest.fixture(scope="module")
def vocoder(decoder: Any) -> StreamingVocoder:
    return StreamingVocoder(decoder, "cpu")


def voice(seed: int = 0) -> Tensor:
    return functional.normalize(torch.randn(1, 512, 1, generator=torch.Generator().manual_seed(seed)), dim=1) * 8


def latents_of(n: int, dim: int = DIM, seed: int = 0) -> Tensor:
    return torch.randn(n, dim, generator=torch.Generator().manual_seed(100 * n + seed))


def offline(decoder: Any, latents: Tensor, speaker: Tensor, length_scale: float = 1.0) -> Tensor:
    """What `Xtts.inference` makes of a sentence's latents."""
    with torch.inference_mode():
        emitted_samples = latents[None]
        if length_scale != 1.0:
            emitted_samples = functional.interpolate(
                emitted_samples.transpose(1, 2), scale_factor=[length_scale], mode="linear"
            )
            emitted_samples = emitted_samples.transpose(1, 2)
        return decoder(emitted_samples, g=speaker).flatten()


def pushed(stream: VocoderStream, latents: Tensor, sizes: Sequence[int]) -> Iterator[VocoderWindow]:
    """The windows of a sentence that comes in chunks of `sizes`, again and again, or all at once."""
    at = 0
    for size in itertools.cycle(sizes or [len(latents)]):
        window = stream.push(list(latents[at : at + size]), final=at + size >= len(latents))
        at += size
        if window is not None:
            yield window
        if at >= len(latents):
            return


def streamed(vocoder: StreamingVocoder, stream: VocoderStream, latents: Tensor, sizes: Sequence[int] = ()) -> Tensor:
    parts = [vocoder.render([window])[0] for window in pushed(stream, latents, sizes)]
    return torch.cat([torch.empty(0), *parts])


def far(made: Tensor, expected: Tensor) -> float:
    """The greatest difference, in samples of -1..1; infinite where the lengths differ."""
    return float((made - expected).abs().max()) if made.shape == expected.shape else math.inf


@settings(max_examples=25, deadline=None)
@given(n=st.integers(1, 70), sizes=st.lists(st.integers(1, 25), max_size=4), seed=st.integers(0, 3))
def test_a_stream_is_the_offline_decode_whatever_the_chunks(
    decoder: Any, vocoder: StreamingVocoder, n: int, sizes: list[int], seed: int
) -> None:
    latents, speaker = latents_of(n, seed=seed), voice(seed)
    whole = offline(decoder, latents, speaker)
    assert whole.abs().max() > 0.2
    assert far(streamed(vocoder, vocoder.stream(speaker), latents, sizes), whole) < EQUAL


@settings(max_examples=25, deadline=None)
@given(data=st.data(), n=st.integers(1, 50), sizes=st.lists(st.integers(1, 25), max_size=3))
def test_another_worker_makes_exactly_the_rest(
    decoder: Any, vocoder: StreamingVocoder, data: st.DataObject, n: int, sizes: list[int]
) -> None:
    """From any sample on, the last bit of a 16-bit sample apart."""
    latents, speaker = latents_of(n), voice()
    whole = offline(decoder, latents, speaker)
    start = data.draw(st.integers(0, len(whole)))
    rest = streamed(vocoder, vocoder.stream(speaker, emitted_samples=start), latents, sizes)
    assert far(rest, whole[start:]) < EQUAL if start < len(whole) else len(rest) == 0
    steps = (rest * 32767).round() - (whole[start:] * 32767).round()
    assert not len(steps) or steps.abs().max() <= 1


def test_more_was_given_out_than_there_is(vocoder: StreamingVocoder) -> None:
    stream = vocoder.stream(voice(), emitted_samples=10**6)
    assert stream.push(list(latents_of(9)), final=True) is None
    assert stream.emitted_samples == 10**6


@settings(max_examples=12, deadline=None)
@given(n=st.integers(2, 60), speed=st.floats(0.3, 3), sizes=st.lists(st.integers(1, 20), max_size=3))
def test_a_speed_stretches_as_the_library_does(
    decoder: Any, vocoder: StreamingVocoder, n: int, speed: float, sizes: list[int]
) -> None:
    scale, latents = 1 / speed, latents_of(n)
    stream = vocoder.stream(voice(), length_scale=scale)
    made = streamed(vocoder, stream, latents, sizes)
    if math.floor(n * scale) == n and scale != 1:  # there the library does nothing, and cannot know before the end
        assert len(made) == len(offline(decoder, latents, voice()))
    elif math.floor(n * scale) == 0:  # there it raises
        assert len(made) == 0
    else:
        assert far(made, offline(decoder, latents, voice(), scale)) < EQUAL


def test_a_slight_slowing_is_no_different_where_a_sentence_is_short(decoder: Any, vocoder: StreamingVocoder) -> None:
    """The library ignores a speed that does not make a sentence longer by a latent; that is unknown in advance."""
    latents, scale = latents_of(15), 1.05
    once = streamed(vocoder, vocoder.stream(voice(), length_scale=scale), latents)
    assert far(streamed(vocoder, vocoder.stream(voice(), length_scale=scale), latents, [8, 2]), once) < EQUAL
    assert far(offline(decoder, latents, voice(), scale), offline(decoder, latents, voice())) == 0
    assert far(once, offline(decoder, latents, voice())) > 0.01


@pytest.mark.parametrize("side", ["left", "right"])
def test_a_decoder_that_looks_as_far_as_it_can_is_streamed_as_exactly(side: str) -> None:
    """A trained one may hear more from its outermost taps than a random one, whose reach fades."""
    decoder = decoder_of(decoder_input_dim=DIM, upsample_initial_channel_decoder=32)
    fold_weight_norm(decoder.waveform_decoder)
    for conv in decoder.waveform_decoder.modules():
        if isinstance(conv, torch.nn.ConvTranspose1d):  # its later taps bring what is further left
            half = conv.kernel_size[0] // 2
            conv.weight[..., slice(half) if side == "left" else slice(half, None)] = 0
        elif isinstance(conv, torch.nn.Conv1d) and conv.kernel_size[0] > 1:
            taps = conv.weight[..., 0 if side == "left" else -1] * conv.kernel_size[0] ** 0.5
            conv.weight.zero_()[..., 0 if side == "left" else -1] = taps
    vocoder = StreamingVocoder(decoder, "cpu")
    for seed in range(3):
        latents, speaker = latents_of(24, seed=seed), voice(seed)
        whole = offline(decoder, latents, speaker)
        assert far(streamed(vocoder, vocoder.stream(speaker), latents, [5, 3]), whole) < EQUAL


def test_rows_of_equal_size_go_through_together(
    decoder: Any, vocoder: StreamingVocoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each with its own voice, and none hears another."""
    passes = []
    run = WaveformGenerator.run

    def counted(self: WaveformGenerator, plan: Any, frames: Tensor, speakers: Any) -> Tensor:
        passes.append(len(frames))
        return run(self, plan, frames, speakers)

    monkeypatch.setattr(WaveformGenerator, "run", counted)
    monkeypatch.setattr(vocoder, "_pass_frames", 128)
    rows = [(latents_of(23, seed=seed), voice(seed)) for seed in range(5)]
    streams = [vocoder.stream(speaker) for _, speaker in rows]
    made: list[list[Tensor]] = [[] for _ in rows]
    for at, final in ((0, False), (8, False), (16, True)):
        windows = [s.push(list(r[at : at + 8]), final) for s, (r, _) in zip(streams, rows, strict=True)]
        for parts, samples in zip(made, vocoder.render([w for w in windows if w]), strict=True):
            parts.append(samples)
    assert passes == [5, 3, 2, 2, 2, 1]  # as many as fit: 128 frames
    for parts, (latents, speaker) in zip(made, rows, strict=True):
        assert far(torch.cat(parts), offline(decoder, latents, speaker)) < EQUAL
    assert far(torch.cat(made[0]), offline(decoder, rows[0][0], voice(1))) > 0.01


@settings(max_examples=10, deadline=None)
@given(lengths=st.lists(st.integers(1, 40), min_size=1, max_size=4), size=st.integers(4, 20))
def test_windows_of_any_sizes_are_made_in_one_call(
    decoder: Any, vocoder: StreamingVocoder, lengths: list[int], size: int
) -> None:
    rows = [(latents_of(n, seed=i), voice(i)) for i, n in enumerate(lengths)]
    windows = [list(pushed(vocoder.stream(speaker), latents, [size])) for latents, speaker in rows]
    made = iter(vocoder.render([window for of_row in windows for window in of_row]))
    for of_row, (latents, speaker) in zip(windows, rows, strict=True):
        assert far(torch.cat([next(made) for _ in of_row]), offline(decoder, latents, speaker)) < EQUAL
    assert vocoder.render([]) == []


def test_what_a_gpu_does_to_make_sizes_equal_changes_no_sample(decoder: Any) -> None:
    """Windows grow backwards to a common size, and long ones are made in one pass."""
    vocoder = StreamingVocoder(decoder, "cpu")
    vocoder._quantum, vocoder._pass_frames = 16, 8192
    latents, speaker = latents_of(90), voice()
    windows = list(pushed(vocoder.stream(speaker), latents, [7, 11]))
    assert {(window.stop - window.start) % 16 for window in windows[1:]} == {0}
    assert far(torch.cat(vocoder.render(windows)), offline(decoder, latents, speaker)) < EQUAL
    whole = vocoder.render(list(pushed(vocoder.stream(speaker, emitted_samples=30_001), latents, [])))
    assert far(whole[0], offline(decoder, latents, speaker)[30_001:]) < EQUAL


def test_the_published_decoder_is_streamed_as_exactly() -> None:
    decoder = decoder_of()
    vocoder = StreamingVocoder(decoder, "cpu")
    latents, speaker = latents_of(26, 1024), voice()
    made = streamed(vocoder, vocoder.stream(speaker), latents, [5, 8])
    whole = offline(decoder, latents, speaker)
    assert far(made, whole) < EQUAL * max(1.0, 2 * float(whole.abs().max()))  # 2e-6 of the peak: see Vocoder


@pytest.mark.parametrize("length_scale", [1.0, 0.5, 2.0])
def test_sound_comes_as_soon_as_it_is_certain(vocoder: StreamingVocoder, length_scale: float) -> None:
    n = vocoder.least_latents(length_scale)
    stream = vocoder.stream(voice(), length_scale=length_scale)
    latents = list(latents_of(n))
    assert stream.push(latents[:-1], final=False) is None
    window = stream.push(latents[-1:], final=False)
    assert window is not None
    assert len(vocoder.render([window])[0]) == window.n_samples == stream.emitted_samples > 0
    assert length_scale != 1 or n == 4


def test_a_stream_keeps_only_what_it_will_look_at(vocoder: StreamingVocoder) -> None:
    stream = vocoder.stream(voice())
    kept = []
    for latent in latents_of(300):
        stream.push([latent], final=False)
        kept.append(len(stream._kept))
    assert max(kept) == max(kept[:20]) <= 8


def test_of_a_resumed_sentence_only_the_rest_is_kept(vocoder: StreamingVocoder) -> None:
    stream = vocoder.stream(voice(), emitted_samples=250 * 1114)
    assert stream.push(list(latents_of(250)), final=False) is None
    assert len(stream._kept) <= 8


def test_an_empty_sentence_makes_nothing(vocoder: StreamingVocoder) -> None:
    assert vocoder.stream(voice()).push([], final=True) is None


@settings(max_examples=60, deadline=None)
@given(n_frames=st.integers(1, 400), before=st.integers(0, 13), after=st.integers(0, 13))
def test_surroundings_are_dropped_where_they_would_cost(
    vocoder: StreamingVocoder, n_frames: int, before: int, after: int
) -> None:
    """Every stage makes what it must, and where most is to compute under two frames each side more than wanted."""
    plan = vocoder._generator.plan(n_frames, before, after)
    assert plan.frames.lo >= -before
    assert plan.frames.hi <= n_frames + after
    for span, scale in zip(plan.within, (8, 64, 128, 256), strict=True):
        assert span.lo <= 0
        assert span.hi >= n_frames * scale
    for span, scale in zip(plan.within[1:], (64, 128, 256), strict=True):
        assert span.hi - span.lo < (n_frames + 4) * scale


def test_folding_the_weight_norms_changes_no_bit() -> None:
    decoder = decoder_of(decoder_input_dim=DIM, upsample_initial_channel_decoder=32)
    before = offline(decoder, latents_of(9), voice())
    for _ in range(2):
        fold_weight_norm(decoder.waveform_decoder)
        assert torch.equal(offline(decoder, latents_of(9), voice()), before)


def test_bfloat16_is_near(decoder: Any) -> None:
    vocoder = StreamingVocoder(decoder, "cpu", torch.bfloat16)
    latents, speaker = latents_of(40), voice()
    whole = offline(decoder, latents, speaker)
    noise = streamed(vocoder, vocoder.stream(speaker), latents, [9]) - whole
    assert noise.dtype is torch.float32
    assert 10 * math.log10(float(whole.square().mean() / noise.square().mean())) > 20


def test_tf32_is_left_as_it_was() -> None:
    was = torch.backends.cudnn.allow_tf32
    for allowed in (False, True):
        with tf32(allowed):
            assert torch.backends.cudnn.allow_tf32 is torch.backends.cuda.matmul.allow_tf32 is allowed
    assert torch.backends.cudnn.allow_tf32 is was


FACTORS = st.sampled_from([4.0, 24000 / 22050, 2.0, 1 / 1.1, 1 / 0.7, 0.5, 1 / 3, 0.25])


def interpolated(values: Tensor, factor: float) -> Tensor:
    return functional.interpolate(values[None, None], scale_factor=[factor], mode="linear")[0, 0]


@given(factor=FACTORS, n=st.integers(1, 3000))
def test_places_are_rounded_as_torch_rounds_them(factor: float, n: int) -> None:
    """Two values in turn show each place's share, to its last bit."""
    stretch, values = LinearInterpolation(factor), torch.arange(n) % 2.0
    if stretch.length(n) == 0:
        return
    below, above, share = stretch.sources(0, stretch.length(n), n, whole=True)
    made = values.numpy()[below] * (1 - share) + values.numpy()[above] * share
    np.testing.assert_array_equal(made, interpolated(values, factor).numpy())


@given(factor=FACTORS, n=st.integers(1, 60), more=st.integers(0, 60))
def test_settled_places_do_not_change_whatever_follows(factor: float, n: int, more: int) -> None:
    stretch = LinearInterpolation(factor)
    settled = stretch.settled(n)
    assert settled <= stretch.length(n + more)
    below, above, share = stretch.sources(0, settled, n, whole=False)
    for end in (0.0, 9.0):
        values = torch.cat([torch.arange(n) % 2.0, torch.full((more,), end)])
        if stretch.length(n + more) and stretch.length(n + more) != n + more:
            made = values.numpy()[below] * (1 - share) + values.numpy()[above] * share
            np.testing.assert_array_equal(made, interpolated(values, factor).numpy()[:settled])


@settings(deadline=None)
@given(data=st.data(), n=st.integers(3, 90), scale=st.sampled_from([None, 0.5, 1.7]))
def test_any_part_of_the_frames_is_that_part_of_all(data: st.DataObject, n: int, scale: float | None) -> None:
    stretches = [LinearInterpolation(4.0), LinearInterpolation(24000 / 22050)]
    frames = VocoderFrames(tuple([LinearInterpolation(scale), *stretches] if scale else stretches))
    latents = latents_of(n, 8)
    expected = latents.T[None]
    for stretch in frames.stretches:
        expected = functional.interpolate(expected, scale_factor=[stretch.factor], mode="linear")
    total = frames.count(n, whole=True)
    start = data.draw(st.integers(0, total - 1))
    stop = data.draw(st.integers(start + 1, total))
    first, weights = frames.weights(start, stop, n, whole=True)
    assert frames.first_latent(start, n) <= first
    made = torch.from_numpy(weights) @ latents[first : first + weights.shape[1]]
    assert far(made, expected[0].T[start:stop]) < EQUAL
