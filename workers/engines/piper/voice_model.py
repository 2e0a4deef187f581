"""The model of one Piper voice: its cut graph in two sessions, and the samples of a sentence."""

import hashlib
import json
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime

from seriatim.errors import EngineUnavailable
from seriatim.process.interpreter import python_command
from workers.engines.piper.decoder_windows import Context, decode_frames
from workers.engines.piper.voice_config import VoiceConfig

CUTTER = "workers.engines.piper.graph_cut"
CUT_VERSION = 2  #: part of a cut graph's name: a change of graph_cut.py that matters makes new ones
CUTS = ".cut"  #: the folder of cut graphs beside the voices
READ_AT_ONCE = 1 << 20  #: bytes


class Device(StrEnum):
    """Where a model runs."""

    CPU = "cpu"
    CUDA = "cuda"  #: with onnxruntime-gpu in place of onnxruntime; was never run by this project


@dataclass(frozen=True, slots=True)
class Scales:
    """What may be chosen for each sentence, in Piper's terms."""

    noise_scale: float  #: variation of the sound
    length_scale: float  #: length of the sounds: 2 is half as fast
    noise_w: float  #: variation of the lengths


@dataclass(frozen=True, slots=True)
class IdSpeech:
    """The sound of a sentence's ids, or of a part of them."""

    durations_ms: tuple[float, ...]  #: of each id; () if unknown
    waves: Iterator[npt.NDArray[np.float32]]  #: window by window: float32[n_samples], -1..1


class VoiceModel:
    """A voice that is loaded; thread-safe."""

    def __init__(self, config: VoiceConfig, cache: Path | None, device: Device) -> None:
        """Load a voice, whose graph is cut if it was not yet.

        Raises:
            EngineUnavailable: its graph cannot be read or cut, or the device is missing.
        """
        folder = _cut_folder(config.path, cache)
        if not (folder / "seam.json").is_file():
            _cut_graph(config.path, folder)
        self._seam = json.loads((folder / "seam.json").read_text("utf-8"))
        self._rate_hz = config.rate_hz
        self._context = Context(self._seam["left"], self._seam["right"])
        self._front, self._decoder = (_session(folder / name, device) for name in ("front.onnx", "decoder.onnx"))
        self._takes_speaker = any(each.name == "sid" for each in self._front.get_inputs())

    def speak_ids(self, ids: Sequence[int], speaker: int, scales: Scales, rng: np.random.Generator) -> IdSpeech:
        """Speak a sentence, or a part of it: how long each id lasts is known at once, the samples follow.

        All noise is drawn from `rng`: first that of the durations, then that of the frames.
        """
        seam = self._seam
        sid = {"sid": np.array([speaker], np.int64)}
        inputs: dict[str, Any] = {
            "input": np.array([ids], np.int64), "input_lengths": np.array([len(ids)], np.int64),
            "scales": np.array([scales.noise_scale, scales.length_scale, scales.noise_w], np.float32),
        }  # fmt: skip
        if seam["noise"]:
            inputs["duration_noise"] = rng.standard_normal((1, 2, len(ids)), dtype=np.float32)
        outputs = [seam["mean"], seam["logs"], *seam["durations"], *seam["seam"]]
        mean, logs, *rest = self._front.run(outputs, inputs | (sid if self._takes_speaker else {}))
        frames, masks = rest[: len(seam["durations"])], rest[len(seam["durations"]) :]
        durations_ms = [n * seam["hop"] / self._rate_hz * 1000 for each in frames for n in each.reshape(-1).tolist()]
        noise = rng.standard_normal(mean.shape, dtype=np.float32)
        latent = mean + noise * np.exp(logs) * np.float32(scales.noise_scale)
        tensors = {seam["latent"]: latent} | dict(zip(seam["seam"], masks, strict=True))
        of_speaker = sid if seam["speaker"] else {}
        waves = decode_frames(self._decoder, tensors, of_speaker, self._context, seam["hop"])
        return IdSpeech(tuple(durations_ms), waves)


def check_device(device: Device) -> None:
    """Refuse a device that this machine's onnxruntime cannot use.

    Raises:
        EngineUnavailable: with what to install.
    """
    if device is Device.CUDA and "CUDAExecutionProvider" not in onnxruntime.get_available_providers():
        raise EngineUnavailable(
            "device=cuda needs onnxruntime-gpu: pip uninstall onnxruntime && pip install onnxruntime-gpu"
        )


def _session(path: Path, device: Device) -> Any:
    """One thread, because the cores belong to other sentences."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.use_deterministic_compute = True
    providers = ["CPUExecutionProvider"] if device is Device.CPU else ["CUDAExecutionProvider", "CPUExecutionProvider"]
    return onnxruntime.InferenceSession(str(path), options, providers=providers)


def _cut_folder(voice: Path, cache: Path | None) -> Path:
    """The folder of a voice's cut graph: it is named by the bytes of the voice, so another file is cut anew."""
    with voice.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return (cache or voice.parent / CUTS) / f"{voice.stem}.{digest[:16]}.{CUT_VERSION}"


def _cut_graph(voice: Path, folder: Path) -> None:
    done = subprocess.run(python_command(CUTTER, str(voice), str(folder)), capture_output=True, text=True, check=False)
    if done.returncode:
        reason = done.stderr.strip().rpartition("\n")[2] or f"its cutter ended with status {done.returncode}"
        raise EngineUnavailable(f"the voice {voice} cannot be used: {reason}")
