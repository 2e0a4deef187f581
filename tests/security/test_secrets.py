"""Secrets are in the environment or a file of their own, and nowhere else: logs, errors, process lists."""

import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

import pytest
from kombu.exceptions import OperationalError

from seriatim.celery_app import make_app
from seriatim.client.job_options import JobRequest
from seriatim.client.producer import Producer
from seriatim.errors import Misconfigured, SeriatimError
from seriatim.servers.redis_clients import check_reachable, command_client
from seriatim.servers.server_address import Address
from seriatim.servers.server_urls import redacted_url, with_password, with_password_file, with_read_password
from seriatim.settings import Settings
from tests.support.command_line import seriatim, start_command
from tests.support.expected_audio import Listener, sentences, stream_of
from tests.support.process_system import RealSystem, descendants, wait_until

NEXT = "another/secret#1"
PASSWORD = "hor/rible:p@ss#w?rd%20&"
WRONG = "wrong/but:zq@xv9kj"
ENDED_S = 120.0  #: a whole system ends within seconds; this only ends a test that hangs


@dataclass(frozen=True, slots=True)
class Kept:
    """A system whose server wants a password."""

    system: RealSystem
    variables: dict[str, str]
    secret_file: Path

    def variables_with(self, **changes: str) -> dict[str, str]:
        return self.variables | {f"SERIATIM_{name.upper()}": value for name, value in changes.items()}


@pytest.fixture(scope="module")
def kept(new_system: Callable[..., RealSystem], tmp_path_factory: pytest.TempPathFactory) -> Kept:
    return with_password_file_in_use(new_system, tmp_path_factory.mktemp("secrets") / "redis")


def with_password_file_in_use(new_system: Callable[..., RealSystem], secret_file: Path) -> Kept:
    """A system whose processes read the password of Redis from this file."""
    secret_file.write_text(PASSWORD + "\n", "utf-8")
    system = new_system(lease_ms=60_000, message_timeout_ms=60_000)  # no worker is taken for dead while it has no turn
    with system.redis as client:
        client.acl_setuser(
            "app", enabled=True, passwords=[f"+{PASSWORD}"], commands=["+@all"], keys=["*"], channels=["*"]
        )
    variables = system.settings.to_env() | {
        "SERIATIM_REDIS_URL": f"unix://app@{system.server.socket}",
        "SERIATIM_REDIS_PASSWORD_FILE": str(secret_file),
    }
    variables.pop("SERIATIM_BROKER_URL")
    system.settings, system.fresh = Settings.from_env(variables), True
    system.reassembler()
    system.workers(2)
    return Kept(system, variables, secret_file)


def assert_hidden(text: str, *secrets: str) -> None:
    """Neither a password nor what it looks like in a URL, nor half of it."""
    for secret in secrets or (PASSWORD, WRONG):
        for form in (secret, quote(secret, safe=""), quote(secret), *secret.split("@")):
            assert form not in text


def command_lines(pids: set[int]) -> str:
    return "\n".join(
        Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        for pid in pids
        if Path(f"/proc/{pid}").exists()
    )


def test_everything_works_with_a_password_from_a_file(kept: Kept) -> None:
    text = sentences(4, "password")
    producer = Producer(kept.system.settings)
    assert Listener(producer.enqueue(text, JobRequest(engine="tone"))).pcm() == stream_of(text)
    producer.close()
    done = seriatim("status", settings=kept.variables)
    assert done.returncode == 0, done.stderr.decode()


def test_no_process_has_it_among_its_arguments(kept: Kept) -> None:
    """Supervisors hand it to their children in the environment, which only their own user can read."""
    pids = {child.pid for child in kept.system.children.values()}
    pids |= {pid for child in pids for pid in descendants(child)}
    lines = command_lines(pids)
    assert lines.count(" workers ") == 3, "a supervisor and its processes, which it forks"
    assert_hidden(lines)


@pytest.mark.thorough
def test_no_log_has_it_even_when_the_server_goes_away(kept: Kept) -> None:
    system, text = kept.system, sentences(12, "outage")
    producer = Producer(system.settings)
    job = producer.enqueue(text, JobRequest.of({"engine": "tone", "kind": "batch", "drain": "window"}))
    logs = ("reassembler", "workers")
    n_chars = {name: len(system.log(name)) for name in logs}
    with system.redis as client:  # every connection is cut, and no client gets in for a while
        client.execute_command("ACL", "SETUSER", "app", "off")
        client.client_kill_filter(_type="normal", skipme=True)
        client.client_kill_filter(_type="pubsub", skipme=True)
    outage = {"reassembler": "waiting for Redis", "workers": "WARNING"}
    wait_until(lambda: all(outage[name] in system.log(name)[n_chars[name] :] for name in logs), "all have noticed")
    with system.redis as client:
        client.execute_command("ACL", "SETUSER", "app", "on")
    assert Listener(Producer(system.settings).attach(job.id)).pcm(60) == stream_of(text)
    for name in logs:
        assert_hidden(system.log(name))


