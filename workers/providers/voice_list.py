"""Voice list of a server, in the forms that servers have, or as an operator configured it."""

import json
from collections.abc import Iterable
from typing import Any

from seriatim.engine import Voice
from seriatim.errors import UpstreamFailed
from workers.providers.api_key import ApiKey
from workers.providers.refusals import error_of
from workers.providers.request_loop import ProviderRequest, RequestLoop, ResponseHead

MOST_VOICES = 1000  #: a pool's record holds them all
NO_LIST = (400, 404, 405, 501)  #: answers of servers that list no voices
NAMES = ("voice_id", "id", "name")  #: of a voice, the first that it has


def configured_voices(names: str) -> tuple[Voice, ...]:
    """The voices of an option `alice,bob`."""
    return tuple(Voice(name.strip(), "") for name in names.split(",") if name.strip())


def server_voices(loop: RequestLoop, request: ProviderRequest, key: ApiKey) -> tuple[Voice, ...]:
    """The voices that a server lists; () if it has no list.

    Raises:
        UpstreamFailed: it cannot be reached.
        EngineBusy, EngineFailed: it refuses the request.
    """
    body = b""
    for part in loop.parts(request, lambda: False):
        if isinstance(part, ResponseHead):
            if part.status in NO_LIST:
                return ()
            if part.status != 200:
                raise error_of(part, request.host, key)
        elif isinstance(part, bytes):
            body += part
    try:
        return tuple(_voices_in(json.loads(body)))[:MOST_VOICES]
    except ValueError:
        raise UpstreamFailed(f"{request.host} answered no JSON where its voices are listed: look at base_url") from None


def _voices_in(found: Any) -> Iterable[Voice]:
    if isinstance(found, dict):
        found = next((found[name] for name in ("voices", "data") if isinstance(found.get(name), list)), [])
    for entry in found if isinstance(found, list) else []:
        if isinstance(entry, str) and entry:
            yield Voice(entry, "")
        elif isinstance(entry, dict) and (name := next((entry[n] for n in NAMES if entry.get(n)), "")):
            language = entry.get("language") if isinstance(entry.get("language"), str) else ""
            title = entry.get("name") if entry.get("name") != name else entry.get("description")
            yield Voice(str(name), language or "", str(title or "")[:80])
