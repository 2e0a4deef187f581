"""Tests of the model's own parts, beside coqui-tts' own."""
