"""Outbox sender: a thread of a command that posts the messages of its outbox, signed as those of jobs are.

While the command works, a message that is not accepted is tried again after the pauses of SERIATIM_WEBHOOK_RETRY_S. At
the command's end it waits for tries of the next PATIENCE_S alone, and for none if it was interrupted: what is left
stays in the outbox, and the next command with the same output sends it.
"""

import asyncio
import sys
import threading
import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from gateway.webhooks.webhook_outbox import PREPARED, OutboxMessage, WebhookOutbox
from reassembler.webhooks.webhook_sender import GONE, WebhookRules, check_installed, run_round
from seriatim.errors import SeriatimError
from seriatim.process import watched_tasks
from seriatim.settings import Settings
from seriatim.webhooks.webhook_message import MAX_REASON_CHARS, signed_headers
from seriatim.webhooks.webhook_target import check_webhook_url

if TYPE_CHECKING:
    import httpx2

PATIENCE_S = 60.0  #: a person waits at the terminal, and the first tries are 5 and 60 seconds apart
AT_ONCE = 16  #: posts
NEVER_S = float("inf")
LONGEST_WAIT_S = 3600.0  #: a thread cannot wait for ever


@dataclass(slots=True)
class OutboxSender:
    """Sends what is in an outbox, within its context. Without a URL it does nothing."""

    outbox: WebhookOutbox
    url: str
    user: str
    rules: WebhookRules
    _error: str = ""  #: of the last try that failed
    _failed: dict[str, tuple[int, float]] = field(default_factory=dict)  #: by id: tries in vain, time of the next one
    _changed: threading.Event = field(default_factory=threading.Event)
    _closing_s: float | None = None  #: monotonic time at which the command ended
    _thread: threading.Thread | None = None

    @classmethod
    def of(cls, outbox: WebhookOutbox, url: str, user: str, settings: Settings) -> Self:
        """The sender for a receiver's URL; "": none.

        Raises:
            UnknownOption: the URL cannot be used.
            Misconfigured: there is no secret to sign with, or no HTTP client.
        """
        sender = cls(outbox, url, user, WebhookRules.of(settings))
        if url:
            check_webhook_url(url)
            sender.rules.hosts.check_scheme(url)
            sender.rules.secrets()
            check_installed()
        return sender

    def add(self, event: str, **data: Any) -> None:
        """Keep a message, and send it soon; a `reason` is cut to the length that messages allow.

        Raises:
            Unwritable: the disk is full, for instance.
        """
        if self.url:
            if "reason" in data:
                data["reason"] = str(data["reason"])[:MAX_REASON_CHARS]
            self.outbox.add(self.url, event, {"user": self.user, **data})
            self._changed.set()

    def prepare(self, event: str, **data: Any) -> None:
        """Keep a message that is sent once `settle` says that its output is complete.

        Raises:
            Unwritable: the disk is full, for instance.
        """
        if self.url:
            self.outbox.add(self.url, event, {"user": self.user, **data}, PREPARED)

    def settle(self, *, complete: bool) -> None:
        """Send what is prepared, or drop it where its output did not become complete."""
        if self.url:
            self.outbox.settle(complete=complete)
            self._changed.set()

    def __enter__(self) -> Self:
        if self.url:
            self._thread = watched_tasks.start("webhooks", self._send)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._thread is None:
            return
        interrupted = kind is not None and issubclass(kind, KeyboardInterrupt)
        self._closing_s = time.monotonic() - (PATIENCE_S if interrupted else 0.0)
        self._changed.set()
        self._thread.join()
        if left := len(self.outbox.messages()):
            kept = f"{left} webhook{'s' * (left != 1)} not delivered ({self._error}); kept in {self.outbox.folder}"
            sys.stderr.write(f"seriatim: {kept}, and sent by the next command with this output and a --webhook\n")

    def _send(self) -> None:
        """Post until the command has ended, and nothing is left whose next try is near."""
        while True:
            closing_s = self._closing_s  # looked at before the outbox: what is added before the end is sent
            due = [message for message in self.outbox.messages() if self._due_s(message) <= time.monotonic()]
            for start in range(0, len(due), AT_ONCE):
                run_round(self._post_round(due[start : start + AT_ONCE]))
            next_s = min(map(self._due_s, self.outbox.messages()), default=None)
            if closing_s is not None and (next_s is None or next_s > closing_s + PATIENCE_S):
                return
            self._changed.wait(None if next_s is None else min(max(0.0, next_s - time.monotonic()), LONGEST_WAIT_S))
            self._changed.clear()

    def _due_s(self, message: OutboxMessage) -> float:
        """The monotonic time of a message's next try."""
        return self._failed.get(message.id, (0, 0.0))[1]

    def _note_failure(self, message: OutboxMessage, error: str) -> None:
        """Note a try in vain; behind the last of the pauses, no further one comes in this command."""
        self._error, n = error, self._failed.get(message.id, (0, 0.0))[0]
        pause_s = self.rules.pauses_s[n] if n < len(self.rules.pauses_s) else NEVER_S
        self._failed[message.id] = n + 1, time.monotonic() + pause_s

    async def _post_round(self, messages: list[OutboxMessage]) -> None:
        from reassembler.webhooks.webhook_post import new_client  # of the extra `providers`

        async with new_client() as client:
            await asyncio.gather(*(self._post(client, message) for message in messages))

    async def _post(self, client: "httpx2.AsyncClient", message: OutboxMessage) -> None:
        """One try; a message that was accepted, or that its receiver wants no more, is removed."""
        import httpx2

        from reassembler.webhooks.webhook_post import PostRefused, post

        try:
            headers = signed_headers(message.id, int(time.time()), message.body, self.rules.secrets())
            status = await post(client, message.url, message.body, headers, self.rules.hosts, self.rules.timeout_s)
        except TimeoutError:
            self._note_failure(message, f"no answer within {self.rules.timeout_s:g} s")
        except (SeriatimError, OSError, ValueError, PostRefused, httpx2.HTTPError, httpx2.InvalidURL) as error:
            self._note_failure(message, f"{type(error).__name__}: {error}"[:200])
        else:
            if 200 <= status < 300 or status == GONE:
                self.outbox.remove(message)
            else:
                self._note_failure(message, f"the receiver answered {status}")
