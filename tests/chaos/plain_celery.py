"""Plain Celery on the same broker, configured as its documentation asks for tasks that must not be lost.

Acknowledged when done, given back when a child is lost, retried when it raises, and given back by the broker after ten
seconds without an acknowledgement (an hour by default, in which a run like ours would end long before).
"""

import os
import time

from celery import Celery
from redis import Redis

QUEUE = "plain"
RAN = "plain:ran"  #: hash: task -> how often it ran to its end
COST_S = 0.005

app = Celery("plain", broker=f"redis+socket://{os.environ.get('PLAIN_SOCKET', '')}")
app.conf.update(
    task_serializer="json",
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_default_queue=QUEUE,
    worker_prefetch_multiplier=1,
    worker_cancel_long_running_tasks_on_connection_loss=False,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    broker_transport_options={"visibility_timeout": 10, "unacked_restore_interval": 1},
)


@app.task(name="plain.say", autoretry_for=(Exception,), max_retries=None, default_retry_delay=1)
def say(number: int) -> None:
    """Stand for a sentence: takes a while, and is said."""
    time.sleep(COST_S)
    client = Redis(unix_socket_path=os.environ["PLAIN_SOCKET"])
    client.hincrby(RAN, str(number), 1)
    client.close()
