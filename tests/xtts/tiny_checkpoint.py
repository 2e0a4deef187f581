"""Tiny XTTS checkpoints with random weights, in the genuine layout: small ones for tests, a full-size one to measure.

Random weights speak noise, of course. What makes them useful: they are amplified, because at GPT-2's own scale the
codes hardly depend on the text, and a wrong attention mask would go unnoticed; and the stop code is made likelier, so
that sentences end. `python -m tests.xtts.tiny_checkpoint DIR [full]` builds one by hand.
"""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import soundfile
import torch
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from workers.engines.xtts import checkpoint_check, licence
from workers.engines.xtts.model import checkpoint
from workers.engines.xtts.model.checkpoint import xtts
from workers.engines.xtts.model.checkpoint_sizes import PUBLISHED, DecoderSizes

LANGUAGES = ["en", "es", "fr", "de", "it", "pt", "pl", "tr", "ru", "nl", "cs", "ar", "zh-cn", "hu", "ko", "ja", "hi"]
VOICES = ("Alice Test", "Bob Test")  #: as in speakers_xtts.pth, whose names have spaces in them
CORPUS = [
    "the quick brown fox jumps over the lazy dog, again and again.",
    "one sentence is spoken; another follows! is it right? (perhaps) - yes: it's fine.",
    "zero one two three four five six seven eight nine ten hundred thousand point and per cent",
    "zwölf boxkämpfer jagen viktor quer über den großen sylter deich.",
    "portez ce vieux whisky au juge blond qui fume, à côté, ça et là.",
    "съешь ещё этих мягких французских булок, да выпей чаю.",
]
SMALL_DECODER = DecoderSizes(32, (8, 8, 8, 8), (1, 1, 1, 1))


@dataclass(frozen=True, slots=True)
class Shape:
    """What a checkpoint is built as."""

    layers: int = 2
    dim: int = 64
    heads: int = 4
    vocab: int = 512  #: text tokens
    decoder: DecoderSizes = SMALL_DECODER
    max_codes: int = 605
    gain: float = 8.0  #: times GPT-2's own scale of random weights
    stop_bias: float = 0.8  #: added to the stop code's logit: some 50 codes a sentence, sampled or greedy
    half: bool = False  #: float16, as some published checkpoints are
    seed: int = 0


TINY = Shape()  #: 4 MB
PUBLISHED_DECODER = Shape(decoder=PUBLISHED)  #: 93 MB; nothing of the decoder is taken from its tensors
FULL = Shape(layers=30, dim=1024, heads=16, vocab=6681, decoder=PUBLISHED, gain=1.0)  #: 1.9 GB, XTTS-v2's dimensions


