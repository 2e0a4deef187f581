"""The webhook sender: a thread of each reassembler that posts the messages of ended jobs.

Senders share the messages by leases: what one has claimed when it is killed is due again after its lease. So a message
comes at least once, always with the same id. Tries go on until a receiver answers 2xx, answers 410, or the pauses of
SERIATIM_WEBHOOK_RETRY_S are used up; then the message is dead, kept for a week, and can be sent again.
"""

import asyncio
import logging
import random
import threading
import time
from collections.abc import Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from redis import Redis

from seriatim.errors import Misconfigured, SeriatimError
from seriatim.keys import SHARDS
from seriatim.lua.script_calls import run, run_many
from seriatim.settings import Settings
from seriatim.webhooks.webhook_delivery import TryOutcome, WebhookDelivery, any_due, claim, tried
from seriatim.webhooks.webhook_message import SigningSecret, message_body, parse_secrets, signed_headers
from seriatim.webhooks.webhook_target import HostPatterns

if TYPE_CHECKING:
    import httpx2

log = logging.getLogger(__name__)

ROUND_S = 1.0  #: a message leaves so soon after its job's end
UNUSABLE_S = 5.0  #: until the secret's file is read again
MOST_OF_SHARD = 4  #: messages of a shard that are claimed at once: 64 in all
LEASE_SPARE_S = 3.0  #: beyond the time that a post may take: to report it
JITTER = 0.2  #: share by which pauses vary, so that what failed together does not come back together
LOOKUPS = SHARDS * MOST_OF_SHARD  #: threads that resolve names: one a message, so that a slow name keeps none waiting
REPEAT_WARNING_S = 60.0  #: until the same warning is logged again
GONE = 410  #: the receiver wants no more; Standard Webhooks 1.0


@dataclass(frozen=True, slots=True)
class WebhookRules:
    """The settings of webhooks, parsed."""

    secret_file: str
    hosts: HostPatterns
    pauses_s: tuple[float, ...]
    timeout_s: float

    @classmethod
    def of(cls, settings: Settings) -> "WebhookRules":
        """Read the settings.

        Raises:
            Misconfigured: the pauses are no numbers.
        """
        return cls(
            settings.webhook_secret_file, HostPatterns.parse(settings.webhook_hosts),
            parse_pauses(settings.webhook_retry_s), settings.webhook_timeout_s,
        )  # fmt: skip

    def secrets(self) -> tuple[SigningSecret, ...]:
        """The secrets of the file, as it is now.

        Raises:
            Misconfigured: there is no file, or it has no secret.
        """
        if not self.secret_file:
            raise Misconfigured("SERIATIM_WEBHOOK_SECRET_FILE is not set; set it to a file with a secret to sign with")
        try:
            return parse_secrets(Path(self.secret_file).read_text("utf-8"))
        except (OSError, UnicodeError) as error:
            reason = (isinstance(error, OSError) and error.strerror) or str(error)
            raise Misconfigured(
                f"SERIATIM_WEBHOOK_SECRET_FILE: cannot read {self.secret_file}: {reason.lower()}"
            ) from None


def parse_pauses(text: str) -> tuple[float, ...]:
    """Read SERIATIM_WEBHOOK_RETRY_S.

    Raises:
        Misconfigured: not numbers from 0 to a day in seconds, or more than five days together.
    """
    day_s = 86_400
    try:
        pauses = tuple(float(part) for part in text.split(",") if part.strip())
    except ValueError:
        pauses = (-1.0,)
    if not all(0 <= pause_s <= day_s for pause_s in pauses) or sum(pauses) > 5 * day_s:
        raise Misconfigured(
            f"SERIATIM_WEBHOOK_RETRY_S={text!r}: expected pauses of 0 to {day_s} s with commas between, "
            "five days in all"
        )
    return pauses


