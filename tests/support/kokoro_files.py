"""Files of Kokoro in either of its layouts, with a tiny model: each phoneme is a note, as loud as the voice's style."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper

ROWS = 510  #: of a voice's table of styles
NOTE_SAMPLES = 1_200  #: of a phoneme at speed 1
NOTE_FRAMES = 2  #: likewise, as the graph computes it
VOICES = {"af_bella": 0.2, "af_sky": 0.5, "bf_emma": 0.3, "jf_alpha": 0.4}  #: loudness


def write_archive(folder: Path, model: str = "kokoro-v1.0.onnx", voices: Mapping[str, float] = VOICES) -> Path:
    """The layout of kokoro-onnx' releases."""
    folder.mkdir(parents=True, exist_ok=True)
    onnx.save(tiny_model("tokens"), folder / model)
    with (folder / "voices-v1.0.bin").open("wb") as file:
        styles: dict[str, Any] = {name: _styles(loudness) for name, loudness in voices.items()}
        np.savez(file, **styles)
    return folder


def write_folders(folder: Path, voices: Mapping[str, float] = VOICES) -> Path:
    """The layout of onnx-community's repository."""
    (folder / "onnx").mkdir(parents=True)
    (folder / "voices").mkdir()
    onnx.save(tiny_model("input_ids"), folder / "onnx" / "model.onnx")
    for name, loudness in voices.items():
        (folder / "voices" / f"{name}.bin").write_bytes(_styles(loudness).tobytes())
    return folder


def tiny_model(tokens: str) -> onnx.ModelProto:
    """A graph with Kokoro's inputs and output: tokens[1, n], style[1, 256], speed[1] -> audio[n_samples]."""

    def constant(name: str, values: Any, kind: int) -> onnx.TensorProto:
        return onnx.numpy_helper.from_array(np.asarray(values, helper.tensor_dtype_to_np_dtype(kind)), name)

    constants = [
        constant("note", [NOTE_SAMPLES], TensorProto.FLOAT), constant("pitch", [0.004], TensorProto.FLOAT),
        constant("frames", [NOTE_FRAMES], TensorProto.FLOAT),
        constant("flat", [-1], TensorProto.INT64), constant("column", [-1, 1], TensorProto.INT64),
        constant("zero", 0, TensorProto.INT64), constant("one", 1, TensorProto.INT64),
        constant("first", [0], TensorProto.INT64), constant("axis", [1], TensorProto.INT64),
    ]  # fmt: skip
    steps: list[tuple[Any, ...]] = [
        ("Div", ["note", "speed"], "long"), ("Floor", ["long"], "whole"),
        ("Cast", ["whole"], "samples", {"to": TensorProto.INT64}),
        ("Cast", [tokens], "numbers", {"to": TensorProto.FLOAT}), ("Reshape", ["numbers", "column"], "rows"),
        ("Shape", ["rows"], "shape"), ("Gather", ["shape", "first"], "n"),
        ("Concat", ["n", "samples"], "size", {"axis": 0}),
        ("Expand", ["rows", "size"], "held"), ("Reshape", ["held", "flat"], "pitches"),
        ("Mul", ["n", "samples"], "total"), ("Reshape", ["total", "none"], "end"),
        ("Range", ["zero", "end", "one"], "at"), ("Cast", ["at"], "time", {"to": TensorProto.FLOAT}),
        ("Mul", ["pitches", "pitch"], "turns"), ("Mul", ["turns", "time"], "phase"), ("Sin", ["phase"], "wave"),
        ("Expand", ["frames", "n"], "slow"), ("Div", ["slow", "speed"], "due"), ("Round", ["due"], "durations"),
        ("ReduceMean", ["style"], "loudness", {"axes": [0, 1], "keepdims": 0}), ("Mul", ["wave", "loudness"], "audio"),
    ]  # fmt: skip
    constants.append(onnx.numpy_helper.from_array(np.array([], np.int64), "none"))
    nodes = [helper.make_node(step[0], step[1], [step[2]], **(step[3] if len(step) > 3 else {})) for step in steps]
    graph = helper.make_graph(
        nodes, "tiny",
        [
            helper.make_tensor_value_info(tokens, TensorProto.INT64, [1, "n_tokens"]),
            helper.make_tensor_value_info("style", TensorProto.FLOAT, [1, 256]),
            helper.make_tensor_value_info("speed", TensorProto.FLOAT, [1]),
        ],
        [helper.make_tensor_value_info("audio", TensorProto.FLOAT, ["n_samples"])],
        constants,
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    onnx.checker.check_model(model)
    return model


def _styles(loudness: float) -> np.ndarray[Any, np.dtype[np.float32]]:
    return np.full((ROWS, 1, 256), loudness, np.float32)
