"""Imports the genuine torchaudio and coqui-tts, whatever torch is installed.

PyPI's torchaudio is built against one CUDA version and refuses to be imported on any other torch, a CPU-only one
included. What XTTS uses of it (resampling and mel spectrograms) is plain torch and needs none of its compiled parts, so
where the import fails it is made again without them. coqui-tts in turn looks for torchcodec, and never uses it here:
reference audio is read by soundfile and handed over as tensors.

Every module of this package that needs TTS imports it through `xtts_module`, so that no other import comes first by
accident.
"""

import importlib
import logging
import sys
import types
import warnings
from typing import Any

from seriatim.errors import EngineUnavailable

INSTALL = "make xtts"  #: installs the extra's exact pins
EXTENSION = "torchaudio._extension"


def xtts_module(name: str = "models.xtts") -> Any:
    """The module `TTS.tts.<name>`.

    Raises:
        EngineUnavailable: coqui-tts or one of the packages that it wants is missing.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecations between other people's packages: their versions are pinned
        try:
            import_torchaudio()
            logging.getLogger("transformers").setLevel(logging.ERROR)  # it warns of token ids that XTTS never uses
            return importlib.import_module(f"TTS.tts.{name}")
        except ModuleNotFoundError as error:
            raise missing(error) from error
        except ImportError as error:
            raise EngineUnavailable(
                f"the xtts engine cannot import coqui-tts: {_first_line(error)}; {INSTALL}"
            ) from error


def import_torchaudio() -> Any:
    """The genuine torchaudio, without its compiled parts where they do not fit the installed torch."""
    try:
        return importlib.import_module("torchaudio")
    except (OSError, RuntimeError, ImportError) as error:  # no libc10_cuda.so; another CUDA version; half an import
        if isinstance(error, ModuleNotFoundError):
            raise
    _forget("torchaudio")
    sys.modules[EXTENSION] = _no_extension()
    torchaudio: Any = importlib.import_module("torchaudio")
    torchaudio._extension = sys.modules[EXTENSION]  # noqa: SLF001  # an import would have set the package's attribute
    return torchaudio


def missing(error: ModuleNotFoundError) -> EngineUnavailable:
    """What to say where a package of the extra is not there.

    Raises:
        ModuleNotFoundError: the same, if the package is one of ours: that is a bug.
    """
    package = (error.name or "").partition(".")[0]
    if package in ("seriatim", "tasks", "workers"):
        raise error
    return EngineUnavailable(f"the xtts engine needs coqui-tts (MPL-2.0), and {package} is not installed: {INSTALL}")


def _no_extension() -> types.ModuleType:
    """What `torchaudio._extension` is where torchaudio was built without compiled parts."""
    module = types.ModuleType(EXTENSION)
    vars(module).update(
        _IS_TORCHAUDIO_EXT_AVAILABLE=False,
        _IS_ALIGN_AVAILABLE=False,
        fail_if_no_align=lambda function: function,
        _check_cuda_version=lambda: None,
    )
    return module


def _forget(package: str) -> None:
    for name in [name for name in sys.modules if name == package or name.startswith(f"{package}.")]:
        del sys.modules[name]


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
