"""`seriatim flower`: Celery's tasks in a browser: job, sentence, attempt, worker, run time, what became of it.

Flower listens to the events that workers send, and asks them for those every few seconds. It only looks
(`read_only`): what steers jobs here is `seriatim cancel` and `set`, which the pool hears of; a Celery message that
is revoked would only be rung for again. Nobody gets in without the password, which stands in a file: a command line
is seen by every user of the machine. Flower's own settings are tornado's global options, set here and nowhere else.
"""

import asyncio
import logging
import os
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from flower.app import Flower  # type: ignore[import-untyped]  # its wheel ships no types
from flower.options import default_options  # type: ignore[import-untyped]  # as above
from flower.urls import settings as page_settings  # type: ignore[import-untyped]  # as above

from seriatim import log as logs
from seriatim.celery_app import make_app
from seriatim.errors import Misconfigured
from seriatim.exit_codes import ExitCode
from seriatim.process.sighup import handle_sighup_as_sigterm
from seriatim.records import BadRecord, TaskMessage
from seriatim.servers.redis_clients import check_reachable, command_client
from seriatim.servers.server_urls import read_secret
from seriatim.settings import PREFIX, Settings

USER = "seriatim"  #: where the file has a password alone
MAX_TASKS = 20_000  #: sentences that are remembered, some 2 kB each
INSPECT_MS = 2_000.0  #: a worker's answer may wait for its engine, which holds the interpreter for a while
FORGET_S = 3600  #: worker processes that ended: each start has a new name
LEAVE_S = 2.0  #: a thread that asks workers something has ended by then, if Redis answers
COLUMNS = "args,state,received,started,runtime,worker,result"


def flower(settings: Settings, host: str, port: int) -> int:
    """Serve the pages until SIGTERM or Ctrl-C; returns the exit status.

    Raises:
        Misconfigured: there is no password, or the address cannot be used.
        Unavailable: Redis does not answer.
    """
    logs.configure(settings.log_level, "flower", settings.log_format)
    logging.getLogger("tornado.access").setLevel(logging.ERROR)  # a page asks several times a second
    login = login_of(settings)
    with command_client(settings.redis_url, outage_s=1.0) as client:
        check_reachable(client, settings.redis_url)
    chosen = {
        "address": host, "port": port, "basic_auth": [login], "read_only": True, "tasks_columns": COLUMNS,
        "format_task": readable, "max_tasks": MAX_TASKS, "inspect_timeout": INSPECT_MS,
        "purge_offline_workers": FORGET_S, "url_prefix": settings.flower_root.strip("/"),
    }  # fmt: skip
    for name, value in chosen.items():
        setattr(default_options, name, value)
    asyncio.run(_serve(settings, host))
    return ExitCode.OK


def login_of(settings: Settings) -> str:
    """`user:password`, as Flower wants it.

    Raises:
        Misconfigured: none is set, or its file cannot be read.
    """
    variable = f"{PREFIX}FLOWER_PASSWORD_FILE"
    if not settings.flower_password_file:
        raise Misconfigured(f"{variable} is not set: a file whose first line is a password, or user:password")
    line = read_secret(variable, settings.flower_password_file)
    return line if ":" in line else f"{USER}:{line}"


def prefixed(settings: Settings, path: str) -> str:
    """A path of Flower's, where a proxy serves it."""
    root = settings.flower_root.strip("/")
    return f"/{root}{path}" if root else path


def readable(task: Any) -> Any:
    """What the pages show of a task: its arguments by their names."""
    try:
        message = TaskMessage.parse(str(task.uuid).replace(":", "|"))
    except (BadRecord, ValueError):  # not one of ours
        return task
    task.args = f"job {message.job}, sentence {message.seq}, attempt {message.attempt}"
    return task


def _leave_who_waits() -> None:
    """End the process here if threads of Flower's still wait for a broker that is away.

    Python would join them, and they wait for ever. Nothing is lost: Flower keeps nothing.
    """
    until_s = time.monotonic() + LEAVE_S
    for thread in threading.enumerate():
        if thread is threading.current_thread() or thread.daemon:
            continue
        thread.join(max(0.0, until_s - time.monotonic()))
        if thread.is_alive():
            logging.shutdown()
            os._exit(ExitCode.OK)


async def _serve(settings: Settings, host: str) -> None:
    """Flower starts and stops a loop that it is given; here the loop runs already, and ends with `ended`."""
    ended, loop = asyncio.Event(), asyncio.get_running_loop()
    asking = ThreadPoolExecutor(thread_name_prefix="asking")
    loop.set_default_executor(asking)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    handle_sighup_as_sigterm()
    paths = {name: prefixed(settings, page_settings[name]) for name in ("login_url", "static_url_prefix")}
    pages = Flower(capp=make_app(settings.broker), options=default_options, **(page_settings | paths))
    try:
        port = pages.start_http_server()
    except OSError as error:
        raise Misconfigured(f"cannot serve at {host}:{default_options.port}: {error.strerror or error}") from None
    pages.events.start()
    pages.update_workers()
    await pages.events.on_enable_events()  # asked for at once, and then every few seconds
    sys.stderr.write(f"seriatim: flower at http://{f'[{host}]' if ':' in host else host}:{port}\n")
    sys.stderr.flush()
    await ended.wait()
    pages.events.stop()
    for threads in (asking, pages.executor):
        threads.shutdown(wait=False, cancel_futures=True)
    _leave_who_waits()
