"""The Kokoro model: one onnxruntime session, which turns phonemes and a style into sound.

Exports differ in the names of their inputs and in the type of the speed; both are read from the file. One thread by
default: another number of threads may give other bytes, and two processes speak more than one with two threads.
"""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime

from seriatim.errors import EngineUnavailable
from workers.engines.kokoro.model_files import ADVICE, Styles

MOST_TOKENS = 510  #: of one pass, without the two pads around them: what the model was trained with
PAD = 0
SPEED_TYPES = {"tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(float16)": np.float16}


class KokoroModel:
    """The session; thread-safe."""

    def __init__(self, path: Path, threads: int) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        options.log_severity_level = 3  # it warns of nodes that it optimises away
        try:
            self._session: Any = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's errors have no common class but this
            raise EngineUnavailable(
                f"{path} is no model that onnxruntime can load ({str(error)[:200]}); {ADVICE}"
            ) from error
        inputs = {each.name: each.type for each in self._session.get_inputs()}
        self._tokens = "input_ids" if "input_ids" in inputs else "tokens"
        if set(inputs) != {self._tokens, "style", "speed"} or inputs["speed"] not in SPEED_TYPES:
            raise EngineUnavailable(f"{path} has the inputs {inputs}; expected those of Kokoro-82M v1.0; {ADVICE}")
        self._speed_type = SPEED_TYPES[inputs["speed"]]

    def pcm(self, tokens: list[int], styles: Styles, speed: float) -> bytes:
        """Speak 1..MOST_TOKENS phonemes: s16le mono at 24 kHz. `styles`: float32[n_rows, 256]."""
        style = styles[min(len(tokens), len(styles)) - 1]
        wave: npt.NDArray[np.float32] = self._session.run(
            None,
            {
                self._tokens: np.array([[PAD, *tokens, PAD]], np.int64),
                "style": style[None],
                "speed": np.array([speed], self._speed_type),
            },
        )[0].reshape(-1)
        made: bytes = np.round(np.clip(np.nan_to_num(wave), -1.0, 1.0) * 32767.0).astype("<i2").tobytes()
        return made
