"""TLS to Sentinels and to the servers that they name: the certificates of both are checked."""

import asyncio
from collections.abc import Iterator

import pytest

from seriatim.celery_app import make_app, reach_broker
from seriatim.errors import Unavailable
from seriatim.servers.redis_clients import check_reachable, command_client, streams
from seriatim.settings import Settings
from tests.conftest import binary_of
from tests.security.tls import Authority
from tests.support.sentinel_servers import SentinelServers

pytestmark = pytest.mark.thorough


@pytest.fixture(scope="module")
def authorities(tmp_path_factory: pytest.TempPathFactory) -> tuple[Authority, Authority]:
    """The one that signed the servers' certificates, and a stranger."""
    folder = tmp_path_factory.mktemp("tls")
    return Authority.made(folder, "ours"), Authority.made(folder, "foreign")


@pytest.fixture(scope="module")
def servers(authorities: tuple[Authority, Authority]) -> Iterator[SentinelServers]:
    """Debian's Redis: the embedded Valkey is built without TLS."""
    ours, _ = authorities
    certificate, key = ours.sign("server", "localhost")
    files = {"tls-cert-file": str(certificate), "tls-key-file": str(key), "tls-ca-cert-file": str(ours.certificate)}
    with SentinelServers(binary_of("redis"), password="p", tls=files) as group:
        yield group


def settings_of(servers: SentinelServers, authority: Authority) -> Settings:
    return Settings.from_env({"SERIATIM_REDIS_URL": servers.url, "SERIATIM_TLS_CA_FILE": str(authority.certificate)})


def test_clients_and_broker_speak_tls_with_all(
    servers: SentinelServers, authorities: tuple[Authority, Authority]
) -> None:
    settings = settings_of(servers, authorities[0])
    with command_client(settings.redis_url, outage_s=0.5) as client:
        client.set("tests:tls", b"1", ex=600)

    async def read() -> object:
        async with streams(settings.redis_url, outage_s=0.5) as reader:
            return await reader.get("tests:tls")

    assert asyncio.run(read()) == b"1"
    reach_broker(make_app(settings.broker), settings.broker)


def test_a_sentinel_of_another_authority_is_not_believed(
    servers: SentinelServers, authorities: tuple[Authority, Authority]
) -> None:
    settings = settings_of(servers, authorities[1])
    says = "the Sentinel at localhost:.* its certificate is not trusted: .*; SERIATIM_TLS_CA_FILE names"
    with command_client(settings.redis_url, outage_s=0.1) as client, pytest.raises(Unavailable, match=says):
        check_reachable(client, settings.redis_url)
    with pytest.raises(Unavailable, match=f"^no broker at sentinels://.*{says}"):
        reach_broker(make_app(settings.broker), settings.broker)
