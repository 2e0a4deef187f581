"""The piper engine: voices of the Piper project, from a folder (docs/explanation/decisions/0024)."""

from workers.engines.engine_catalogue import EngineProfile

PROFILE = EngineProfile(
    "onnxruntime (MIT), onnx (Apache-2.0) and espeakng-loader (GPL-3.0-or-later, in a process of its own)",
    "pip install -c constraints.txt -e '.[piper]'", settings=("model_dir",),
)  # fmt: skip
