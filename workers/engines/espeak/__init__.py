"""The espeak engine: espeak-ng in child processes."""

from workers.engines.engine_catalogue import EngineProfile

PROFILE = EngineProfile("espeakng-loader (GPL-3.0-or-later)", "pip install -e '.[espeak]'", "espeakng_loader")
