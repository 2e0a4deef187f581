"""`seriatim doctor`: one line for each thing that Seriatim needs, and what to do where it is not as it should be.

It changes nothing, works while Redis is unavailable, and shows no secret: its output goes into bug reports.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from gateway.cli.checks.check_result import CheckResult, CheckStatus, as_lines, warn
from gateway.cli.checks.machine_checks import check_machine
from gateway.cli.checks.server_checks import check_server
from gateway.cli.checks.setting_checks import changed_settings, read_settings
from gateway.cli.checks.system_checks import check_broker, check_folder, check_store, check_system
from gateway.cli.checks.version_checks import check_versions, package_versions, python
from seriatim import __version__
from seriatim.exit_codes import ExitCode
from seriatim.process.home_folder import expand_home
from seriatim.recordings.store_place import StorePlace, store_place
from seriatim.servers.redis_clients import inspection_client
from seriatim.settings import Settings


def run_doctor(environ: Mapping[str, str], *, as_json: bool) -> int:
    """Check everything and print it; returns the exit status, FAILED if a check fails."""
    settings, results = read_settings(environ)
    results = [*check_versions(settings), *results, *_services(settings), *check_machine(settings)]
    if as_json:
        json.dump(_report(settings, results), sys.stdout, indent=1)
        sys.stdout.write("\n")
    else:
        sys.stdout.write("\n".join([*as_lines(results), _summary(results)]) + "\n")
    return ExitCode.FAILED if _count(results, CheckStatus.FAIL) else ExitCode.OK


def _services(settings: Settings) -> list[CheckResult]:
    """Results about Redis and what stands on it. Without Redis, the rest of the system cannot be seen."""
    voices = check_folder("voices", expand_home(settings.voice_dir), "SERIATIM_VOICE_DIR")
    with inspection_client(settings.redis_url) as redis:
        server = check_server(redis, settings)
        if len(server) > 1:
            return [*server, check_broker(settings), *check_system(redis, settings), voices]
    unseen = warn(
        "workers", "not checked, nor are reassemblers: Redis unavailable", "fix what the redis check reports first"
    )
    broker = [check_broker(settings)] if settings.broker != settings.redis_url else []
    return [
        *server,
        *broker,
        unseen,
        check_store(_expanded_place(settings.store_dir)),
        voices,
    ]


def _expanded_place(text: str) -> StorePlace:
    place = store_place(text)
    return expand_home(place) if isinstance(place, Path) else place


def _report(settings: Settings, results: list[CheckResult]) -> dict[str, Any]:
    return {
        "seriatim": __version__,
        "python": python(),
        "packages": package_versions(),
        "settings": changed_settings(settings),
        "checks": [
            {"check": each.check, "status": each.status, "found": each.found, "advice": each.advice} for each in results
        ],
    }


def _summary(results: list[CheckResult]) -> str:
    return f"{_count(results, CheckStatus.FAIL)} failed, {_count(results, CheckStatus.WARN)} warnings"


def _count(results: list[CheckResult], status: CheckStatus) -> int:
    return sum(result.status is status for result in results)
