"""The Celery application: carries messages to free slots, and is trusted with nothing more (architecture.md).

Celery carries (job, seq, attempt) to a free slot and nothing else. Recovery does not depend on its redelivery: kombu
pops a message before it records it as unacknowledged, so a worker that is killed in between loses it (69 of 85,900 in
200 kills). Leases in Redis recover lost messages, and claims refuse duplicates.
"""

import secrets
from collections.abc import Iterable
from functools import partial
from typing import Any

from amqp.exceptions import AMQPError, MessageNacked
from celery import Celery
from kombu import Queue
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from seriatim.errors import Misconfigured, Unavailable
from seriatim.keys import queue
from seriatim.records import TaskMessage
from seriatim.servers.broker_connection import BrokerConnection
from seriatim.servers.master_lookup import MasterLookup, sentinel_arguments
from seriatim.servers.password_file import PasswordFile
from seriatim.servers.redis_errors import NoMaster, tls_reason
from seriatim.servers.server_address import Broker
from seriatim.servers.server_urls import redacted_url
from seriatim.servers.tcp_keepalive import KEPT_ALIVE, OPTIONS

TASK = "seriatim.synthesize"  #: a wire name, never a module path: folders may move without a migration
DAY_S = 24 * 3600
#: errors of a broker that cannot be used: Celery translates most of them, but not all
BROKEN = (OperationalError, RedisError, AMQPError, OSError, EOFError)
POOL_LIMIT = 10  #: Celery's default
REACH_S = 2
ANSWER_S = 15  #: a broker that says nothing for so long, where an answer is due
CONFIRM_S = 10.0  #: a broker that is out of memory or disk confirms nothing; the outbox keeps unconfirmed messages


def make_app(broker_url: str, pool: str | None = None, *, connections: int = 0) -> Celery:
    """The application for one process; with `pool`, one that consumes its queue.

    It publishes over at most `connections` connections at once; 0: Celery's default.

    Raises:
        Misconfigured: the URL is not a supported broker's.
    """
    broker = Broker.of(broker_url)
    app = Celery("seriatim", broker=broker.url, set_as_current=False)
    app.conf.update(
        broker_use_ssl=broker.tls,
        broker_pool_limit=connections or POOL_LIMIT,
        task_serializer="json",
        accept_content=["json"],
        task_ignore_result=True,  # audio and verdicts go through Redis streams and scripts
        task_acks_late=True,  # an orderly restart returns unfinished messages at once
        task_reject_on_worker_lost=False,  # a poison sentence would return for ever; attempts are counted in Redis
        worker_prefetch_multiplier=1,  # what waits in a worker cannot be cancelled or overtaken
        task_queues=[Queue(queue(pool))] if pool else None,
        task_default_queue=queue(pool) if pool else "seriatim",
        task_create_missing_queues=True,
        task_time_limit=DAY_S,  # a backstop where the pool honours it; the worker's heartbeat detects stuck engines
        broker_transport_options=_transport_options(broker),
        control_queue_durable=True,  # RabbitMQ refuses queues that are neither durable nor exclusive from 4.3 on; ...
        event_queue_durable=True,  # ... exclusive ones are locked to a connection of which it has not seen the end
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,  # a worker outlives its broker's restart
        # After a reconnect Celery sets the prefetch count again as tasks end, from their threads; on AMQP that waits
        # for an answer on the channel that the main loop reads. After 2 of 3 pairs of restarts of RabbitMQ nothing was
        # consumed any more, and after none of 8 without it.
        worker_enable_prefetch_count_reduction=False,
        worker_cancel_long_running_tasks_on_connection_loss=False,  # the sentence's lease is in the data Redis
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        worker_enable_remote_control=True,  # Flower's pages
        worker_send_task_events=False,  # Flower switches them on; they cost a third of the throughput
    )
    _unregister_builtin_tasks(app)
    app.amqp.Connection = BrokerConnection
    if broker.password_file:  # kombu takes such an object only from the code that makes its connections
        app.amqp.Connection = partial(  # type: ignore[assignment]  # called as the class would be
            BrokerConnection, credential_provider=PasswordFile(*broker.password_file)
        )
    return app


