"""Machine checks: limits of the system, ports of this machine, its engines and its GPUs."""

import os
import resource
import socket
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from gateway.cli.checks.check_result import CheckResult, fail, from_message, ok, warn
from gateway.cli.checks.version_checks import has_extra, installed_version
from gateway.cli.commands.healthcheck import HEALTH, http_problem
from gateway.cli.engine_queries import ask_engine
from seriatim.errors import SeriatimError
from seriatim.process.process_range import usable_cores
from seriatim.servers.server_address import Address
from seriatim.settings import Settings
from workers.engines.engine_catalogue import engine_profiles

FILES = 3  #: descriptors of a gateway for each client: its socket, one to Redis, one to spare
SPARE_FILES = 500
ENGINE_S = 60.0  #: an engine of a package loads within a second or two, on a machine that is busy within many
NVML_S = 20.0  #: it answers in a fraction of a second, or never
OVERCOMMIT = Path("/proc/sys/vm/overcommit_memory")
UP_PORT = 7379  #: where `seriatim up` has its Redis


def check_machine(settings: Settings) -> list[CheckResult]:
    """Results about this machine."""
    limits = [_cores(), _open_files(settings), *check_overcommit(settings)]
    return [*limits, *_ports(settings), *_engines(settings), _gpus(settings)]


def _cores() -> CheckResult:
    n_bytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return ok("machine", f"{usable_cores()} cores, {n_bytes / 1e9:.1f} GB of memory")


def _open_files(settings: Settings) -> CheckResult:
    """The hard limit counts: a gateway raises its soft one by itself."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    required = FILES * settings.http_max_concurrency + SPARE_FILES
    if hard == resource.RLIM_INFINITY or hard >= required:
        return ok("open files", "any number" if hard == resource.RLIM_INFINITY else f"up to {hard}")
    advice = f"ulimit -Hn {required} (or LimitNOFILE=), or lower SERIATIM_HTTP_MAX_CONCURRENCY"
    return warn("open files", f"up to {hard}; a full gateway wants {required}", advice)


def check_overcommit(settings: Settings, path: Path = OVERCOMMIT) -> list[CheckResult]:
    """The kernel's setting on which the forks of a Redis on this machine depend, read from `path`. Linux has it."""
    address = Address.of(settings.redis_url)
    here = address.scheme == "unix" or address.host in ("localhost", "127.0.0.1", "::1")
    if not here or not path.exists():
        return []
    value = path.read_text("ascii").strip()
    if value == "1":
        return [ok("overcommit", "vm.overcommit_memory is 1")]
    advice = "sysctl vm.overcommit_memory=1, and the same in /etc/sysctl.conf"
    return [warn("overcommit", f"vm.overcommit_memory is {value}: Redis may fail to rewrite its log", advice)]


def _ports(settings: Settings) -> list[CheckResult]:
    """Whether each default port is free, or what should be there answers."""
    root = settings.flower_root.strip("/")
    paths = {part: f"/{root}{path}" if root and part == "flower" else path for part, (_, path) in HEALTH.items()}
    web = [_port(port, part, f"http://127.0.0.1:{port}{paths[part]}") for part, (port, _) in HEALTH.items()]
    return [*web, *_redis_port(settings)]


def _port(port: int, part: str, url: str) -> CheckResult:
    if _is_free(port):
        return ok(f"port {port}", f"free for a {part}" if part == "gateway" else f"free for {part.title()}")
    if not http_problem(url):
        return ok(f"port {port}", f"a {part} answers")
    other = "--http PORT of seriatim up or --port of seriatim serve" if part == "gateway" else "seriatim flower --port"
    return warn(f"port {port}", f"another program is there than a {part}", f"choose another one: {other}")


def _redis_port(settings: Settings) -> list[CheckResult]:
    if f":{UP_PORT}" in settings.redis_url or _is_free(UP_PORT):
        return []
    advice = f"if it is that of seriatim up: SERIATIM_REDIS_URL=redis://127.0.0.1:{UP_PORT}/0"
    return [warn(f"port {UP_PORT}", "a server is there that is not asked", advice)]


def _is_free(port: int) -> bool:
    with socket.socket() as trying:
        trying.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trying.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _engines(settings: Settings) -> list[CheckResult]:
    """Whether the engines load that are installed and whose voices are in a package; others are for `models`."""
    packaged = [name for name, profile in engine_profiles().items() if profile.module]
    return [_engine(name, settings) for name in packaged if has_extra(name)]


def _engine(name: str, settings: Settings) -> CheckResult:
    try:
        voices = ask_engine("workers", "--engine", name, "--list-voices", limit_s=ENGINE_S, settings=settings)
    except SeriatimError as error:
        return from_message(f"engine {name}", str(error))
    return ok(f"engine {name}", f"it loads, and has {len(voices)} voice{'s' * (len(voices) > 1)}")


def _gpus(settings: Settings) -> CheckResult:
    try:
        found = ask_engine("workers.gpu_list", limit_s=NVML_S, settings=settings)
    except SeriatimError as error:
        return warn("gpu", f"the driver does not answer: {error}", "see nvidia-smi and dmesg; a restart may help")
    return describe_gpus(found["gpus"], found["why"], installed_version("torch"))


def describe_gpus(gpus: Iterable[dict[str, Any]], why: str, torch: str) -> CheckResult:
    """The result for what NVML lists; `why` it lists nothing, and torch's version, "" where there is none."""
    shown = [f"{gpu['name']} ({gpu['bytes'] / 1e9:.0f} GB, {gpu['used']:.0%} in use)" for gpu in gpus]
    if not shown:
        return ok("gpu", f"none is seen: {why}")
    if "+cpu" in torch:
        advice = "pip install -c constraints.txt --force-reinstall torch, from an index with CUDA builds"
        return fail("gpu", f"{', '.join(shown)}; torch {torch} cannot use it", advice)
    return ok("gpu", ", ".join(shown))
