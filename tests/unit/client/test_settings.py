"""Settings: one table, strict, the same in the docs."""

from dataclasses import fields, replace

import pytest

from seriatim.errors import Misconfigured
from seriatim.servers.server_address import Broker
from seriatim.settings import Settings, variable


def test_without_variables_everything_has_its_default():
    assert Settings.from_env({"PATH": "/bin"}) == Settings()


def test_variables_are_read_by_their_type():
    found = Settings.from_env(
        {"SERIATIM_LIVE_SLOT_SHARE": "0.8", "SERIATIM_MAX_FAILURES": "5", "SERIATIM_STORE_DIR": "/tmp/s"}
    )
    assert (found.live_slot_share, found.max_failures, found.store_dir) == (0.8, 5, "/tmp/s")


def test_a_child_process_reads_the_same_settings():
    changed = replace(Settings(), redis_url="unix:///tmp/s", lease_ms=900, heartbeat_ms=100, live_slot_share=0.5)
    assert Settings.from_env(changed.to_env()) == changed


def test_an_unknown_variable_stops_the_process_with_the_nearest_name():
    with pytest.raises(Misconfigured) as stopped:
        Settings.from_env({"SERIATIM_REDIS_UR": "x"})
    assert str(stopped.value) == "unknown setting SERIATIM_REDIS_UR; did you mean SERIATIM_REDIS_URL?"


@pytest.mark.parametrize("service", ["SERIATIM", "SERIATIM_GATEWAY", "SERIATIM_REDIS_2", "SERIATIM_HTTP"])
def test_what_kubernetes_sets_for_a_service_of_our_name_stops_nothing(service):
    """Each pod of a namespace gets these for each Service, unless `enableServiceLinks` is off."""
    environ = {
        f"{service}_SERVICE_HOST": "10.0.0.1",
        f"{service}_SERVICE_PORT": "8000",
        f"{service}_SERVICE_PORT_HTTP_ALT": "8000",
        f"{service}_PORT": "tcp://10.0.0.1:8000",
    }
    for port in ("8000_TCP", "53_UDP", "132_SCTP"):
        environ |= {f"{service}_PORT_{port}{more}": "x" for more in ("", "_PROTO", "_PORT", "_ADDR")}
    assert Settings.from_env(environ | {"SERIATIM_LIVE_SLOT_SHARE": "0.8"}) == Settings(live_slot_share=0.8)


@pytest.mark.parametrize(("name", "value"), [("REDIS_PORT", "6379"), ("HTTP_PORT", "8000"), ("PORTS", "tcp://x")])
def test_a_setting_that_only_looks_like_one_of_those_is_refused(name, value):
    with pytest.raises(Misconfigured, match=f"unknown setting SERIATIM_{name}; "):
        Settings.from_env({f"SERIATIM_{name}": value})


def test_no_setting_is_called_like_what_kubernetes_sets():
    """Its value would be taken for ours."""
    ends = ("_SERVICE_HOST", "_PORT", "_SERVICE_PORT", "_TCP", "_ADDR", "_PROTO")
    assert not [variable(f) for f in fields(Settings) if variable(f).endswith(ends)]


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("LEASE_MS", "soon", "SERIATIM_LEASE_MS='soon': expected a whole number, such as 3000"),
        ("LEASE_MS", "1", "SERIATIM_LEASE_MS=1: expected a whole number of at least 200"),
        ("LIVE_SLOT_SHARE", "2", "SERIATIM_LIVE_SLOT_SHARE=2: expected a number from 0.01 to 1"),
        ("LOG_LEVEL", "loud", "SERIATIM_LOG_LEVEL='loud': expected one of DEBUG, INFO, WARNING, ERROR"),
        ("LIVE_SLOT_SHARE", "nan", "SERIATIM_LIVE_SLOT_SHARE=nan: expected a number from 0.01 to 1"),
    ],
)
def test_a_wrong_value_says_what_is_expected(name, value, message):
    with pytest.raises(Misconfigured) as stopped:
        Settings.from_env({f"SERIATIM_{name}": value})
    assert str(stopped.value) == message


def test_a_lease_shorter_than_two_beats_is_refused():
    with pytest.raises(Misconfigured, match="a worker that misses one heartbeat would count as dead"):
        Settings.from_env({"SERIATIM_LEASE_MS": "300", "SERIATIM_HEARTBEAT_MS": "200"})


def test_a_unix_socket_is_spelt_as_the_broker_wants_it():
    broker = Broker.of(Settings(redis_url="unix:///run/r.sock").broker)
    assert broker.url == "redis+socket:///run/r.sock?virtual_host=0"
    assert Settings(redis_url="unix:///run/r.sock", broker_url="amqp://b").broker == "amqp://b"


def test_every_setting_says_what_it_is():
    assert all(f.metadata["doc"] for f in fields(Settings))
    assert len({variable(f) for f in fields(Settings)}) == len(fields(Settings))
