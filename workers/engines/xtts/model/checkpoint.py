"""Load a checkpoint through coqui-tts' own loader, on any device.

Three things differ from `Xtts.load_checkpoint` by itself, and none of them in what is loaded (a test compares every
tensor). The weights are read here, by torch's restricted unpickler and from the mapped file: coqui-tts would write the
converted file back into the folder where the checkpoint holds its config as a Python object, as the published one
does. The decoder is built at the size that its tensors have. And nothing is filled with random numbers first, which
would take longer than reading the weights.
"""

import logging
import pickle
import time
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from torch.overrides import TorchFunctionMode

from seriatim.errors import EngineUnavailable
from workers.engines.xtts import checkpoint_check, licence
from workers.engines.xtts.model import checkpoint_sizes
from workers.engines.xtts.model.torchaudio_import import xtts_module

xtts = xtts_module()
hifigan_decoder = xtts_module("layers.xtts.hifigan_decoder")
resnet = hifigan_decoder.ResNetSpeakerEncoder

FILLING = ("torch.nn.init", "transformers.initialization")  #: whose functions give new parameters their numbers

log = logging.getLogger(__name__)


def load(folder: Path, device: str | torch.device = "cpu", *, accept_licence: str = "") -> Any:
    """The model in `folder`, an `Xtts` in float32 on `device`, in evaluation mode and without gradients.

    Raises:
        EngineUnavailable: a file is missing, damaged or of another architecture, or there is no such device.
        Misconfigured: the licence of the weights is not accepted.
        UnknownOption: `accept_licence` is another licence than theirs.
    """
    began_s = time.monotonic()
    checked = checkpoint_check.check(folder)
    licence.require(folder, accept_licence)
    checkpoint_check.check_manifest(folder)
    _check_vocabulary(folder / checkpoint_check.VOCAB)
    model = _loaded(checked, _read(folder / checkpoint_check.MODEL))
    model.train(False)  # load_checkpoint(eval=True) leaves the outermost module in training
    model.requires_grad_(False)
    on_device = _moved(model, device)
    log.info("model loaded", extra={"folder": str(folder), "load_ms": round((time.monotonic() - began_s) * 1000)})
    return on_device


class _CheckpointModel(xtts.Xtts):  # type: ignore[misc,name-defined]  # coqui-tts has no types
    """`Xtts` that gets its weights handed in, and builds its decoder at their size."""

    def __init__(self, config: Any, state: dict[str, Any]) -> None:
        self._loaded = {"model": state}
        self._sizes = checkpoint_sizes.of_state(state)
        super().__init__(config)

    def init_models(self) -> None:
        if self.tokenizer.tokenizer is None:  # in the constructor: load_checkpoint builds it all again
            return
        super().init_models()
        if self._sizes != checkpoint_sizes.PUBLISHED:
            self.hifigan_decoder = decoder_of(self.args, self._sizes)

    def _load_checkpoint(self, _model_path: Path) -> Any:
        return self._loaded.pop("model")


def _check_vocabulary(path: Path) -> None:
    try:
        Tokenizer.from_file(str(path))
    except Exception as error:
        if type(error) is not Exception:  # tokenizers raises no narrower class for what it cannot read
            raise
        raise EngineUnavailable(f"{path} is no tokenizer: {_short(error)}; {checkpoint_check.ADVICE}") from error


def _loaded(checked: checkpoint_check.CheckpointFolder, state: dict[str, Any]) -> Any:
    with warnings.catch_warnings(), _UninitializedParameters():
        warnings.simplefilter("ignore")  # deprecations between pinned packages
        try:
            config = xtts.XttsConfig()
            config.load_json(str(checked.folder / checkpoint_check.CONFIG))
            model = _CheckpointModel(config, state)
            model.load_checkpoint(config, checkpoint_dir=str(checked.folder), eval=True)
        except (RuntimeError, TypeError, ValueError, KeyError, pickle.UnpicklingError) as error:
            raise EngineUnavailable(
                f"{checked.folder} cannot be loaded: {_short(error)}; {checkpoint_check.ADVICE}"
            ) from error
    return model


def _read(path: Path) -> dict[str, Any]:
    """The state dict in a model.pth, its tensors mapped from the file."""
    try:
        found = _unpickled(path)
    except (pickle.UnpicklingError, RuntimeError, EOFError, KeyError, ValueError) as error:
        raise EngineUnavailable(f"cannot load {path}: {_short(error)}; {checkpoint_check.ADVICE}") from error
    state = found.get("model") if isinstance(found, dict) else None
    if not isinstance(state, dict):
        raise EngineUnavailable(
            f"{path} has no entry 'model': it is no checkpoint of coqui-tts; {checkpoint_check.ADVICE}"
        )
    return {name.removeprefix("xtts."): tensor for name, tensor in state.items()}  # the prefix: coqui's trainer


def _unpickled(path: Path) -> Any:
    try:
        return torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except pickle.UnpicklingError:
        with xtts._legacy_safe_globals():  # noqa: SLF001  # the four classes of a pickled XttsConfig, and no other
            return torch.load(path, map_location="cpu", weights_only=True, mmap=True)


def _moved(model: Any, device: str | torch.device) -> Any:
    try:
        return model.to(torch.device(device))
    except (RuntimeError, AssertionError) as error:  # an assertion: torch without CUDA
        raise EngineUnavailable(f"cannot use the device {device}: {_short(error)}") from error


def decoder_of(args: Any, sizes: checkpoint_sizes.DecoderSizes) -> Any:
    """A `HifiDecoder` for `args`, an `XttsArgs`, at the sizes that `XttsArgs` cannot express."""
    decoder = hifigan_decoder.HifiDecoder(
        input_sample_rate=args.input_sample_rate,
        output_sample_rate=args.output_sample_rate,
        output_hop_length=args.output_hop_length,
        ar_mel_length_compression=args.gpt_code_stride_len,
        decoder_input_dim=args.decoder_input_dim,
        d_vector_dim=args.d_vector_dim,
        cond_d_vector_in_each_upsampling_layer=args.cond_d_vector_in_each_upsampling_layer,
        upsample_initial_channel_decoder=sizes.channels,
    )
    decoder.speaker_encoder = resnet(
        input_dim=64,
        proj_dim=args.d_vector_dim,
        layers=list(sizes.blocks),
        num_filters=list(sizes.filters),
        log_input=True,
        use_torch_spec=True,
        audio_config=decoder.speaker_encoder_audio_config,
    )
    return decoder


class _UninitializedParameters(TorchFunctionMode):  # type: ignore[misc]  # torch is checked as Any
    """Leaves new parameters as they are: strict loading overwrites each of them."""

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        del types
        if getattr(func, "__module__", None) in FILLING:
            return kwargs["tensor"] if kwargs and "tensor" in kwargs else args[0]
        return func(*args, **(kwargs or {}))


def _short(error: BaseException) -> str:
    """The first two lines of what torch says, on one: the rest lists every tensor."""
    return " ".join(line.strip() for line in str(error).strip().splitlines()[:2])[:300] or type(error).__name__
