"""The model files of Kokoro-82M: where the model and the voices lie in a folder, in either layout that is published.

    kokoro-onnx          kokoro-v1.0.onnx (or .fp16, .int8), voices-v1.0.bin (a NumPy archive, also as .npz)
    onnx-community       onnx/model.onnx (or model_fp16, model_quantized ...), voices/NAME.bin (raw float32)

A voice is a table of styles: row n is the style of a sentence with n + 1 phonemes.
"""

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from seriatim.errors import EngineUnavailable

Styles = npt.NDArray[np.float32]

STYLE_SIZE = 256
ADVICE = (
    "expected kokoro-v1.0.onnx and voices-v1.0.bin (https://github.com/thewh1teagle/kokoro-onnx/releases, tag "
    "model-files-v1.0), or the folders onnx/ and voices/ of onnx-community/Kokoro-82M-v1.0-ONNX"
)
PREFERRED = ("kokoro-v1.0.onnx", "onnx/model.onnx")


def model_file(folder: Path, name: str) -> Path:
    """The model in a folder: the one that is named, or the full one, or the only one.

    Raises:
        EngineUnavailable: there is none, or several; says where to get it.
    """
    found = {
        path.relative_to(folder).as_posix(): path for path in (*folder.glob("*.onnx"), *folder.glob("onnx/*.onnx"))
    }
    if name:
        if name not in found:
            raise EngineUnavailable(f"model={name}: {folder} has {', '.join(sorted(found)) or 'no model'}; {ADVICE}")
        return found[name]
    for preferred in PREFERRED:
        if preferred in found:
            return found[preferred]
    if len(found) > 1:
        raise EngineUnavailable(f"{folder} has several models; name one with model=: {', '.join(sorted(found))}")
    if not found:
        raise EngineUnavailable(f"folder={folder}: no model of Kokoro lies there; {ADVICE}")
    return next(iter(found.values()))


def voice_styles(folder: Path) -> dict[str, Styles]:
    """The styles of every voice in a folder, float32[n_rows, 256], by the voices' names.

    Raises:
        EngineUnavailable: there are none, or a file is not what it should be; says where to get them.
    """
    archives = sorted((*folder.glob("voices*.bin"), *folder.glob("voices*.npz")))
    files = sorted(folder.glob("voices/*.bin"))
    found: dict[str, Styles] = {}
    for archive in archives:
        found |= _from_archive(archive)
    for path in files:
        found[path.stem] = _checked(np.frombuffer(path.read_bytes(), "<f4"), path)
    if not found:
        raise EngineUnavailable(f"folder={folder}: no voices of Kokoro lie there; {ADVICE}")
    return dict(sorted(found.items()))


def _from_archive(path: Path) -> dict[str, Styles]:
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays: Mapping[str, npt.NDArray[Any]] = {name: archive[name] for name in archive.files}
    except (OSError, ValueError, zipfile.BadZipFile, AttributeError) as error:
        raise EngineUnavailable(f"{path} is no archive of voices ({error}); {ADVICE}") from error
    return {name: _checked(array, path) for name, array in arrays.items()}


def _checked(array: npt.NDArray[Any], path: Path) -> Styles:
    if array.size == 0 or array.size % STYLE_SIZE or array.dtype.kind != "f":
        raise EngineUnavailable(
            f"{path} has {array.size} numbers of {array.dtype}; expected rows of {STYLE_SIZE} floats; {ADVICE}"
        )
    return np.ascontiguousarray(array.reshape(-1, STYLE_SIZE), np.float32)