UNREACHABLE = [
    {"redis_url": "unix://app@/nowhere/s"},
    {"redis_url": f"redis://app:{quote(WRONG, safe='')}@127.0.0.1:1/0"},
    {"redis_url": f"redis://app:{WRONG}@127.0.0.1:1/0"},  # as people write it
    {"redis_url": f"rediss://:{quote(WRONG, safe='')}@127.0.0.1:1/0?ssl_cert_reqs=none"},
    {"redis_url": "redis://[::1"},
    {"redis_url": f"http://app:{WRONG}@h"},
    {"broker_url": f"amqp://guest:{quote(WRONG, safe='')}@127.0.0.1:1//"},
    {"broker_url": f"redis://:{quote(WRONG, safe='')}@127.0.0.1:1/0"},
    {"redis_password_file": "", "redis_password": WRONG},
]


@pytest.mark.thorough
@pytest.mark.parametrize("changes", UNREACHABLE, ids=repr)
def test_no_error_has_it(kept: Kept, changes: dict[str, str]) -> None:
    """Nor what led to it, as a traceback shows it."""
    shown = ""
    try:
        settings = Settings.from_env(kept.variables_with(**changes))
        with make_app(settings.broker).connection_for_write(connect_timeout=1) as broker:
            shown = f"{settings} {broker!r} {broker}"
            broker.ensure_connection(max_retries=1, interval_start=0, interval_step=0)
        check_reachable(command_client(settings.redis_url, outage_s=0.1), settings.redis_url)
    except (SeriatimError, OperationalError) as error:
        shown += "".join(traceback.format_exception(error))
    assert shown
    assert_hidden(shown.replace(str(kept.secret_file), ""))


AWAY = [changes for changes in UNREACHABLE if "broker_url" not in changes]


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("words", "changes"),
    [(["status"], changes) for changes in AWAY] + [(["worker", "--engine", "tone"], AWAY[at]) for at in (2, -1)],
    ids=repr,
)
def test_no_command_says_it(kept: Kept, words: list[str], changes: dict[str, str]) -> None:
    done = seriatim(*words, settings=kept.variables_with(**changes))
    output = done.stdout.decode() + done.stderr.decode()
    assert done.returncode in (3, 5), output
    assert "Traceback" not in output
    assert output.count("\n") == 1, output
    assert_hidden(output)


@pytest.mark.thorough
def test_up_starts_its_children_without_it(kept: Kept, tmp_path: Path) -> None:
    words = [
        "up",
        "--no-http",
        "--redis",
        kept.variables["SERIATIM_REDIS_URL"],
        "--data",
        str(tmp_path),
        "--engine",
        "tone",
    ]
    running = start_command(
        *words, "--pool", "up", "--workers", "1", "--engine-option", "rate_hz=8000", settings=kept.variables
    )
    try:
        wait_until(lambda: kept.system.worker_pids("up"), "its worker is ready")
        wait_until(lambda: len(descendants(running.pid)) == 3, "a reassembler, a supervisor and a worker process run")
        lines = command_lines({running.pid} | descendants(running.pid))
    finally:
        running.terminate()
        out, err = running.communicate(timeout=ENDED_S)
    assert len(lines.splitlines()) == 4, "these, and the command itself"
    assert_hidden(lines + out.decode() + err.decode())
    for log in tmp_path.rglob("*.log"):
        assert_hidden(log.read_text("utf-8", errors="replace"))


def test_what_shows_an_object_hides_it(kept: Kept) -> None:
    producer = Producer(kept.system.settings)
    session = producer.open(JobRequest.of({"engine": "tone", "kind": "batch"}))
    texts = [
        kept.system.settings,
        producer,
        producer.pool_client("tone"),
        session,
        session.job,
        producer.pool_client("tone").app,
    ]
    for each in texts:
        assert_hidden(f"{each!r} {each}")
    session.job.cancel()
    producer.close()


