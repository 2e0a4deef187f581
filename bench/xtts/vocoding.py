"""The streaming vocoder against coqui-tts' streaming, which decodes a sentence from its beginning for every chunk.

Both get the same latents in the same chunks. The last chunk is the sentence's end for both, which is one decode less
than `Xtts.inference_stream` makes.
"""

import statistics
import time
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from bench.xtts.figures import Figure
from bench.xtts.subject import Subject
from workers.engines.xtts.model.vocoder import StreamingVocoder

N_LATENTS, CHUNK = 120, 20  #: as `inference_stream`'s own default
OVERLAP = 1024  #: samples, as there
FASTER, EQUAL = 3.0, 1e-6


def figures(subject: Subject, repeats: int) -> list[Figure]:
    """Speed and equality."""
    latents = torch.randn(N_LATENTS, subject.model.args.gpt_n_model_channels, device=subject.device)
    with torch.inference_mode():
        offline = _decoded(subject, latents).cpu()
        theirs_s, theirs = _timed(lambda: library(subject, latents), repeats)
        vocoder = StreamingVocoder(subject.model.hifigan_decoder, subject.device)
        ours_s, ours = _timed(lambda: streamed(subject, vocoder, latents), repeats)
    name = f"streaming vocoder, {N_LATENTS} latents by {CHUNK}"
    off = (theirs[: len(offline)] - offline[: len(theirs)]).abs().max().item()
    peak = offline.abs().max().item()
    return [
        Figure.at_least(name, FASTER, theirs_s / ours_s, f"{ours_s:.2f} s against the library's {theirs_s:.2f} s"),
        Figure.at_most(
            "  its difference from the offline decode", EQUAL, _difference(ours, offline),
            f"of a peak of {peak:.2g}; the library's streaming differs by {off:.2g}",
        ),
    ]  # fmt: skip


def streamed(subject: Subject, vocoder: StreamingVocoder, latents: Tensor) -> Tensor:
    """Our way, float32[n_samples]."""
    stream = vocoder.stream(subject.voice["speaker_embedding"])
    parts = []
    for at in range(0, len(latents), CHUNK):
        window = stream.push(list(latents[at : at + CHUNK]), at + CHUNK >= len(latents))
        parts += vocoder.render([window]) if window else []
    return torch.cat(parts)


def library(subject: Subject, latents: Tensor) -> Tensor:
    """The library's way, float32[n_samples]: as `Xtts.inference_stream` goes from latents to chunks."""
    parts: list[Tensor] = []
    before: Any = None
    overlap: Any = None
    for at in range(CHUNK, len(latents) + CHUNK, CHUNK):
        wave = _decoded(subject, latents[:at])
        chunk, before, overlap = subject.model.handle_chunks(
            wave, before, overlap, OVERLAP, is_final=at >= len(latents)
        )
        parts.append(chunk.cpu())
    return torch.cat(parts)


def _decoded(subject: Subject, latents: Tensor) -> Any:
    return subject.model.hifigan_decoder(
        latents[None], g=subject.voice["speaker_embedding"].to(subject.device)
    ).squeeze()


def _timed(make: Callable[[], Tensor], repeats: int) -> tuple[float, Tensor]:
    """The median of the seconds it takes, once it is warm, and what it makes."""
    made = make()
    times_s = []
    for _ in range(repeats):
        began_s = time.perf_counter()
        made = make()
        times_s.append(time.perf_counter() - began_s)
    return statistics.median(times_s), made


def _difference(one: Tensor, other: Tensor) -> float:
    return (one - other).abs().max().item() if len(one) == len(other) else float("inf")
