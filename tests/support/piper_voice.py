"""A tiny Piper voice in the genuine format: the graph of VITS as Piper exports it, with random weights.

It has what a real one has where it matters: a duration predictor with noise of its own, frames drawn from a mean and a
deviation, a mask, a flow with context of some frames, a decoder that makes 256 samples of each frame, and speakers that
all of these hear of.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

HOP, SYMBOLS = 256, 160
DIM = 8  #: channels of a quick voice: a sentence takes some ms
ESPEAK_VOICES = {"en_US": "en-us", "en_GB": "en-gb-x-rp"}  #: of others, the language
#: Piper's symbols, in the order of its ids
PHONEMES = (
    "_^$ !'(),-.:;?abcdefhijklmnopqrstuvwxyzæçðøħŋœǀǁǂǃɐɑɒɓɔɕɖɗɘəɚɛɜɞɟɠɡɢɣɤɥɦɧɨɪɫɬɭɮɯɰɱɲɳɴɵɶɸɹɺɻɽɾʀʁʂʃʄʈʉʊʋʌʍʎʏʐʑʒʔʕ"
    "ʘʙʛʜʝʟʡʢʲˈˌːˑ˞βθχᵻⱱ0123456789"
)


def write_voice(
    folder: Path,
    name: str,
    *,
    rate_hz: int = 22_050,
    speakers: int = 1,
    dim: int = DIM,
    kernel: int = 5,
    seed: int = 0,
    **config: Any,
) -> Path:
    """Write NAME.onnx and NAME.onnx.json; returns the path of NAME.onnx.

    A voice with many channels (`dim`) is slow; a frame hears of `kernel` frames; `config` replaces entries of
    the config.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.onnx"
    onnx.save(_GraphBuilder(speakers, dim, kernel, seed).model(), str(path))
    (folder / f"{name}.onnx.json").write_text(json.dumps(voice_config(name, rate_hz, speakers) | config), "utf-8")
    return path


def voice_config(name: str, rate_hz: int = 22_050, speakers: int = 1) -> dict[str, Any]:
    """The config of a voice that is named as Piper names them, such as en_US-tiny-medium."""
    code, dataset, quality = name.split("-")
    return {
        "audio": {"sample_rate": rate_hz, "quality": quality},
        "espeak": {"voice": ESPEAK_VOICES.get(code, code.partition("_")[0])},
        "language": {"code": code},
        "inference": {"noise_scale": 0.667, "length_scale": 1, "noise_w": 0.8},
        "phoneme_type": "espeak",
        "phoneme_map": {},
        "phoneme_id_map": {phoneme: [number] for number, phoneme in enumerate(PHONEMES)},
        "num_symbols": SYMBOLS,
        "num_speakers": speakers,
        "speaker_id_map": {f"s{n}": n for n in range(speakers)} if speakers > 1 else {},
        "dataset": dataset,
        "piper_version": "1.0.0",
    }


