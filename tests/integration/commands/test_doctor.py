"""`seriatim doctor` on servers that are well, ill, away, or not ours to use: what it finds, and what it says to do."""

import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gateway.cli.checks.check_result import CheckResult, CheckStatus
from gateway.cli.checks.server_checks import check_clock, check_server
from seriatim.servers.redis_clients import inspection_client
from seriatim.settings import Settings
from tests.support.command_line import seriatim
from tests.support.free_ports import free_port
from tests.support.process_system import ALWAYS, RealSystem, wait_until
from tests.support.redis_servers import PrivateServer, embedded

PASSWORD = "se/cret:p@ss"


def report_of(done: "subprocess.CompletedProcess[bytes]") -> dict[str, Any]:
    assert done.stderr == b"", done.stderr.decode()
    found: dict[str, Any] = json.loads(done.stdout)
    failed = any(check["status"] == "fail" for check in found["checks"])
    assert done.returncode == (1 if failed else 0)
    assert all(check["advice"] for check in found["checks"] if check["status"] != "ok"), "each says what to do"
    return found


def server_findings(url: str) -> dict[str, CheckResult]:
    """The results about one server, by their check: those of the command, without its process."""
    with inspection_client(url) as client:
        return {result.check: result for result in check_server(client, Settings(redis_url=url))}


def test_nothing_fails_where_all_is_well(new_system: Callable[..., RealSystem]) -> None:
    system = new_system(*ALWAYS, "--maxmemory", "100mb", lease_ms=60_000)
    system.reassembler()
    system.workers(2, slots=3)

    def healthy() -> dict[str, Any]:
        """A report where all is well; on a busy machine heartbeats and answers of Redis may be late for a while."""
        found = report_of(seriatim("doctor", "--json", settings=system.settings.to_env()))
        statuses = {check["check"]: check["status"] for check in found["checks"]}
        well = all(status == "ok" for name, status in statuses.items() if name.startswith("redis"))
        return found if well and "fail" not in statuses.values() else {}

    found = wait_until(healthy, "nothing fails, and all is well with Redis")
    checks = {check["check"]: check for check in found["checks"]}
    assert {name for name in checks if name.startswith("redis")} == {
        "redis", "redis role", "redis durability", "redis disk", "redis memory", "redis eviction", "redis clients",
        "redis rights", "redis tls",
    }  # fmt: skip
    assert checks["pool tone"]["found"].startswith("2 worker processes, 6 slots")
    assert checks["reassemblers"]["found"] == "1 alive"
    assert checks["store"]["found"].startswith(system.settings.store_dir)
    assert found["packages"]["celery"]
    assert found["settings"]["SERIATIM_LEASE_MS"] == system.settings.lease_ms


@pytest.mark.thorough
def test_it_says_where_reassemblers_record_if_that_is_elsewhere(
    new_system: Callable[..., RealSystem], tmp_path: Path
) -> None:
    system = new_system()
    system.reassembler()
    system.workers(1)
    other = system.settings.to_env() | {"SERIATIM_STORE_DIR": str(tmp_path)}

    def failed() -> dict[str, Any] | None:
        """What is wrong with the store, once the reassembler has said where it records."""
        checks = {check["check"]: check for check in report_of(seriatim("doctor", "--json", settings=other))["checks"]}
        return checks["store"] if checks["store"]["status"] == "fail" else None

    assert system.settings.store_dir in wait_until(failed, "it is somewhere else")["advice"]


def test_a_server_that_forgets_is_a_warning() -> None:
    with PrivateServer(embedded()) as server:
        found = server_findings(server.url)
    assert found["redis durability"].status == CheckStatus.WARN
    assert found["redis durability"].advice == "set appendonly yes"
    assert found["redis memory"].status == CheckStatus.WARN, "no limit"


def test_a_server_that_evicts_or_is_full_fails() -> None:
    with PrivateServer(embedded(), "--maxmemory", "1mb", "--maxmemory-policy", "allkeys-lru") as server:
        found = server_findings(server.url)
    assert found["redis eviction"].status == CheckStatus.FAIL
    assert "CONFIG SET maxmemory-policy noeviction" in found["redis eviction"].advice
    assert found["redis memory"].status == CheckStatus.FAIL


@pytest.mark.parametrize(
    ("behind_s", "status", "found"),
    [
        (3600.0, CheckStatus.WARN, "ahead"),
        (-3600.0, CheckStatus.WARN, "behind"),
        (0.0, CheckStatus.OK, ""),
    ],
)
def test_a_clock_that_differs_from_the_servers_is_a_warning(behind_s: float, status: CheckStatus, found: str) -> None:
    """This machine's clock is `behind_s` behind; how long the server takes to answer is allowed for."""
    with PrivateServer(embedded()) as server, inspection_client(server.url) as client:
        result = check_clock(client, lambda: time.time() - behind_s)
    assert (result.check, result.status) == ("clock", status)
    assert found in result.found
    assert ("NTP" in result.advice) is (status is CheckStatus.WARN)


