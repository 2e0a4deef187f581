"""The tone engine: melodies instead of speech, with configurable costs and faults."""

from workers.engines.engine_catalogue import EngineProfile

PROFILE = EngineProfile()
