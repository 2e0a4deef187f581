"""The audio of an engine itself, without a worker: the chunks of a sentence, and their bytes."""

from typing import Any

from seriatim.engine import AudioChunk, Engine, Utterance

TEXT = "The harbour is quiet in the morning, and the boats lie still."


def chunks_of(engine: Engine, text: str = TEXT, **more: Any) -> list[AudioChunk]:
    """All chunks of a sentence; `more` are fields of its utterance."""
    return list(engine.speak(Utterance(text, **more), lambda: False))


def pcm_of(engine: Engine, text: str = TEXT, **more: Any) -> bytes:
    """The sound of a sentence; `more` as in `chunks_of`."""
    return b"".join(chunk.pcm for chunk in chunks_of(engine, text, **more))