@dataclass(slots=True)
class WebhookSender:
    """Claims messages that are due, and posts them."""

    redis: Redis
    rules: WebhookRules
    _warned: str = ""
    _warned_s: float = 0.0

    def run(self, stopping: threading.Event) -> None:
        """Send until `stopping` is set."""
        wait_s = ROUND_S
        while not stopping.wait(wait_s):
            try:
                wait_s = 0.0 if self.send_due() else ROUND_S
            except Misconfigured as error:
                self.warn_waiting(str(error))
                wait_s = UNUSABLE_S
            except SeriatimError as error:
                log.warning("waiting for Redis", extra={"error": str(error)})
                wait_s = ROUND_S

    def warn_waiting(self, error: str) -> None:
        """Log why webhooks wait: once, and again after a minute or when the reason is another."""
        now_s = time.monotonic()
        if error != self._warned or now_s - self._warned_s >= REPEAT_WARNING_S:
            log.warning("webhooks are waiting", extra={"error": error})
            self._warned, self._warned_s = error, now_s

    def send_due(self) -> int:
        """Send what is due; returns how many messages that were.

        Raises:
            Misconfigured: messages are due, and no secret or no HTTP client to send them with.
            Unavailable: Redis does not answer.
        """
        if not any_due(self.redis):
            return 0
        secrets = self.rules.secrets()
        check_installed()
        lease_ms = round((self.rules.timeout_s + LEASE_SPARE_S) * 1000)
        claimed = run_many(self.redis, [claim(shard, MOST_OF_SHARD, lease_ms) for shard in range(SHARDS)])
        deliveries = [delivery for of_shard in claimed for delivery in of_shard]
        if deliveries:
            run_round(self._send_all(deliveries, secrets))
        return len(deliveries)

    async def _send_all(self, deliveries: Sequence[WebhookDelivery], secrets: Sequence[SigningSecret]) -> None:
        from reassembler.webhooks.webhook_post import new_client

        async with new_client() as client:
            await asyncio.gather(*(self._send(client, delivery, secrets) for delivery in deliveries))

    async def _send(
        self, client: "httpx2.AsyncClient", delivery: WebhookDelivery, secrets: Sequence[SigningSecret]
    ) -> None:
        """One try, which is reported as soon as it is over."""
        import httpx2  # of the extra `providers`; loaded with the first message

        from reassembler.webhooks.webhook_post import PostRefused, post

        try:
            body = message_body(delivery)
            headers = signed_headers(delivery.job, int(time.time()), body, secrets)
            status = await post(client, delivery.target.url, body, headers, self.rules.hosts, self.rules.timeout_s)
        except TimeoutError:
            self._report_failure(delivery, f"no answer within {self.rules.timeout_s:g} s")
        except PostRefused as error:
            self._report_failure(delivery, str(error), final=True)
        except (OSError, httpx2.HTTPError) as error:
            self._report_failure(delivery, f"{type(error).__name__}: {error}"[:200])
        except (ValueError, httpx2.InvalidURL) as error:  # no later try can change the URL
            self._report_failure(delivery, f"{type(error).__name__}: {error}"[:200], final=True)
        except Exception as error:  # a bug, which must not keep the other messages waiting for ever
            log.exception("a try of a webhook raised an exception", extra={"job": delivery.job})
            self._report_failure(delivery, f"{type(error).__name__}: {error}"[:200])
        else:
            if 200 <= status < 300:
                run(self.redis, tried(delivery, TryOutcome.DELIVERED))
                log.info("webhook delivered", extra={"job": delivery.job, "tries": delivery.tries + 1})
            else:
                self._report_failure(delivery, f"the receiver answered {status}", final=status == GONE)

    def _report_failure(self, delivery: WebhookDelivery, error: str, *, final: bool = False) -> None:
        dead = final or delivery.tries >= len(self.rules.pauses_s)
        pause_s = 0.0 if dead else self.rules.pauses_s[delivery.tries] * random.uniform(1, 1 + JITTER)
        outcome = TryOutcome.DEAD if dead else TryOutcome.RETRY
        if run(self.redis, tried(delivery, outcome, round(pause_s * 1000), error)):
            facts = {"job": delivery.job, "tries": delivery.tries + 1, "error": error}
            if dead:
                log.warning("webhook given up", extra=facts)
            else:
                log.warning("webhook not delivered; retrying", extra=facts)


def run_round(posts: Coroutine[None, None, None]) -> None:
    """Run posts to their end, with a thread for the look-up of each; a look-up that hangs is not waited for."""
    loop = asyncio.new_event_loop()
    loop.set_default_executor(ThreadPoolExecutor(LOOKUPS, thread_name_prefix="webhook-lookup"))
    try:
        loop.run_until_complete(posts)
    finally:
        loop.close()  # which, unlike asyncio.run, leaves threads to end by themselves


def check_installed() -> None:
    """Check that there is an HTTP client.

    Raises:
        Misconfigured: it is not installed.
    """
    try:
        import httpx2  # noqa: F401  # whether it is there
    except ModuleNotFoundError:
        raise Misconfigured(
            "webhooks need httpx2; install it with: pip install -c constraints.txt -e '.[providers]'"
        ) from None
