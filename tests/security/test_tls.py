"""TLS to Redis and to the broker: each side shows a certificate, and neither talks to anybody else."""

import asyncio
import contextlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from seriatim.celery_app import make_app, reach_broker
from seriatim.client.job_options import JobRequest
from seriatim.client.producer import Producer
from seriatim.errors import Misconfigured, Unavailable
from seriatim.servers.redis_clients import check_reachable, command_client, streams
from seriatim.settings import Settings
from tests.chaos.proxy import Proxy
from tests.conftest import binary_of
from tests.security.tls import Authority, tls_endpoint
from tests.support.command_line import seriatim
from tests.support.expected_audio import Listener, sentences, stream_of
from tests.support.free_ports import free_port
from tests.support.process_system import PATIENCE_S, RealSystem, wait_until
from tests.support.thorough_cases import mostly_thorough

PASSWORD = "hor/rible:p@ss#w?rd%20&"


@dataclass(frozen=True, slots=True)
class Encrypted:
    """A system behind TLS, and the credentials for it."""

    system: RealSystem
    variables: dict[str, str]
    foreign: Authority

    def settings(self, **changes: str) -> Settings:
        """As a process reads them."""
        return Settings.from_env(
            self.variables | {f"SERIATIM_{name.upper()}": value for name, value in changes.items()}
        )


@pytest.fixture(scope="module", params=["valkey", pytest.param("redis", marks=pytest.mark.thorough)])
def encrypted(
    request: pytest.FixtureRequest, new_system: Callable[..., RealSystem], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Encrypted]:
    """Debian's Redis speaks TLS itself; the embedded Valkey is built without it, and has a TLS endpoint in front."""
    folder = tmp_path_factory.mktemp("tls")
    ours, foreign = Authority.made(folder, "ours"), Authority.made(folder, "foreign")
    certificate, key = ours.sign("server", "localhost")
    mine, my_key = ours.sign("client")
    port, arguments = free_port(), list[str]()
    if request.param == "redis":
        arguments = ["--tls-port", str(port), "--tls-cert-file", str(certificate), "--tls-key-file", str(key)]
        arguments += ["--tls-ca-cert-file", str(ours.certificate), "--tls-auth-clients", "yes"]
    with contextlib.ExitStack() as undo:
        system = new_system(*arguments, lease_ms=60_000, message_timeout_ms=60_000, binary=binary_of(request.param))
        with system.redis as client:
            client.acl_setuser(
                "app", enabled=True, passwords=[f"+{PASSWORD}"], commands=["+@all"], keys=["*"], channels=["*"]
            )
        if request.param == "valkey":
            port = undo.enter_context(tls_endpoint(system.server, certificate, key, ours.certificate))
        variables = system.settings.to_env() | {
            "SERIATIM_REDIS_URL": f"rediss://app@localhost:{port}/0",
            "SERIATIM_REDIS_PASSWORD": PASSWORD,
            "SERIATIM_TLS_CA_FILE": str(ours.certificate),
            "SERIATIM_TLS_CERT_FILE": str(mine),
            "SERIATIM_TLS_KEY_FILE": str(my_key),
        }
        variables.pop("SERIATIM_BROKER_URL")
        system.settings = Settings.from_env(variables)
        system.reassembler()
        system.workers(2)
        yield Encrypted(system, variables, foreign)
        system.close()


def test_a_job_is_heard_over_tls_from_end_to_end(encrypted: Encrypted) -> None:
    text = sentences(6, "encrypted")
    producer = Producer(encrypted.system.settings)
    assert Listener(producer.enqueue(text, JobRequest(engine="tone"))).pcm() == stream_of(text)
    producer.close()
    done = seriatim("status", settings=encrypted.variables)
    assert done.returncode == 0, done.stderr.decode()


