"""Imported ahead: importing this module imports all that a worker process needs beside its engine.

A process does so before it forks worker processes (`workers/supervisor.py`, `gateway/local/processes.py`). Celery
imports some of it only when a worker starts. Nothing here starts a thread, opens a connection or knows a model.
"""

import celery.app.control
import celery.app.events
import celery.app.log
import celery.apps.worker
import celery.backends.base
import celery.concurrency.thread
import celery.fixups.django
import celery.worker.autoscale
import celery.worker.components
import celery.worker.consumer.delayed_delivery
import celery.worker.strategy  # noqa: F401

import workers.supervisor
import workers.task_events
import workers.worker_process  # noqa: F401
