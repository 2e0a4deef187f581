"""Chunked stream: the audio of a text that is complete, by one HTTP request."""

from typing import TYPE_CHECKING

import aiohttp
from livekit.agents import APIConnectionError, APIError, APITimeoutError, tts
from livekit.plugins.seriatim.gateway_errors import error_of_body

if TYPE_CHECKING:
    from livekit.plugins.seriatim.tts import TTS


class ChunkedStream(tts.ChunkedStream):
    """One text, streamed while it is spoken."""

    _tts: "TTS"

    async def _run(self, output_emitter: tts.AudioEmitter) -> None:
        options = self._tts.options
        timeout = aiohttp.ClientTimeout(
            total=None, sock_connect=self._conn_options.timeout, sock_read=self._conn_options.timeout
        )
        body = {**options.request_fields(), "input": self._input_text, "response_format": "pcm"}
        try:
            async with self._tts.http_session().post(
                f"{options.base_url}/v1/audio/speech", json=body, headers=options.headers, timeout=timeout
            ) as response:
                if response.status != 200:
                    raise error_of_body(await response.json(content_type=None), response.status)
                output_emitter.initialize(
                    request_id=response.headers.get("x-request-id", ""),
                    sample_rate=self._tts.sample_rate,
                    num_channels=1,
                    mime_type="audio/pcm",
                )
                async for data, _ in response.content.iter_chunks():
                    output_emitter.push(data)
                output_emitter.flush()
        except TimeoutError:
            raise APITimeoutError() from None
        except APIError:
            raise
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise APIConnectionError(f"{type(error).__name__}: {error}") from error
