"""A telephone menu on Twilio Media Streams: a pressed key interrupts what is spoken.

pip install websockets
python examples/telephone/twilio.py ws://127.0.0.1:8000/v1/stream 8765

Twilio connects to the port, through a proxy with TLS, if a call is answered with this TwiML:
<Response><Connect><Stream url="wss://HOST/"/></Connect></Response>
"""

import asyncio
import base64
import json
import sys

from menu_speech import MenuSpeech
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve

OPTIONS = {"format": "ulaw"}  #: G.711 at 8 kHz, which Twilio plays


async def main(gateway_url: str, port: int) -> None:
    """Answer calls until the program is stopped."""

    async def answer(call: ServerConnection) -> None:
        async with connect(gateway_url) as gateway:
            speech = MenuSpeech(gateway, OPTIONS)
            async with asyncio.TaskGroup() as tasks:
                stream: asyncio.Queue[str] = asyncio.Queue()
                sending = tasks.create_task(send_sound(call, speech, stream))
                await follow_call(call, speech, stream)
                sending.cancel()

    async with serve(answer, "127.0.0.1", port) as server:
        print("port", next(iter(server.sockets)).getsockname()[1], flush=True)  # noqa: T201  # a program's answer
        await server.serve_forever()


async def follow_call(call: ServerConnection, speech: MenuSpeech, stream: "asyncio.Queue[str]") -> None:
    """Speak the menu when the call begins, and what is chosen from it, until the caller hangs up."""
    stream_sid = ""
    async for message in call:
        event = json.loads(message)
        if event["event"] == "start":
            stream_sid = event["start"]["streamSid"]
            stream.put_nowait(stream_sid)
            speech.interrupt()
            await speech.speak("")
        elif event["event"] == "dtmf":
            speech.interrupt()
            await call.send(json.dumps({"event": "clear", "streamSid": stream_sid}))  # what Twilio holds is not played
            await speech.speak(event["dtmf"]["digit"])
        elif event["event"] == "stop":
            return


async def send_sound(call: ServerConnection, speech: MenuSpeech, stream: "asyncio.Queue[str]") -> None:
    """Send the sound as it is spoken, and a mark behind it, which Twilio sends back when it was played."""
    stream_sid = await stream.get()
    async for sound in speech.sound():
        payload = {"media": {"payload": base64.b64encode(sound).decode()}} if sound else {"mark": {"name": "end"}}
        await call.send(json.dumps({"event": "media" if sound else "mark", "streamSid": stream_sid, **payload}))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
