"""A voice's positions are fed once, and every sentence in it begins with them."""

import gc
import weakref
from typing import Any

import torch

from workers.engines.xtts.batch.voice_positions import VoicePositions
from workers.engines.xtts.model.transformer import Transformer


def voices(count: int) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(1, 32, 64, generator=generator) for _ in range(count)]


def test_a_slot_begins_with_its_voice_and_only_the_first_time_is_it_computed(tiny_model: Any, monkeypatch: Any) -> None:
    with torch.inference_mode():
        transformer = Transformer(tiny_model.gpt, torch.float32, torch.device("cpu"))
        cache, alone = transformer.cache(4, 60), transformer.cache(1, 60)
        positions = VoicePositions(transformer, cache)
        one, other = voices(2)
        assert positions.put(one, 0) == 32
        positions.put(other, 1)
        monkeypatch.setattr(transformer, "fill", None)  # from here on nothing can be computed
        positions.put(other, 2)
        positions.put(one, 3)
        monkeypatch.undo()
        for slot, voice in enumerate((one, other, other, one)):
            transformer.fill(voice, alone, 0)
            assert torch.equal(cache.read(slot, 32), alone.read(0, 32))


def test_the_voices_spoken_last_are_kept_and_no_others(tiny_model: Any) -> None:
    with torch.inference_mode():
        transformer = Transformer(tiny_model.gpt, torch.float32, torch.device("cpu"))
        cache = transformer.cache(1, 60)
        positions = VoicePositions(transformer, cache, kept=2)
        for number in range(20):
            positions.put(torch.full((1, 32, 64), float(number)), 0)
            found = cache.read(0, 32)
            transformer.fill(torch.full((1, 32, 64), float(number)), cache, 0)
            assert torch.equal(found, cache.read(0, 32))
        assert len(positions._voices) == 2


def test_a_voice_is_known_by_being_the_same_tensor(tiny_model: Any) -> None:
    """Which is therefore kept: never may another one be born at the address of one that is gone."""
    with torch.inference_mode():
        transformer = Transformer(tiny_model.gpt, torch.float32, torch.device("cpu"))
        positions = VoicePositions(transformer, transformer.cache(1, 60), kept=1)
        (voice,) = voices(1)
        kept = weakref.ref(voice)
        positions.put(voice, 0)
        del voice
        gc.collect()
        assert kept() is not None
        positions.put(voices(1)[0], 0)
        gc.collect()
        assert kept() is None
