"""Pipecat service for Seriatim: text-to-speech over the WebSocket `/v1/stream`."""

from pipecat_seriatim.tts_service import SeriatimTTSService, SeriatimTTSSettings

__all__ = ["SeriatimTTSService", "SeriatimTTSSettings"]
