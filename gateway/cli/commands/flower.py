"""`seriatim flower`: Celery's tasks in a browser, with job, sentence, attempt, worker, run time and result.

Flower reads the events that workers send, and asks the workers to send them every few seconds. It is read-only: jobs
are controlled with `seriatim cancel` and `seriatim set`, because the pool would publish a revoked Celery message again.
Access needs a password. It is read from a file, because every user of the machine can see a command line. Flower's own
settings are tornado's global options; they are set here and nowhere else.
"""

import asyncio
import logging
import os
import signal
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
from seriatim.process.sighup_as_sigterm import handle_sighup_as_sigterm
from seriatim.records import BadRecord, TaskMessage
from seriatim.servers.redis_clients import check_reachable, command_client
from seriatim.servers.server_urls import read_secret, with_read_password
from seriatim.settings import PREFIX, Settings

USER = "seriatim"  #: where the file has a password alone
MAX_TASKS = 20_000  #: sentences kept in memory, about 2 kB each
INSPECT_MS = 2_000.0  #: a worker's answer may be delayed while its engine holds the interpreter lock
FORGET_S = 3600  #: how long an ended worker process is listed: each start has a new name
LEAVE_S = 2.0  #: an inspection thread has ended by then, if Redis answers
COLUMNS = "args,state,received,started,runtime,worker,result"


def run_flower(settings: Settings, host: str, port: int) -> int:
    """Serve the pages until SIGTERM or Ctrl-C; returns the exit status.

    Raises:
        Misconfigured: no password is set, or the address cannot be used.
        Unavailable: Redis does not answer.
    """
    logs.configure(settings.log_level, "flower", settings.log_format)
    logging.getLogger("tornado.access").setLevel(logging.ERROR)  # a page polls several times a second
    login = basic_auth_login(settings)
    with command_client(settings.redis_url, outage_s=1.0) as client:
        check_reachable(client, settings.redis_url)
    flower_options = {
        "address": host, "port": port, "basic_auth": [login], "read_only": True, "tasks_columns": COLUMNS,
        "format_task": format_task, "max_tasks": MAX_TASKS, "inspect_timeout": INSPECT_MS,
        "purge_offline_workers": FORGET_S, "url_prefix": settings.flower_root.strip("/"),
    }  # fmt: skip
    for name, value in flower_options.items():
        setattr(default_options, name, value)
    asyncio.run(_serve_pages(settings, host))
    return ExitCode.OK


def basic_auth_login(settings: Settings) -> str:
    """`user:password`, as Flower expects it.

    Raises:
        Misconfigured: no password file is set, or it cannot be read.
    """
    variable = f"{PREFIX}FLOWER_PASSWORD_FILE"
    if not settings.flower_password_file:
        raise Misconfigured(f"{variable} is not set; name a file with a password, or user:password, on its first line")
    line = read_secret(variable, settings.flower_password_file)
    return line if ":" in line else f"{USER}:{line}"


def with_url_root(settings: Settings, path: str) -> str:
    """`path` of a page, under the prefix at which a proxy serves Flower."""
    root = settings.flower_root.strip("/")
    return f"/{root}{path}" if root else path


def format_task(task: Any) -> Any:
    """Replace a task's raw message with the job, sentence and attempt that the pages show."""
    try:
        message = TaskMessage.parse(str(task.uuid).replace(":", "|"))
    except (BadRecord, ValueError):  # not a Seriatim task
        return task
    task.args = f"job {message.job}, sentence {message.seq}, attempt {message.attempt}"
    return task


def _exit_despite_blocked_threads() -> None:
    """End the process even if Flower's threads still wait for a broker that does not answer.

    Python would join them for ever. Nothing is lost: Flower stores nothing.
    """
    until_s = time.monotonic() + LEAVE_S
    for thread in threading.enumerate():
        if thread is threading.current_thread() or thread.daemon:
            continue
        thread.join(max(0.0, until_s - time.monotonic()))
        if thread.is_alive():
            logging.shutdown()
            os._exit(ExitCode.OK)


async def _serve_pages(settings: Settings, host: str) -> None:
    """Serve Flower in the running event loop until a signal asks it to stop.

    Flower's own `start` and `stop` expect a loop that they start and stop themselves.
    """
    stop_requested, loop = asyncio.Event(), asyncio.get_running_loop()
    inspect_threads = ThreadPoolExecutor(thread_name_prefix="inspect")
    loop.set_default_executor(inspect_threads)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop_requested.set)
    handle_sighup_as_sigterm()
    paths = {name: with_url_root(settings, page_settings[name]) for name in ("login_url", "static_url_prefix")}
    celery_app = make_app(with_read_password(settings.broker))
    flower_app = Flower(capp=celery_app, options=default_options, **(page_settings | paths))
    try:
        port = flower_app.start_http_server()
    except OSError as error:
        reason = f"{error.strerror or error}; choose another --host or --port"
        raise Misconfigured(f"cannot serve at {host}:{default_options.port}: {reason}") from None
    flower_app.events.start()
    flower_app.update_workers()
    await flower_app.events.on_enable_events()  # now, and then every few seconds
    logs.announce("seriatim", f"flower at http://{f'[{host}]' if ':' in host else host}:{port}", logging.INFO)
    await stop_requested.wait()
    flower_app.events.stop()
    for threads in (inspect_threads, flower_app.executor):
        threads.shutdown(wait=False, cancel_futures=True)
    _exit_despite_blocked_threads()
