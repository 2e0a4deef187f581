"""The Kokoro model: one onnxruntime session, which turns phonemes and a style into sound.

Exports differ in the names of their inputs and in the type of the speed; both are read from the file. One thread by
default: another number of threads may give other bytes, and two processes speak more than one with two threads.

The model computes how long it makes each phoneme, in frames, and does not return it: the one step that rounds becomes
a further output when the file is loaded. The sound keeps its bytes.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime

from seriatim.errors import EngineUnavailable
from workers.engines.kokoro.model_files import ADVICE, Styles
from workers.engines.onnx_outputs import outputs_of, with_extra_output
from workers.engines.phoneme_durations import frame_durations_ms

RATE_HZ = 24_000
MOST_TOKENS = 510  #: of one pass, without the two pads around them: what the model was trained with
PAD = 0
SPEED_TYPES = {"tensor(float)": np.float32, "tensor(double)": np.float64, "tensor(float16)": np.float16}


@dataclass(frozen=True, slots=True)
class KokoroSpeech:
    """The sound that the model makes of phonemes."""

    pcm: bytes  #: s16le mono at 24 kHz
    durations_ms: tuple[float, ...]  #: of the silence before them, of each, and of the silence behind; () if unknown


class KokoroModel:
    """The session; thread-safe."""

    def __init__(self, path: Path, threads: int) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        options.log_severity_level = 3  # it warns of nodes that it optimises away
        try:
            timed = _with_durations(path)
            self._session: Any = onnxruntime.InferenceSession(
                timed or str(path), options, providers=["CPUExecutionProvider"]
            )
            self._session._model_bytes = None  # noqa: SLF001  # kept for a change of providers: 310 MB
        except Exception as error:  # onnxruntime's errors have no common class but this
            raise EngineUnavailable(
                f"{path} is no model that onnxruntime can load ({str(error)[:200]}); {ADVICE}"
            ) from error
        inputs = {each.name: each.type for each in self._session.get_inputs()}
        self._tokens = "input_ids" if "input_ids" in inputs else "tokens"
        if set(inputs) != {self._tokens, "style", "speed"} or inputs["speed"] not in SPEED_TYPES:
            raise EngineUnavailable(f"{path} has the inputs {inputs}; expected those of Kokoro-82M v1.0; {ADVICE}")
        self._speed_type = SPEED_TYPES[inputs["speed"]]
        self._outputs = [each.name for each in self._session.get_outputs()]
        self._outputs = [self._outputs[0], *(self._outputs[-1:] if timed else [])]

    def speak(self, tokens: list[int], styles: Styles, speed: float) -> KokoroSpeech:
        """Speak 1..MOST_TOKENS phonemes. `styles`: float32[n_rows, 256]."""
        style = styles[min(len(tokens), len(styles)) - 1]
        inputs = {
            self._tokens: np.array([[PAD, *tokens, PAD]], np.int64),
            "style": style[None],
            "speed": np.array([speed], self._speed_type),
        }
        made, *frames = (each.reshape(-1) for each in self._session.run(self._outputs, inputs))
        wave: npt.NDArray[np.float32] = np.clip(np.nan_to_num(made), -1.0, 1.0)
        pcm = np.round(wave * 32767.0).astype("<i2").tobytes()
        return KokoroSpeech(pcm, _durations_ms(frames[0], len(wave), len(tokens)) if frames else ())


def _with_durations(path: Path) -> bytes:
    """The model with the frames of each phoneme as its last output; b"" if it is not clear where it computes them."""
    model = path.read_bytes()
    try:
        rounded = outputs_of(model, "Round")
    except ValueError:  # onnxruntime has the better message
        return b""
    return with_extra_output(model, rounded[0]) if len(rounded) == 1 else b""


def _durations_ms(frames: npt.NDArray[np.float32], n_samples: int, n_tokens: int) -> tuple[float, ...]:
    """The time of each phoneme and of the pads around them; each lasts a frame at least. () if they are not those."""
    if len(frames) != n_tokens + 2:
        return ()
    return frame_durations_ms(np.maximum(frames, 1).tolist(), n_samples / RATE_HZ * 1000)