def build(folder: Path, shape: Shape = TINY, *, accept: bool = True) -> Path:
    """Write a checkpoint into `folder`, which is made; with `accept` its licence is accepted. Returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    generator_state = torch.get_rng_state()
    torch.manual_seed(shape.seed)
    _write_vocabulary(folder / checkpoint_check.VOCAB, shape.vocab)
    _config(shape).save_json(str(folder / checkpoint_check.CONFIG))
    torch.save({"model": _state(folder, shape), "config": _config(shape).to_dict()}, folder / checkpoint_check.MODEL)
    torch.save(
        {name: _speaker(shape, number) for number, name in enumerate(VOICES)}, folder / checkpoint_check.SPEAKERS
    )
    torch.set_rng_state(generator_state)
    if accept:
        licence.accept(folder)
    return folder


def write_reference(path: Path, seconds: float = 4.0, *, rate_hz: int = 22_050, pitch_hz: float = 120.0) -> Path:
    """A recording that may stand for a voice: harmonics that swell and fade, with a little noise."""
    soundfile.write(path, reference(seconds, rate_hz=rate_hz, pitch_hz=pitch_hz), rate_hz)
    return path


def reference(seconds: float = 4.0, *, rate_hz: int = 22_050, pitch_hz: float = 120.0) -> npt.NDArray[np.float32]:
    """float32[n_samples], -0.4..0.4: what `write_reference` writes."""
    at_s = np.arange(int(seconds * rate_hz)) / rate_hz
    sound = sum(np.sin(2 * np.pi * pitch_hz * k * at_s + k) / k for k in range(1, 20))
    sound *= 0.5 + 0.5 * np.sin(2 * np.pi * 3 * at_s)
    noise = np.random.default_rng(0).standard_normal(len(at_s))
    return np.asarray(0.3 * sound / np.abs(sound).max() + 0.005 * noise, np.float32)


def _config(shape: Shape) -> Any:
    args = xtts.XttsArgs(
        gpt_layers=shape.layers, gpt_n_model_channels=shape.dim, gpt_n_heads=shape.heads,
        gpt_max_audio_tokens=shape.max_codes, gpt_max_text_tokens=402, gpt_max_prompt_tokens=70,
        gpt_num_audio_tokens=1026, gpt_start_audio_token=1024, gpt_stop_audio_token=1025,
        gpt_use_perceiver_resampler=True, gpt_use_masking_gt_prompt_approach=True,
        decoder_input_dim=shape.dim, d_vector_dim=512, cond_d_vector_in_each_upsampling_layer=True,
    )  # fmt: skip
    audio = xtts.XttsAudioConfig(sample_rate=22_050, output_sample_rate=24_000)
    config = xtts.XttsConfig(model_args=args, audio=audio, temperature=0.75, repetition_penalty=5.0)
    config.gpt_cond_len, config.gpt_cond_chunk_len, config.max_ref_len = 30, 4, 30  # as in the published config.json
    return config


def _state(folder: Path, shape: Shape) -> dict[str, Any]:
    model = xtts.Xtts(_config(shape))
    model.tokenizer = xtts.VoiceBpeTokenizer(vocab_file=str(folder / checkpoint_check.VOCAB))
    model.init_models()
    if shape.decoder != PUBLISHED:
        model.hifigan_decoder = checkpoint.decoder_of(model.args, shape.decoder)
    with torch.no_grad():
        model.gpt.mel_head.bias[model.gpt.stop_audio_token] += shape.stop_bias
        for name, weight in model.gpt.gpt.named_parameters():
            if name.startswith("h.") and name.endswith("weight") and ".ln_" not in name:
                weight *= shape.gain
    state = model.state_dict()
    return {k: v.half() if shape.half and v.is_floating_point() else v for k, v in state.items()}


def _speaker(shape: Shape, number: int) -> dict[str, Any]:
    generator = torch.Generator().manual_seed(shape.seed + 1 + number)
    embedding = torch.randn(1, 512, 1, generator=generator)
    return {
        "gpt_cond_latent": torch.randn(1, 32, shape.dim, generator=generator) * 0.5,
        "speaker_embedding": embedding / embedding.norm(dim=1, keepdim=True),
    }


def _write_vocabulary(path: Path, size: int) -> None:
    """BPE over words, with the published vocab.json's special tokens; filled up to `size` entries."""
    tokenizer = Tokenizer(models.BPE(unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    special = ["[STOP]", "[UNK]", "[SPACE]", "[START]", *(f"[{language}]" for language in LANGUAGES)]
    trainer = trainers.BpeTrainer(vocab_size=min(size, 512), special_tokens=special, show_progress=False)
    tokenizer.train_from_iterator(CORPUS * 4, trainer)
    content = json.loads(tokenizer.to_str())
    vocabulary = content["model"]["vocab"]
    for number in range(len(vocabulary), size):
        vocabulary[f"<unused{number}>"] = number
    path.write_text(json.dumps(content, ensure_ascii=False), "utf-8")


if __name__ == "__main__":
    build(Path(sys.argv[1]), FULL if sys.argv[2:] == ["full"] else TINY)
