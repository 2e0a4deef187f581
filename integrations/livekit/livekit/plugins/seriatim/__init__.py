"""Seriatim plugin for LiveKit Agents: text-to-speech over the WebSocket `/v1/stream`."""

from livekit.agents import Plugin
from livekit.plugins.seriatim.tts import TTS
from livekit.plugins.seriatim.version import __version__

__all__ = ["TTS", "__version__"]


class SeriatimPlugin(Plugin):
    """The entry in LiveKit's list of plugins; it has no files to download."""

    def __init__(self) -> None:
        super().__init__(__name__, __version__, __package__)


Plugin.register_plugin(SeriatimPlugin())