WRONG_PASSWORD = "a wrong password"
#: what is wrong, and what it changes
WRONG = {
    "a server of another authority": {"tls_ca_file": "foreign"},
    "a server of another name": {"redis_url": "127.0.0.1"},
    "no certificate to show": {"tls_cert_file": "", "tls_key_file": ""},
}
#: and what is said of it. An alert is lost if the server closes the connection before it is read.
UNTRUSTED = r"^the (server|broker) at rediss://{}:\d+/0: its certificate is not trusted: .*; {}"
MESSAGES = {
    "a server of another authority": UNTRUSTED.format(
        "localhost", "SERIATIM_TLS_CA_FILE names the file of the authority"
    ),
    "a server of another name": UNTRUSTED.format(r"127\.0\.0\.1", "write the name that its certificate is for"),
    "no certificate to show": r"^the (server|broker) at .*SERIATIM_TLS_CERT_FILE|^no (Redis|broker) at rediss://",
    WRONG_PASSWORD: r"^the server at rediss://localhost:[0-9]+/0 refused the password",
}


@pytest.mark.parametrize("what", mostly_thorough(WRONG, 2))
def test_neither_side_talks_to_a_stranger(encrypted: Encrypted, what: str) -> None:
    """Celery's broker, too: kombu alone would take any server's word."""
    changes = dict(WRONG[what])
    if "redis_url" in changes:
        changes["redis_url"] = encrypted.variables["SERIATIM_REDIS_URL"].replace("localhost", changes["redis_url"])
    if "tls_ca_file" in changes:
        changes["tls_ca_file"] = str(encrypted.foreign.certificate)
    settings = encrypted.settings(**changes)
    assert_refused(lambda: check_reachable(command_client(settings.redis_url, outage_s=0.1), settings.redis_url), what)
    assert_refused(lambda: reach_broker(make_app(settings.broker), settings.broker), what)


def assert_refused(reach: Callable[[], None], what: str) -> None:
    """It is never reached, and the reason is found: a server that has no turn may first give no answer in time."""

    def reason_is_found() -> bool:
        with pytest.raises((Misconfigured, Unavailable)) as refused:
            reach()
        return re.search(MESSAGES[what], str(refused.value)) is not None

    wait_until(reason_is_found, MESSAGES[what])


def reached(settings: Settings) -> bool:
    """Does the broker answer now? Celery gives one that has no turn a few seconds."""
    try:
        reach_broker(make_app(settings.broker), settings.broker)
    except Unavailable:
        return False
    return True


@pytest.mark.parametrize("query", ["ssl_check_hostname=false", "ssl_cert_reqs=none"])
def test_a_name_or_a_certificate_is_not_looked_at_where_the_url_says_so(encrypted: Encrypted, query: str) -> None:
    """By both clients, and by Celery's broker."""
    url = encrypted.variables["SERIATIM_REDIS_URL"].replace("localhost", "127.0.0.1")
    settings = encrypted.settings(redis_url=f"{url}?{query}")
    check_reachable(command_client(settings.redis_url, outage_s=PATIENCE_S), settings.redis_url)
    wait_until(lambda: reached(settings), "the broker is reached")

    async def ping() -> object:
        async with streams(settings.redis_url, max_connections=1, outage_s=PATIENCE_S) as client:
            return await client.exists("nothing")

    assert asyncio.run(ping()) == 0


@pytest.mark.thorough
def test_a_server_without_tls_is_said_to_be_one(encrypted: Encrypted) -> None:
    with Proxy(None, encrypted.system.server.socket) as plain:
        url = f"rediss://localhost:{plain.port}/0?socket_timeout=0.5"  # it waits so long for a greeting, some times
        with pytest.raises((Misconfigured, Unavailable), match=r"does the server speak TLS|^no Redis at"):
            check_reachable(command_client(url, outage_s=0.1), url)


def test_a_wrong_password_is_said_at_once_and_in_words(encrypted: Encrypted) -> None:
    settings = encrypted.settings(redis_password="wrong")
    assert_refused(
        lambda: check_reachable(command_client(settings.redis_url, outage_s=0.1), settings.redis_url), WRONG_PASSWORD
    )


@pytest.mark.parametrize("name", ["tls_ca_file", "tls_cert_file", "tls_key_file"])
def test_a_certificate_that_is_not_there_stops_the_process(encrypted: Encrypted, name: str) -> None:
    with pytest.raises(
        Misconfigured, match=r"^the certificate file /nowhere/x cannot be read: no such file or directory$"
    ):
        encrypted.settings(**{name: "/nowhere/x"})
