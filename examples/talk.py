"""Speak text as it is written, over the gateway's WebSocket, as a language model's program does.

pip install websockets
echo "Good morning. How are you?" | python examples/talk.py ws://127.0.0.1:8000/v1/stream speech.pcm
"""

import json
import sys
from pathlib import Path

from websockets.sync.client import connect


def main(url: str, output: str) -> None:
    """Send standard input line by line, and write the sound: s16le mono."""
    with connect(url) as gateway, Path(output).open("wb") as sound:
        gateway.send(json.dumps({"type": "start", "format": "pcm"}))
        for line in sys.stdin:
            gateway.send(json.dumps({"type": "text", "text": line}))
        gateway.send(json.dumps({"type": "close"}))
        for message in gateway:
            if isinstance(message, bytes):
                sound.write(message)
                continue
            event = json.loads(message)
            if event["type"] == "sentence":
                sys.stderr.write(event["text"] + "\n")
            elif event["type"] in ("end", "error") and not event.get("bytes"):
                sys.stderr.write(json.dumps(event) + "\n")
                return


if __name__ == "__main__":
    main(*sys.argv[1:])
