"""Coqui XTTS-v2: one model, many sentences at once. Torch is imported by the modules that need it, never here."""

from workers.engines.engine_catalogue import EngineProfile

PROFILE = EngineProfile("coqui-tts (MPL-2.0)", "make xtts", settings=("voice_dir",), whole_machine=True)
