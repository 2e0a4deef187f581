"""docker-compose.yml, its .env and its secrets: what can be known of them without running anything."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from seriatim.settings import PREFIX, Settings
from tests.deploy.compose_services import COMPOSE, ROOT, Service, compose, interpolated, secrets, services, variables
from tests.security.roles import ROLES

OURS = [service for service in services().values() if service.ours]
EVERY = pytest.mark.parametrize("name", services())
LASTING = pytest.mark.parametrize(
    "name", [name for name, s in services().items() if s.entry.get("profiles") != ["tools"]]
)


def test_the_file_is_what_the_specification_says() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", COMPOSE],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_is_not_in_the_specification_is_found(tmp_path: Path) -> None:
    wrong = tmp_path / "compose.yml"
    wrong.write_text(COMPOSE.read_text("utf-8").replace("stop_grace_period:", "stop_grace:"), "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", wrong],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "stop_grace" in done.stdout


def test_the_services_and_their_profiles() -> None:
    found = {name: service.entry.get("profiles", []) for name, service in services().items()}
    assert found == {
        "redis": [], "gateway": [], "worker": [], "worker-xtts": ["gpu"], "reassembler": [], "flower": [],
        "models": ["tools"], "prometheus": ["monitoring"], "alertmanager": ["monitoring"], "grafana": ["monitoring"],
    }  # fmt: skip
    assert services()["reassembler"].replicas == 2


def test_each_image_of_ours_is_built_by_one_service_and_never_pulled() -> None:
    """Two services that build one tag make a first `docker compose up --build` fail: "image already exists"."""
    built = [service.entry["image"] for service in OURS if "build" in service.entry]
    assert sorted(built) == sorted({service.entry["image"] for service in OURS})
    assert len(OURS) > len(built)
    for service in OURS:
        assert service.entry["pull_policy"] == ("missing" if "build" in service.entry else "never")


def test_the_service_for_models_alone_may_write_where_they_are() -> None:
    """`run --volume` cannot make a mount of the file writable: it adds a second, and the first of a path counts."""
    rows = {
        name: [str(row) for row in s.entry.get("volumes", []) if ":/models" in str(row)]
        for name, s in services().items()
    }
    assert {name: row for name, row in rows.items() if row} == {
        "worker-xtts": ["./models:/models:ro,z"],
        "models": ["./models:/models:z"],
    }
    models = services()["models"]
    assert models.entry["entrypoint"] == ["seriatim", "models"]
    assert not models.needs, "it asks nothing of Redis"


@EVERY
def test_what_is_mounted_from_the_host_is_labelled_for_selinux(name: str) -> None:
    rows = [str(row).split(":") for row in services()[name].entry.get("volumes", [])]
    assert [row for row in rows if row[0].startswith(".") and "z" not in row[2].split(",")] == []


@LASTING
def test_every_service_comes_back_is_looked_at_and_has_limits(name: str) -> None:
    entry = services()[name].entry
    assert entry["restart"] == "unless-stopped"
    assert services()[name].health
    assert entry["deploy"]["resources"]["limits"]["memory"]
    assert entry["logging"]["options"]["max-size"], "logs do not fill the disk"


@EVERY
def test_what_is_published_is_published_on_loopback(name: str) -> None:
    assert all(address == "127.0.0.1" for address, _ in services()[name].ports)


def test_redis_is_not_published_loses_nothing_and_evicts_nothing() -> None:
    redis = services()["redis"]
    assert not redis.ports
    arguments = dict(zip(redis.command[1::2], redis.command[2::2], strict=True))
    assert arguments["--appendonly"] == "yes"
    assert arguments["--appendfsync"] == "always"
    assert arguments["--maxmemory-policy"] == "noeviction"
    assert arguments["--maxmemory"] == "1gb"
    assert arguments["--dir"] in redis.mounts


@pytest.mark.parametrize("service", OURS, ids=lambda service: service.name)
def test_ours_run_with_no_more_than_they_need(service: Service) -> None:
    entry = service.entry
    assert entry["read_only"]
    assert entry["cap_drop"] == ["ALL"]
    assert entry["security_opt"] == ["no-new-privileges:true"]
    assert entry["init"], "an init process reaps orphans"


def test_every_setting_is_known_and_no_secret_stands_in_the_environment() -> None:
    known = {f"{PREFIX}{name.upper()}" for name in Settings.__dataclass_fields__}
    for service in OURS:
        ours = {name for name in service.environment if name.startswith(PREFIX)}
        assert ours <= known
        assert not {name for name in ours if name.endswith("_PASSWORD")}


def test_each_service_has_a_role_of_its_own_and_the_secrets_that_it_names() -> None:
    for service in services().values():
        text = " ".join([*service.environment.values(), *service.command, *service.health])
        assert set(re.findall(r"/run/secrets/(\w+)", text)) == set(service.entry.get("secrets", [])), service.name
        url = service.environment.get("SERIATIM_REDIS_URL")
        if url:
            role = re.fullmatch(r"redis://seriatim-(\w+)@redis:6379/0", url)
            assert role
            assert role[1] in ROLES
            assert service.environment["SERIATIM_REDIS_PASSWORD_FILE"] == f"/run/secrets/redis_{role[1]}"


def test_the_secrets_are_those_that_the_script_makes(tmp_path: Path) -> None:
    script, folder = ROOT / "deploy" / "secrets.sh", tmp_path / "secrets"
    subprocess.run([script, folder], check=True)
    for name, path in secrets().items():
        made = folder / path.removeprefix("./deploy/secrets/")
        assert made.stat().st_size > 20, name
        assert made.stat().st_mode & 0o044 == 0o044, "containers run as other users"
    assert folder.stat().st_mode & 0o077 == 0, "and this machine's users are kept out"
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    subprocess.run([script, folder], check=True)
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before, "what is there stays"


def test_the_secrets_are_made_where_there_is_no_sha256sum_as_on_macos(tmp_path: Path) -> None:
    if shutil.which("shasum") is None:
        pytest.skip("shasum, which comes with Perl, is not installed")
    programs, folder = tmp_path / "bin", tmp_path / "secrets"
    programs.mkdir()
    for name in (
        "sh",
        "head",
        "tr",
        "cut",
        "grep",
        "base64",
        "mkdir",
        "mv",
        "chmod",
        "basename",
        "dirname",
        "shasum",
        "perl",
    ):
        (programs / name).symlink_to(shutil.which(name) or name)
    subprocess.run([ROOT / "deploy" / "secrets.sh", folder], check=True, env={"PATH": str(programs)})
    made = {path: path.read_bytes() for path in (folder / "users.acl", folder / "http_keys.toml")}
    assert len(re.findall(rb"#[0-9a-f]{64} ", made[folder / "users.acl"])) == len(ROLES)
    (folder / "users.acl").unlink()
    subprocess.run([ROOT / "deploy" / "secrets.sh", folder], check=True)
    assert {path: path.read_bytes() for path in made} == made, "the same sums"


def test_volumes_and_secrets_are_declared_and_used() -> None:
    mounted = {source for service in services().values() for source in service.mounts.values()}
    assert {source for source in mounted if not source.startswith(".")} == set(compose()["volumes"])
    used = {name for service in services().values() for name in service.entry.get("secrets", [])}
    assert used == set(secrets())


def test_the_example_of_env_names_every_variable_with_its_default() -> None:
    rows = re.findall(r"^#([A-Z_]+)=(.*)$", (ROOT / ".env.example").read_text("utf-8"), re.MULTILINE)
    assert {name: value for name, value in rows if not name.startswith(PREFIX)} == variables()
    known = {f"{PREFIX}{name.upper()}" for name in Settings.__dataclass_fields__}
    assert {name for name, _ in rows if name.startswith(PREFIX)} <= known


def test_variables_are_put_in_as_compose_does() -> None:
    assert interpolated("${A:-1}:${B}:$$HOME", {"B": "2"}) == "1:2:$HOME"
    assert interpolated("${A:-1}", {"A": ""}) == "1"


def test_workers_may_finish_their_sentences() -> None:
    """A sentence that shows no sound for so long is stuck; one that sounds may finish."""
    stuck_s = Settings().stall_timeout_ms / 1000
    assert services()["worker"].grace_s > stuck_s
    assert services()["worker-xtts"].grace_s > stuck_s
