"""Dialogues: casts, which give voices to speakers, and screenplays."""
