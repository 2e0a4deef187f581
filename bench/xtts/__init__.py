"""`make bench-xtts`: the XTTS engine beside coqui-tts' own ways to speak, with random weights of the published size."""