def test_a_replica_fails_and_its_master_is_named() -> None:
    port = free_port()
    with (
        PrivateServer(embedded(), "--port", str(port)),
        PrivateServer(embedded(), "--replicaof", f"127.0.0.1 {port}") as replica,
    ):
        found = server_findings(replica.url)
    assert found["redis"].status != CheckStatus.FAIL, "it answers, if late on a busy machine"
    assert found["redis role"].status == CheckStatus.FAIL
    assert found["redis role"].advice == f"set SERIATIM_REDIS_URL to the server at 127.0.0.1:{port}"


@pytest.mark.thorough
def test_a_wrong_password_is_named_and_never_shown(tmp_path: Path) -> None:
    with PrivateServer(embedded()) as server:
        with server.client() as client:
            client.config_set("requirepass", PASSWORD)
        settings = {"SERIATIM_REDIS_URL": server.url, "SERIATIM_REDIS_PASSWORD": "wr/ong", "HOME": str(tmp_path)}
        wrong = seriatim("doctor", settings=settings)
        right = seriatim("doctor", "--json", settings=settings | {"SERIATIM_REDIS_PASSWORD": PASSWORD})
    assert wrong.returncode == 1
    line = next(line for line in wrong.stdout.decode().splitlines() if line.startswith("fail  redis "))
    assert "refused the password" in line
    assert "-> see SERIATIM_REDIS_PASSWORD" in line
    assert {check["check"]: check["status"] for check in report_of(right)["checks"]}["redis"] != "fail"
    for output in (wrong.stdout, right.stdout):
        assert not any(secret in output for secret in (b"wr/ong", b"wr%2Fong", PASSWORD.encode(), b"se%2Fcret"))


def test_a_user_who_may_not_run_scripts_fails() -> None:
    with PrivateServer(embedded()) as server:
        with server.client() as client:
            client.execute_command("ACL", "SETUSER", "small", "on", "nopass", "~*", "+@all", "-@scripting")
        found = server_findings(server.url.replace("unix://", "unix://small:any@"))
    assert found["redis rights"].status == CheckStatus.FAIL
    assert found["redis rights"].found == "the user small may not run EVAL, SCRIPT LOAD"


@pytest.mark.thorough
def test_the_rest_is_checked_while_redis_is_away(tmp_path: Path) -> None:
    away = f"redis://127.0.0.1:{free_port()}/0"
    settings = {
        "SERIATIM_REDIS_URL": away, "SERIATIM_STORE_DIR": str(tmp_path / "store"), "HOME": str(tmp_path),
        "SERIATIM_BROKER_URL": f"amqp://guest:se-cret@127.0.0.1:{free_port()}//",
    }  # fmt: skip
    report = report_of(seriatim("doctor", "--json", settings=settings))
    assert "se-cret" not in json.dumps(report)
    found = {check["check"]: check for check in report["checks"]}
    assert found["redis"]["status"] == found["broker"]["status"] == "fail"
    assert "seriatim up" in found["redis"]["advice"]
    assert found["workers"]["found"].endswith("Redis unavailable")
    assert found["python"]["status"] == found["packages"]["status"] == found["store"]["status"] == "ok"
    assert {"gpu", "open files", "port 8000"} <= found.keys()


@pytest.mark.thorough
def test_every_setting_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    with PrivateServer(embedded()) as server:
        settings = {
            "SERIATIM_REDIS_URL": server.url, "HOME": str(tmp_path), "SERIATIM_LEASE": "1", "SERIATIM_SWEEP_MS": "soon",
            "SERIATIM_BROKER_URL": "redis:/u:se-cret@host", "REDIS_URL": "redis://elsewhere", "Seriatim_Policy": "fifo",
        }  # fmt: skip
        found = report_of(seriatim("doctor", "--json", settings=settings))
    lines = [check for check in found["checks"] if check["check"] == "settings"]
    assert {line["status"] for line in lines[:3]} == {"fail"}
    text = json.dumps(found)
    assert all(name in text for name in ('SERIATIM_LEASE"', "SERIATIM_SWEEP_MS", "'host': its database is no number"))
    assert "se-cret" not in text
    assert [line["found"] for line in lines[3:]] == ["Seriatim_Policy is ignored"]
    assert any(check["check"] == "redis" and check["status"] != "fail" for check in found["checks"]), "the others count"
    engines = [check for check in found["checks"] if check["check"] == "gpu" or check["check"].startswith("engine ")]
    assert {check["status"] for check in engines} == {"ok"}, "their processes get the others alone"


@pytest.mark.thorough
def test_what_does_not_run_comes_with_its_command_and_nothing_is_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with PrivateServer(embedded()) as server:
        settings = {"SERIATIM_REDIS_URL": server.url, "SERIATIM_VOICE_DIR": str(tmp_path / "file" / "voices")}
        done = seriatim("doctor", settings=settings)
        with server.client() as client:
            assert client.keys() == []
    lines = done.stdout.decode().splitlines()
    advice = {line.split("  ")[1].strip(): line.partition(" -> ")[2] for line in lines if line.startswith("fail")}
    assert advice["workers"] == "start some: seriatim worker --engine espeak"
    assert advice["reassemblers"] == "start one: seriatim reassemble"
    assert advice["voices"].endswith("set SERIATIM_VOICE_DIR")
    assert lines[-1].startswith("3 failed, ")
    assert done.returncode == 1
