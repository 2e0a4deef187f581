"""Webhook targets: what may be asked for, and what may be reached."""

import pytest

from seriatim.client.job_options import JobRequest
from seriatim.errors import UnknownOption
from seriatim.webhooks.webhook_target import HostPatterns, WebhookTarget, check_webhook_url, is_public


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "::1", "::", "fe80::1%eth0", "fd00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1",
        "2002:7f00:1::", "255.255.255.255", "192.0.0.192", "192.88.99.1", "64:ff9b:1::7f00:1", "::127.0.0.1",
        "::ffff:0:7f00:1", "fec0::1", "5f00::1",
    ],
)  # fmt: skip
def test_an_address_that_only_this_machine_can_reach_is_not_public(address: str) -> None:
    assert not is_public(address)
    assert not HostPatterns().accepts_address("receiver.example", address)
    assert HostPatterns.parse("receiver.example").accepts_address("receiver.example", address)


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "64:ff9b::5db8:d70e"])
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.org/", "example.org/hook", "https://", "https://user:pass@example.org/", "https://a.b/#part",
        "https://example.org:port/", "https://example.org/a b", "https://example.org/\n", "https://a.b/" + "a" * 2_000,
    ],
)  # fmt: skip
def test_what_is_no_url_of_a_receiver_is_refused(url: str) -> None:
    with pytest.raises(UnknownOption, match="expected a URL such as https://"):
        JobRequest.of({"webhook": url})


@pytest.mark.parametrize(
    ("host", "reason"), [("bücher.example", "write it as xn--"), ("a..b", "no name"), ("a" * 64 + ".org", "no name")]
)
def test_a_host_that_no_look_up_can_find_is_refused(host: str, reason: str) -> None:
    with pytest.raises(UnknownOption, match=reason):
        check_webhook_url(f"https://{host}/ended")


@pytest.mark.parametrize("host", ["xn--bcher-kva.example", "example.org.", "[2001:db8::1]:8443", "a_b.svc.local"])
def test_other_hosts_are_accepted(host: str) -> None:
    check_webhook_url(f"https://{host}/ended")


def test_a_password_in_a_url_is_not_repeated() -> None:
    with pytest.raises(UnknownOption) as refused:
        check_webhook_url("https://user:hunter2@example.org/")
    assert "hunter2" not in str(refused.value)


def test_http_is_for_hosts_that_the_operator_names() -> None:
    hosts = HostPatterns.parse("hooks.lan, *.svc.local")
    hosts.check_scheme("http://Hooks.LAN:8080/ended")
    hosts.check_scheme("http://a.svc.local/")
    hosts.check_scheme("https://elsewhere.example/")
    with pytest.raises(UnknownOption, match="expected https; http is for the hosts that SERIATIM_WEBHOOK_HOSTS names"):
        hosts.check_scheme("http://svc.local.example/")


def test_a_target_survives_its_json() -> None:
    raw = WebhookTarget.of("https://example.org/ended?x=1", "zoë")
    assert WebhookTarget.from_json(raw) == WebhookTarget("https://example.org/ended?x=1", "zoë")
    assert WebhookTarget.of("", "zoë") == ""
