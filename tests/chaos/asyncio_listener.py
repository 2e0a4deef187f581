"""Closing asyncio's listeners: no connection that was accepted is left open, for the next test to be blamed for."""

import asyncio

ACCEPT_TURNS = 8  #: of the loop, after which a connection that was accepted has its task; asyncio takes three


async def close_listener(server: asyncio.Server) -> None:
    """Accept no more, and close the listener once each connection that was accepted has its task.

    asyncio of Python 3.11 drops a connection whose server closes before its transport is made, and does not close it.
    """
    loop = asyncio.get_running_loop()
    for listener in server.sockets:
        loop.remove_reader(listener.fileno())
    for _ in range(ACCEPT_TURNS):
        await asyncio.sleep(0)
    server.close()
