"""A telephone menu on Asterisk's AudioSocket: a pressed key interrupts what is spoken.

pip install websockets
python examples/telephone/audiosocket.py ws://127.0.0.1:8000/v1/stream 9092

In Asterisk's dialplan, where the UUID names the call; pressed keys arrive from Asterisk's releases since 2025:
exten => 100,1,Answer()
 same => n,AudioSocket(40325ec2-5efd-4bd3-805f-53576e581d13,127.0.0.1:9092)
"""

import asyncio
import contextlib
import sys
from dataclasses import dataclass, field

from menu_speech import MenuSpeech
from websockets.asyncio.client import connect

HANG_UP, CALL_ID, KEY, SOUND = 0x00, 0x01, 0x03, 0x10  #: kinds of messages: one byte, then two of length, big-endian
OPTIONS = {"format": "pcm", "sample_rate": 8_000}
FRAME_MS = 20  #: of sound in a message, as Asterisk plays it
FRAME_BYTES = 320


@dataclass
class MenuCall:
    """One call."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    speech: MenuSpeech
    pending: bytearray = field(default_factory=bytearray)  #: sound that is not sent yet
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def follow(self) -> None:
        """Speak the menu when the call begins, and what is chosen from it, until the caller hangs up."""
        while header := await self.reader.read(1):
            payload = await self.reader.readexactly(int.from_bytes(await self.reader.readexactly(2), "big"))
            if header[0] == HANG_UP:
                return
            if header[0] in (CALL_ID, KEY):
                self.speech.interrupt()
                self.pending.clear()
                await self.speech.speak(payload.decode() if header[0] == KEY else "")

    async def receive_sound(self) -> None:
        """Take the sound as it is spoken; the last frame of a text ends in silence."""
        async for sound in self.speech.sound():
            self.pending += sound or bytes(-len(self.pending) % FRAME_BYTES)
            self.arrived.set()

    async def play(self) -> None:
        """Send a frame each FRAME_MS: Asterisk plays what comes, and holds little."""
        clock = asyncio.get_running_loop().time
        due_s = clock()
        with contextlib.suppress(ConnectionError):  # the caller has hung up, which `follow` notices
            while True:
                while len(self.pending) < FRAME_BYTES:
                    self.arrived.clear()
                    await self.arrived.wait()
                self.writer.write(bytes([SOUND, *FRAME_BYTES.to_bytes(2, "big")]) + self.pending[:FRAME_BYTES])
                del self.pending[:FRAME_BYTES]
                await self.writer.drain()
                due_s = max(due_s, clock()) + FRAME_MS / 1000
                await asyncio.sleep(due_s - clock())


async def main(gateway_url: str, port: int) -> None:
    """Answer calls until the program is stopped."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with connect(gateway_url) as gateway, asyncio.TaskGroup() as tasks:
            call = MenuCall(reader, writer, MenuSpeech(gateway, OPTIONS))
            others = [tasks.create_task(work) for work in (call.receive_sound(), call.play())]
            await call.follow()
            for task in others:
                task.cancel()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", port)
    print("port", server.sockets[0].getsockname()[1], flush=True)  # noqa: T201  # a program's answer
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
