"""Gateway: the voices of a Seriatim gateway, and the audio of texts."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import httpx
from websockets.asyncio.client import ClientConnection, connect


class GatewayError(Exception):
    """The gateway refused a text, or the job failed."""


@dataclass(frozen=True, slots=True)
class Gateway:
    """Where the gateway is."""

    base_url: str
    api_key: str = ""

    @property
    def headers(self) -> dict[str, str]:
        """Headers of a request."""
        return {"authorization": f"Bearer {self.api_key}"} if self.api_key else {}

    async def voices(self) -> list[dict[str, Any]]:
        """The voices of every model, as `GET /v1/voices` has them.

        Raises:
            httpx.HTTPError: the gateway cannot be reached, or refuses.
        """
        async with httpx.AsyncClient(base_url=self.base_url, headers=self.headers, trust_env=False) as client:
            pools = (await client.get("/v1/pools")).raise_for_status().json()["data"]
            found: list[dict[str, Any]] = []
            for pool in pools:
                answer = await client.get("/v1/voices", params={"model": pool["id"]})
                found += answer.raise_for_status().json()["data"]
            return found

    def speech(self, **fields: str) -> "Speech":
        """Begin to speak; `fields` are those of `start`."""
        return Speech(self, {name: text for name, text in fields.items() if text})


class Speech:
    """One text, sent as it is written; an asynchronous context manager. Leaving it early cancels the job."""

    def __init__(self, gateway: Gateway, fields: dict[str, str]) -> None:
        self._gateway, self._fields = gateway, fields
        self._connection: ClientConnection | None = None
        self.rate_hz = 0  #: of the audio; known with the first piece

    async def __aenter__(self) -> Self:
        url = f"ws{self._gateway.base_url.removeprefix('http')}/v1/stream"
        headers = self._gateway.headers
        self._connection = await connect(url, additional_headers=headers, proxy=None, max_size=None)
        await self._send("start", format="pcm", **self._fields)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        if self._connection is not None:
            await self._connection.close()

    async def write(self, text: str) -> None:
        """Send more text."""
        await self._send("text", text=text)

    async def close(self) -> None:
        """End the text."""
        await self._send("close")

    async def audio(self) -> AsyncIterator[bytes]:
        """Audio, s16le mono at `rate_hz`, until the end of the job.

        Raises:
            GatewayError: the text was refused, or could not be spoken.
        """
        assert self._connection is not None, "inside the context"
        async for message in self._connection:
            if isinstance(message, bytes):
                yield message
                continue
            event: dict[str, Any] = json.loads(message)
            self.rate_hz = event.get("rate_hz") or self.rate_hz
            if event["type"] == "error":
                raise GatewayError(event["error"]["message"])
            if event["type"] == "end":
                if event["bytes"]:
                    yield await self._connection.recv(decode=False)
                if event["state"] != "done":
                    raise GatewayError(f"the job {event['state']}: {event['reason']}")
                return
        raise GatewayError("the connection was lost")

    async def _send(self, kind: str, **fields: str) -> None:
        assert self._connection is not None, "inside the context"
        await self._connection.send(json.dumps({"type": kind, **fields}))
