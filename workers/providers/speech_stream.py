"""Speech stream: one request of a sentence becomes its audio chunks, passed on as the bytes arrive."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass

from seriatim.engine import AudioChunk
from seriatim.errors import UpstreamFailed
from workers.providers.answer_format import AnswerDecoder, SoundFormat, stated_format
from workers.providers.api_key import ApiKey
from workers.providers.limit_headers import limits_of
from workers.providers.refusals import error_of
from workers.providers.request_loop import ProviderRequest, RequestLoop, ResponseHead

#: the sound in an event's data, None for the last event; raises UpstreamFailed for one that is an error
EventReader = Callable[[str], bytes | None]


@dataclass(frozen=True, slots=True)
class SpeechStream:
    """The streams of one engine: how its sentences are requested, and read."""

    loop: RequestLoop
    key: ApiKey
    sound: SoundFormat
    rate_hz: int  #: of the chunks
    read_event: EventReader | None = None  #: for requests whose answers are events

    def speak(self, request: ProviderRequest, cancelled: Callable[[], bool]) -> Iterator[AudioChunk]:
        """The chunks of one sentence, s16le mono at `rate_hz`; ends early once `cancelled()` returns True.

        Raises:
            EngineBusy, BadInput, EngineFailed: as `refusals.error_of`, for an answer other than 200.
            UpstreamFailed: no answer, one that is no sound, or one that was cut.
        """
        with closing(self.loop.parts(request, cancelled)) as parts:  # type: ignore[type-var]  # a generator
            head = next(parts, None)
            if not isinstance(head, ResponseHead):
                return  # cancelled
            limits = limits_of(head.headers, time.time())
            if head.status != 200:
                if limits:
                    yield AudioChunk(b"", server_limits=limits)
                raise error_of(head, request.host, self.key)
            decoder = AnswerDecoder(stated_format(head.headers, self.sound, events=request.events), self.rate_hz)
            n_bytes, whole = 0, True
            for part in parts:
                data = self._sound_of(part)
                whole = isinstance(part, bytes) or data is None  # events end with a last one
                if pcm := decoder.feed(data or b""):
                    n_bytes += len(pcm)
                    yield AudioChunk(pcm, server_limits=limits)
                    limits = None
        if not cancelled():
            rest = decoder.finish() if whole else b""
            _check_end(n_bytes + len(rest), request.host, whole=whole)
            yield AudioChunk(rest, server_limits=limits, last=True)

    def _sound_of(self, part: ResponseHead | bytes | str) -> bytes | None:
        if isinstance(part, bytes):
            return part
        try:
            return self.read_event(part) if self.read_event and isinstance(part, str) else b""
        except UpstreamFailed as error:
            raise UpstreamFailed(self.key.hide(str(error))) from None


def _check_end(n_bytes: int, host: str, *, whole: bool) -> None:
    """Refuse events that broke off, and an answer without sound."""
    if not whole:
        raise UpstreamFailed(f"the events of {host} end without a last one: the sound was cut; or set format=pcm")
    if not n_bytes:
        raise UpstreamFailed(f"{host} answered without a single byte of sound; look at model and voice")
