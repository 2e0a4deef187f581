"""The pure half of `seriatim doctor`: which settings count, what is said of packages and GPUs, how a line looks."""

from pathlib import Path

import pytest

from gateway.cli.checks.check_result import CheckStatus, as_lines, fail, from_message, ok
from gateway.cli.checks.machine_checks import check_overcommit, describe_gpus
from gateway.cli.checks.server_checks import is_near
from gateway.cli.checks.setting_checks import changed_settings, read_settings
from gateway.cli.checks.version_checks import check_versions
from seriatim.settings import Settings

GPU = {"name": "NVIDIA L4", "bytes": 24e9, "used": 0.25}


def test_a_line_has_the_status_the_check_what_was_found_and_what_to_do() -> None:
    assert as_lines([ok("python", "3.13"), fail("redis", "away:\ngone", "start one")]) == [
        "ok    python  3.13",
        "fail  redis   away: gone -> start one",
    ]


def test_an_errors_message_falls_into_what_was_found_and_what_to_do() -> None:
    result = from_message("redis", "no Redis there: gone; start one; or another")
    assert (result.found, result.advice) == ("no Redis there: gone", "start one; or another")
    assert from_message("redis", "gone").advice, "there is always some"


def test_each_variable_that_cannot_be_used_is_blamed_alone() -> None:
    settings, results = read_settings(
        {"SERIATIM_LEASE": "1", "SERIATIM_SWEEP_MS": "soon", "SERIATIM_HTTP_ROOT": "/tts", "HOME": "/"}
    )
    assert [result.found.split(";")[0] for result in results] == [
        "unknown setting SERIATIM_LEASE", "SERIATIM_SWEEP_MS='soon': expected a whole number, such as 400"
    ]  # fmt: skip
    assert settings == Settings(http_root="/tts"), "the others count"


def test_two_variables_that_only_go_together_are_not_taken_apart() -> None:
    settings, results = read_settings(
        {"SERIATIM_HEARTBEAT_MS": "2000", "SERIATIM_LEASE_MS": "9000", "SERIATIM_LEASE": "1"}
    )
    assert [result.status for result in results] == [CheckStatus.FAIL]
    assert (settings.heartbeat_ms, settings.lease_ms) == (2000, 9000)


def test_settings_are_shown_without_what_is_secret() -> None:
    settings, _ = read_settings(
        {
            "SERIATIM_REDIS_URL": "rediss://app@redis.lan:6380/2?ssl_password=hidden",
            "SERIATIM_REDIS_PASSWORD": "hidden",
            "SERIATIM_BROKER_URL": "amqp://app:hidden@rabbit.lan//",
        }
    )
    assert changed_settings(settings) == {
        "SERIATIM_REDIS_URL": "rediss://redis.lan:6380/2",
        "SERIATIM_BROKER_URL": "amqp://rabbit.lan//",
    }


def test_this_environment_has_what_its_own_metadata_asks_for() -> None:
    results = {result.check: result for result in check_versions(Settings())}
    assert {results[name].status for name in ("python", "packages", "extras")} == {CheckStatus.OK}
    assert results["extras"].found.partition(";")[0].count("http") == 1


@pytest.mark.parametrize(
    ("gpus", "torch", "status", "found"),
    [
        ([], "", CheckStatus.OK, "none is seen: no driver"),
        ([GPU], "2.13.0", CheckStatus.OK, "NVIDIA L4 (24 GB, 25% in use)"),
        ([GPU], "", CheckStatus.OK, "NVIDIA L4 (24 GB, 25% in use)"),
        ([GPU], "2.13.0+cpu", CheckStatus.FAIL, "NVIDIA L4 (24 GB, 25% in use); torch 2.13.0+cpu cannot use it"),
    ],
)
def test_a_gpu_that_torch_cannot_use_fails(
    gpus: list[dict[str, object]], torch: str, status: CheckStatus, found: str
) -> None:
    result = describe_gpus(gpus, "no driver", torch)
    assert (result.status, result.found) == (status, found)


def test_a_private_network_is_near() -> None:
    assert [is_near(host) for host in ("redis", "127.0.0.1", "10.0.0.7", "::1", "8.8.8.8", "redis.example.com")] == [
        True, True, True, True, False, False
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("url", "value", "statuses"),
    [
        ("redis://localhost/0", "0\n", [CheckStatus.WARN]),
        ("redis://localhost/0", "2\n", [CheckStatus.WARN]),
        ("unix:///run/redis.sock", "1\n", [CheckStatus.OK]),
        ("redis://redis.lan/0", "0\n", []),
        ("redis://localhost/0", None, []),
    ],
)
def test_a_kernel_that_may_refuse_forks_to_a_redis_on_this_machine_is_warned_of(
    tmp_path: Path, url: str, value: str | None, statuses: list[CheckStatus]
) -> None:
    """Of another machine nothing is known, and only Linux has the file."""
    path = tmp_path / "overcommit_memory"
    if value is not None:
        path.write_text(value, "ascii")
    results = check_overcommit(Settings(redis_url=url), path)
    assert [result.status for result in results] == statuses
    assert all("sysctl vm.overcommit_memory=1" in each.advice for each in results if each.status is CheckStatus.WARN)