def _transport_options(broker: Broker) -> dict[str, Any]:
    """Kombu's connection options; times in s.

    kombu shares connection pools among all applications with equal options: closing one would close the others', and
    one with certificates could get a connection of one without. A random `app` makes the options of each application
    unique.
    """
    options: dict[str, Any] = {"confirm_publish": True, "read_timeout": ANSWER_S} if broker.confirms else {}
    if broker.sentinels:
        options["master_name"] = broker.sentinels.service
        options["sentinel_kwargs"] = sentinel_arguments(broker.sentinels, broker.tls)
    return options | {
        "max_retries": 0,  # of a connection to publish over: kombu waits for 6 s, and its caller with it
        "visibility_timeout": DAY_S,
        "socket_timeout": ANSWER_S,
        "socket_connect_timeout": 2,
        "app": secrets.token_hex(8),
        **KEPT_ALIVE,
        "socket_settings": OPTIONS,  # the same for RabbitMQ
    }


def _unregister_builtin_tasks(app: Celery) -> None:
    """Unregister Celery's own tasks (celery.chain, celery.map and the like): a forged message could call them."""
    app.finalize()
    for name in [name for name in app.tasks if name.startswith("celery.")]:
        app.tasks.unregister(name)


def publish(app: Celery, pool: str, messages: Iterable[TaskMessage]) -> None:
    """Publish a message for each sentence, over one connection.

    Raises:
        Unavailable: the broker does not answer, or refuses a message; the messages stay in the outbox.
    """
    try:
        with app.producer_pool.acquire(block=True) as producer:
            try:
                for message in messages:
                    _send_message(app, producer, pool, message)
            except BROKEN:
                if producer.connection:  # kombu would say goodbye, and wait for a broker that reads nothing
                    producer.connection.collect()
                raise
    except BROKEN as error:
        if isinstance(error.__cause__, MessageNacked):
            raise Unavailable("the broker refused a message; is its memory, its disk or the queue full?") from None
        reason = broker_reason(error)
        raise Unavailable(
            f"the broker does not answer: {reason}; is it up, and is SERIATIM_BROKER_URL right?"
        ) from None


def reach_broker(app: Celery, broker_url: str) -> None:
    """Connect to the broker once, to fail early.

    Raises:
        Unavailable: it does not answer, or refuses the password.
        Misconfigured: its certificate is not trusted.
    """
    try:
        with app.connection_for_write(connect_timeout=REACH_S) as connection:
            connection.ensure_connection(max_retries=1, interval_start=0, interval_step=0, timeout=REACH_S)
    except BROKEN as error:
        if why := tls_reason(error):
            raise Misconfigured(f"the broker at {redacted_url(broker_url)}: {why}") from None
        reason = _sentinels_reason(broker_url) or f"{broker_reason(error)}; start one, or set SERIATIM_BROKER_URL"
        raise Unavailable(f"no broker at {redacted_url(broker_url)}: {reason}") from None


def broker_reason(error: Exception) -> str:
    """Why a broker cannot be used, in kombu's words, without the clients of each Sentinel that redis-py prints."""
    return str(error).partition(" : <redis")[0]


def _sentinels_reason(broker_url: str) -> str:
    """Why its Sentinels name no master; "" if they do, or there are none."""
    broker = Broker.of(broker_url)
    if broker.sentinels:
        try:
            MasterLookup(broker.sentinels, broker.tls).find()
        except NoMaster as why:
            return str(why)
    return ""


def _send_message(app: Celery, producer: Any, pool: str, message: TaskMessage) -> None:
    app.send_task(
        TASK,
        args=(message.job, message.seq, message.attempt),
        task_id=message.task_id,
        queue=queue(pool),
        producer=producer,
        argsrepr=message.arguments_text,
        kwargsrepr="{}",
        retry=False,
        confirm_timeout=CONFIRM_S,
    )