class _GraphBuilder:
    """The nodes and weights of a voice, as they are added."""

    def __init__(self, speakers: int, dim: int, kernel: int, seed: int) -> None:
        self._dim, self._kernel = dim, kernel
        self._rng = np.random.default_rng(seed)
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []
        self._speakers = speakers

    def model(self) -> onnx.ModelProto:
        """The whole graph: inputs input, input_lengths, scales and, with several speakers, sid."""
        noise_scale, length_scale, noise_w = (self._op("Gather", "scales", self._const(n)) for n in range(3))
        embedded = self._op("Gather", self._weights(SYMBOLS, self._dim), "input")  # [1, T, D]
        speaker = self._speaker()
        logs_w = self._op("Gather", self._const(self._rng.uniform(0.7, 2.0, SYMBOLS)), "input")  # [1, T]
        zeros = self._op("ConstantOfShape", self._op("Concat", self._const([1, 2]), self._length("input"), axis=0))
        noise = self._op("Mul", self._random("/dp/RandomNormalLike", zeros), noise_w)
        both = self._op("ReduceMean", noise, axes=[1], keepdims=0)
        frames = self._op("Ceil", self._op("Mul", self._op("Exp", self._add(logs_w, both)), length_scale))  # [1, T]
        path, mask = self._path(frames)
        mean = self._op("Transpose", self._op("MatMul", path, embedded), perm=[0, 2, 1])  # [1, D, F]
        mean = self._add(mean, speaker) if speaker else mean
        logs = self._op("Mul", self._op("Tanh", mean), self._const(-0.5))
        scaled = self._op("Mul", self._random("/RandomNormalLike", mean), self._op("Exp", logs))
        latent = self._add(mean, self._op("Mul", scaled, noise_scale))
        self._decode(latent, mask, speaker)
        return self._checked()

    def _decode(self, latent: str, mask: str, speaker: str) -> None:
        weights = self._weights(self._dim, self._dim, self._kernel, scale=0.3 / self._dim)
        around = self._kernel // 2
        flow = self._op("Conv", self._op("Mul", latent, mask), weights, pads=[around, around])
        flow = self._op("Mul", self._op("Tanh", self._add(flow, speaker) if speaker else flow), mask)
        sound = self._op("Sub", self._op("Mul", latent, mask), flow)
        sound = self._op("ConvTranspose", sound, self._weights(self._dim, 1, HOP, scale=0.8 / self._dim), strides=[HOP])
        sound = self._op("Tanh", sound)  # [1, 1, S]
        self._nodes.append(helper.make_node("Unsqueeze", [sound, self._const([1])], ["output"]))

    def _path(self, frames: str) -> tuple[str, str]:
        """Which phoneme each frame is of [1, F, T], and the mask [1, 1, F]."""
        ends = self._op("CumSum", frames, self._const(1))
        total = self._op("ReduceMax", ends, keepdims=0)
        numbers = self._op("Range", self._const(0.0), total, self._const(1.0))  # [F]
        at = self._op("Unsqueeze", numbers, self._const([0, 2]))  # [1, F, 1]
        ends = self._op("Unsqueeze", ends, self._const([1]))  # [1, 1, T]
        starts = self._op("Sub", ends, self._op("Unsqueeze", frames, self._const([1])))
        path = self._op("And", self._op("Less", at, ends), self._op("Not", self._op("Less", at, starts)))
        mask = self._op("Unsqueeze", self._op("Less", numbers, total), self._const([0, 1]))
        return self._cast(path), self._cast(mask)

    def _speaker(self) -> str:
        if self._speakers == 1:
            return ""
        return self._op(
            "Unsqueeze", self._op("Gather", self._weights(self._speakers, self._dim), "sid"), self._const([2])
        )

    def _random(self, name: str, like: str) -> str:
        self._nodes.append(helper.make_node("RandomNormalLike", [like], [f"{name}_output_0"], name=name, dtype=1))
        return f"{name}_output_0"

    def _length(self, name: str) -> str:
        return self._op("Slice", self._op("Shape", name), self._const([1]), self._const([2]))

    def _add(self, one: str, other: str) -> str:
        return self._op("Add", one, other)

    def _cast(self, name: str) -> str:
        return self._op("Cast", name, to=TensorProto.FLOAT)

    def _op(self, op_type: str, *inputs: str, **attributes: Any) -> str:
        name = f"/{op_type}_{len(self._nodes)}_output_0"
        self._nodes.append(helper.make_node(op_type, inputs, [name], **attributes))
        return name

    def _const(self, value: Any) -> str:
        array = np.asarray(value)
        array = array.astype(np.float32) if array.dtype.kind == "f" else array.astype(np.int64)
        self._constants.append(numpy_helper.from_array(array, f"constant_{len(self._constants)}"))
        return self._constants[-1].name

    def _weights(self, *shape: int, scale: float = 1.0) -> str:
        return self._const(self._rng.standard_normal(shape) * scale)

    def _checked(self) -> onnx.ModelProto:
        info, int64, float32 = helper.make_tensor_value_info, TensorProto.INT64, TensorProto.FLOAT
        inputs = [info("input", int64, ["batch_size", "phonemes"]), info("input_lengths", int64, ["batch_size"])]
        inputs += [info("scales", float32, [3])]
        inputs += [info("sid", int64, ["batch_size"])] if self._speakers > 1 else []
        outputs = [info("output", float32, ["batch_size", 1, 1, "time"])]
        graph = helper.make_graph(self._nodes, "tiny_piper", inputs, outputs, self._constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=8)
        onnx.checker.check_model(model)
        return model
