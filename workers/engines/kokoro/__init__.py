"""The kokoro engine: Kokoro-82M in English, from a folder with its official ONNX files (docs/how-to/kokoro.md)."""

from workers.engines.engine_catalogue import EngineProfile

PROFILE = EngineProfile("hibari-tts (Apache-2.0)", "pip install -c constraints.txt -e '.[kokoro]'")
