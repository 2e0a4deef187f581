"""TLS to the nodes of a cluster, each of which is named by another: the certificate of each is checked."""

import asyncio

import pytest

from seriatim.errors import Misconfigured
from seriatim.servers.cluster_client import nodes_of
from seriatim.servers.redis_clients import check_reachable, command_client, streams
from seriatim.settings import Settings
from tests.conftest import binary_of
from tests.security.tls import Authority
from tests.support.cluster_servers import N_MASTERS, ClusterServers

KEYS = [f"tests:{number}" for number in range(20)]  #: of every node


@pytest.mark.thorough
def test_clients_speak_tls_with_every_node(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Debian's Redis: the embedded Valkey is built without TLS."""
    folder = tmp_path_factory.mktemp("tls")
    ours, foreign = Authority.made(folder, "ours"), Authority.made(folder, "foreign")
    certificate, key = ours.sign("server", "localhost")
    files = {"tls-cert-file": str(certificate), "tls-key-file": str(key), "tls-ca-cert-file": str(ours.certificate)}
    with ClusterServers(binary_of("redis"), tls=files) as servers:

        def settings_of(authority: Authority) -> Settings:
            urls = {"SERIATIM_REDIS_URL": servers.url, "SERIATIM_BROKER_URL": servers.broker_url}
            return Settings.from_env(urls | {"SERIATIM_TLS_CA_FILE": str(authority.certificate)})

        url = settings_of(ours).redis_url
        with command_client(url) as client:
            for key_name in KEYS:
                client.set(key_name, key_name, ex=600)
            assert len(nodes_of(client)) == N_MASTERS

        async def read() -> list[object]:
            async with streams(url) as reader:
                return [await reader.get(key_name) for key_name in KEYS]

        assert asyncio.run(read()) == [key_name.encode() for key_name in KEYS]
        stranger = settings_of(foreign).redis_url
        says = "its certificate is not trusted: .*; SERIATIM_TLS_CA_FILE names"
        with command_client(stranger, outage_s=0.1) as client, pytest.raises(Misconfigured, match=says):
            check_reachable(client, stranger)