@pytest.mark.parametrize(
    ("url", "seen"),
    [
        ("redis://u:p@h:1/0", "redis://h:1/0"),
        ("redis://:p@ss@h:1/0", "redis://h:1/0"),
        ("unix://u:p@/s?password=x", "unix:///s"),
        ("rediss://h/0?ssl_keyfile=k", "rediss://h/0"),
        ("nonsense", "nonsense"),
        ("redis:/u:p@h:1/0", "h:1/0"),
    ],
)
def test_people_see_where_a_url_leads_and_not_what_opens_it(url: str, seen: str) -> None:
    assert redacted_url(url) == seen


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"REDIS_PASSWORD": "x", "REDIS_PASSWORD_FILE": "y"},
            "SERIATIM_REDIS_PASSWORD and SERIATIM_REDIS_PASSWORD_FILE are both set; which of them is it?",
        ),
        ({"REDIS_PASSWORD_FILE": "/nowhere"},
         "SERIATIM_REDIS_PASSWORD_FILE=/nowhere: cannot be read: no such file or directory"),
        ({"REDIS_PASSWORD_FILE": "/dev/null"},
         "SERIATIM_REDIS_PASSWORD_FILE=/dev/null: its first line is empty; expected a password"),
    ],
)  # fmt: skip
def test_a_password_that_cannot_be_found_stops_the_process(changes: dict[str, str], message: str) -> None:
    with pytest.raises(Misconfigured) as stopped:
        Settings.from_env({f"SERIATIM_{name}": value for name, value in changes.items()})
    assert str(stopped.value) == message


def test_a_url_that_has_its_own_password_keeps_it() -> None:
    found = Settings.from_env({"SERIATIM_REDIS_URL": "redis://u:own@h/0", "SERIATIM_REDIS_PASSWORD": "other"})
    assert found.redis_url == "redis://u:own@h/0"
    again = Settings.from_env(found.to_env())
    assert again == found


@pytest.mark.parametrize("password", [PASSWORD, "é ü", "%", "a b", ":", "@", "/", "#", "?", "&=+"])
@pytest.mark.parametrize(
    "url", ["redis://h:1/0", "redis://u@h:1/0", "unix:///s", "unix://u@/s", "rediss://u@[::1]:1/0"]
)
def test_any_password_arrives_as_it_is_written(password: str, url: str) -> None:
    """At Redis' client and at the broker's."""
    found = Settings.from_env({"SERIATIM_REDIS_URL": url, "SERIATIM_REDIS_PASSWORD": password})
    assert Producer(found).redis.connection_pool.connection_kwargs["password"] == password
    if not url.startswith("unix"):  # a socket's is read when it is connected to
        assert make_app(found.broker).connection_for_write().password == password


def test_a_password_that_is_replaced_in_its_file_is_used_from_then_on(
    new_system: Callable[..., RealSystem], tmp_path: Path
) -> None:
    """By all processes, for both servers, as soon as a connection breaks, and without a restart."""
    kept = with_password_file_in_use(new_system, tmp_path / "redis")
    pids = set(wait_until(lambda: found if len(found := kept.system.worker_pids()) == 2 else None).values())
    with kept.system.redis as client:
        client.acl_setuser("app", enabled=True, passwords=[f"+{NEXT}"])
        kept.secret_file.write_text(NEXT + "\n", "utf-8")
        client.acl_setuser("app", enabled=True, passwords=[f"-{PASSWORD}"])
        for kind in ("normal", "pubsub"):
            client.execute_command("CLIENT", "KILL", "TYPE", kind, "SKIPME", "yes")
    text = sentences(4, "replaced")
    pcm = Listener(kept.system.producer().enqueue(text, JobRequest.of({"engine": "tone"}))).pcm(60)
    assert pcm == stream_of(text)
    assert set(kept.system.worker_pids().values()) == pids
    assert "refused the password" not in kept.system.log("workers") + kept.system.log("reassembler")


@pytest.mark.parametrize("url", ["redis://app@host:1/2?protocol=3", "unix://app@/a/socket", "unix:///a/socket"])
def test_a_file_stands_in_the_url_until_others_need_the_password(url: str, tmp_path: Path) -> None:
    (tmp_path / "p").write_text("s/cret\n", "utf-8")
    found = with_password_file(url, "X", str(tmp_path / "p"))
    assert Address.of(found) == replace(Address.of(url), password_file=str(tmp_path / "p"))
    assert with_read_password(found) == with_password(url, "s/cret")
    assert with_read_password(url) == url
