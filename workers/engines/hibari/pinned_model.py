"""The pinned model: which files of which release of hibari-tts speak here, and how they are loaded.

Another release, model or FFT gives other bytes for the same sentence, and workers of one pool must not differ. So the
release and the SHA-256 of every model are compared at load; the model has one thread, because two give other bytes; and
its Fourier transforms are numpy's, where hibari takes scipy's if that happens to be installed. Nothing is downloaded:
voices beside the package's own are loaded from a folder in which their files lie.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime

from seriatim.engine import Voice
from seriatim.errors import EngineUnavailable
from seriatim.process.quick_imports import collector_paused, package_hidden
from workers.engines.hibari.compact_dictionaries import load_dictionary
from workers.engines.hibari.pronunciation import in_parts
from workers.engines.onnx_outputs import with_extra_output

with package_hidden("scipy"):  # its transforms are not used (`use_numpy_fft`), and take 0.15 s to import
    from hibari import dsp, g2p
    from hibari.g2p.oov import OOV
    from hibari.voices import ASSETS, DEFAULT, VOICES

RELEASE = "0.2.1"
#: of the package's own models: the voice, and what pronounces words that its dictionary lacks
SHA256 = {
    "hibari.onnx": "5f70741d4e900f4e85d0037498736cc1b3e1b9a63a13546a5da1e63abf4fccd8",
    "oov.onnx": "d3cfd8122c5f172a98c8de38268bf1213ee09f2c2ae4df6e055fc6532590fe76",
    "oov_gb.onnx": "0997e3219543247de5646078d770f8ca77011d8fd0abb29fe48d12c60f53e9e1",
}
DURATIONS = "/Clip_output_0"  #: the tensor of its graph with the duration of each phoneme, float32[n_phonemes]
INSTALL = f"pip install --force-reinstall --no-deps hibari-tts=={RELEASE}"


def check_release() -> None:
    """Refuse another release of hibari-tts than the one that was measured.

    Raises:
        EngineUnavailable: with the command that installs it.
    """
    if (found := version("hibari-tts")) != RELEASE:
        raise EngineUnavailable(f"hibari-tts {found} is installed, expected {RELEASE}: {INSTALL}")


def check_model(path: Path, expected: str, advice: str = INSTALL) -> Path:
    """Refuse a model whose SHA-256 is not the `expected` one; returns its path.

    Raises:
        EngineUnavailable: it cannot be read, or is another file.
    """
    try:
        with path.open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise EngineUnavailable(f"{path}: {error.strerror or error}; {advice}") from error
    if found != expected:
        raise EngineUnavailable(f"{path} has SHA-256 {found}, expected {expected}: {advice}")
    return path


def use_numpy_fft() -> None:
    """Have hibari transform with numpy, whether scipy is installed or not."""
    dsp.rfft, dsp.irfft = _rfft, _irfft


def voice_files(folder: Path | None) -> dict[str, Path]:
    """The checked model of every voice that is here, by name: the package's own first, then those in `folder`.

    Raises:
        EngineUnavailable: a file is not the one that hibari-tts names, or the folder has none.
    """
    found = {DEFAULT: check_model(Path(ASSETS, VOICES[DEFAULT]["file"]), SHA256["hibari.onnx"])}
    if folder is None:
        return found
    for name, card in VOICES.items():
        if name != DEFAULT and (folder / card["file"]).exists():
            found[name] = check_model(folder / card["file"], card["sha256"], "remove it, or get it anew")
    if len(found) == 1:
        files = ", ".join(card["file"] for name, card in VOICES.items() if name != DEFAULT)
        raise EngineUnavailable(f"voices={folder}: no voice of hibari lies there; expected one of {files}")
    return found


def voice_of(name: str) -> Voice:
    """The voice as users see it."""
    card = VOICES[name]
    return Voice(name, card["language"], f"{card['gender']}, {card['accent']}, neural")


def is_british(name: str) -> bool:
    """Does the voice speak British English?"""
    return bool(VOICES[name]["british"])


@dataclass(frozen=True, slots=True)
class HibariModel:
    """The model of a voice; thread-safe."""

    session: Any
    numbers: Mapping[str, int]  #: of the phonemes that it has

    def ids(self, phonemes: str) -> list[int]:
        """The phonemes as the model gets them, between two pads."""
        return [0, *(self.numbers[each] for each in phonemes if each in self.numbers), 0]


def load_model(path: Path) -> HibariModel:
    """Load the model of a voice."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # A plan of memory for each length of a sentence, in blocks of its own: 43 MB of two slots, and no faster.
    options.enable_mem_pattern = False
    model = with_extra_output(path.read_bytes(), DURATIONS)
    session: Any = onnxruntime.InferenceSession(model or str(path), options, providers=["CPUExecutionProvider"])
    session._model_bytes = None  # noqa: SLF001  # kept for a change of providers: 8 MB
    return HibariModel(session, vocabulary())


def load_pronunciation(*, british: bool) -> tuple[Any, frozenset[str]]:
    """Load what turns English text into phonemes, long unknown words in parts, and the letters that it knows."""
    file = "oov_gb.onnx" if british else "oov.onnx"
    words = OOV(str(check_model(Path(ASSETS, file), SHA256[file])))
    g2p._load_json = load_dictionary  # noqa: SLF001  # its own parses all of them
    with collector_paused():  # 100,000 words and features
        pronunciation = g2p.G2P(british=british, oov=in_parts(words, words.maxlen))
    return pronunciation, frozenset(filter(str.isalpha, words.cin))


def vocabulary() -> dict[str, int]:
    """The number of each phoneme and mark, which Kokoro and hibari share."""
    numbers: dict[str, int] = json.loads(Path(ASSETS, "vocab.json").read_text("utf-8"))
    return numbers


def _rfft(x: npt.NDArray[np.float32], axis: int) -> npt.NDArray[np.complex64]:
    return np.fft.rfft(x, axis=axis).astype(np.complex64, copy=False)


def _irfft(x: npt.NDArray[np.complex64], n: int, axis: int) -> npt.NDArray[np.float32]:
    return np.fft.irfft(x, n=n, axis=axis).astype(np.float32, copy=False)
