"""Fixtures that every kind of test may use: a real server, emptied before each test and checked after it."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from redis import Redis
from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]  # the package has no types

from tests.support.free_ports import free_port
from tests.support.process_system import RealSystem, running
from tests.support.redis_servers import SERVER_KINDS, PrivateServer, debian, embedded
from tests.support.ttl_check import assert_every_key_expires
from tests.support.webhook_receiver import SECRET, WebhookReceiver

# `default` is for the whole suite, `fast` for `make test` and `make fast`, `long` for an evening.
_ROOM = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large]}
settings.register_profile("default", **_ROOM)  # type: ignore[arg-type]  # a dict of options
settings.register_profile("ci", derandomize=True, **_ROOM)  # type: ignore[arg-type]  # as above
_FEW = {"max_examples": 15, "stateful_step_count": 20, "derandomize": bool(os.environ.get("CI"))}
settings.register_profile("fast", **_FEW, **_ROOM)  # type: ignore[arg-type]  # as above
settings.register_profile("long", max_examples=2_000, stateful_step_count=80, **_ROOM)  # type: ignore[arg-type]  # as above
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "default"))


TESTS = Path(__file__).parent
#: Folders whose files take longest come first: at the end of a parallel run only short ones are left.
LONGEST_FIRST = (
    "xtts", "chaos", "page", "simulator", "deploy", "integration", "http", "buckets", "security", "scripts"
)  # fmt: skip
#: Folders whose files share what takes seconds to start (torch, a browser, a system): one process runs all of each.
UNDIVIDED = ("xtts", "page", "story")


def pytest_configure() -> None:
    """Let the commands that tests start be interrupted: processes of pytest-xdist ignore SIGINT, and so would these."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def place(item: pytest.Item) -> int:
        folder = item.path.relative_to(TESTS).parts[0]
        return LONGEST_FIRST.index(folder) if folder in LONGEST_FIRST else len(LONGEST_FIRST)

    items.sort(key=place)  # stable: what pytest-randomly shuffled stays so


class FolderScheduling(LoadFileScheduling):  # type: ignore[misc]  # as above
    """A distribution over processes by file, or by folder where files share much."""

    def _split_scope(self, nodeid: str) -> str:
        path = str(super()._split_scope(nodeid))
        folder = Path(path).parts[1]
        return folder if folder in UNDIVIDED else path


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> FolderScheduling:
    """Have pytest-xdist distribute as above."""
    return FolderScheduling(config, log)


@pytest.fixture(scope="session")
def server() -> Iterator[Callable[[str], PrivateServer]]:
    """`server("valkey")`, `server("redis")`: started when first asked for, one of each a session."""
    running: dict[str, PrivateServer] = {}

    def started(kind: str) -> PrivateServer:
        if kind not in running:
            running[kind] = PrivateServer(binary_of(kind)).start()
        return running[kind]

    yield started
    for each in running.values():
        each.stop()


def binary_of(kind: str) -> str:
    """The server's program. Skips the test where the distribution's Redis is missing; on CI that is a failure."""
    binary = embedded() if kind == "valkey" else debian()
    if binary is None:
        why = "redis-server is not installed (apt-get install redis-server); the same test runs on the embedded Valkey"
        if os.environ.get("CI"):
            pytest.fail(why)
        pytest.skip(why)
    return binary


@pytest.fixture(params=SERVER_KINDS)
def redis(request: pytest.FixtureRequest, server: Callable[[str], PrivateServer]) -> Iterator[Redis]:
    """An empty server; the test runs on each kind. Afterwards no key of ours may be without a time to live."""
    with server(request.param).client() as client:
        client.flushall()
        yield client
        assert_every_key_expires(client)


@pytest.fixture(scope="module")
def new_system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., RealSystem]]:
    """`new_system(*server_args, **settings)`: a system of real processes, ended with the test or the module."""
    made: list[RealSystem] = []

    def system(*server_args: str, **settings: Any) -> RealSystem:
        made.append(RealSystem.on(tmp_path_factory.mktemp("system"), *server_args, **settings))
        return made[-1]

    yield system
    for each in made:
        if each in running:
            each.close()


@pytest.fixture
def receiver() -> Iterator[WebhookReceiver]:
    """A receiver of webhooks, on a port that stays its own while it is down."""
    listening = WebhookReceiver(SECRET, port=free_port()).start()
    yield listening
    listening.stop()


@pytest.fixture(autouse=True)
def _promises_of_running_systems() -> Iterator[None]:
    """After each test: what the systems logged, which pytest shows if it failed, and every key expires.

    A system that was started for this test alone ends with it: idle ones take time from the others.
    """
    shared = list(running)
    yield
    for system in list(running):
        print(system.new_log_lines())  # noqa: T201  # captured
        with system.redis as client:
            assert_every_key_expires(client)
        if system not in shared:
            system.close()
