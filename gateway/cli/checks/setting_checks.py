"""Setting checks: every variable that cannot be used is reported, not only the first, and the others count. Pure."""

from collections.abc import Mapping
from dataclasses import fields

from gateway.cli.checks.check_result import CheckResult, from_message, ok, warn
from seriatim.errors import Misconfigured
from seriatim.servers.server_urls import redacted_url
from seriatim.settings import PREFIX, Settings, variable

URLS = ("redis_url", "broker_url")
OTHERS = {  #: variables of other programs that look as if they counted here -> what does
    "REDIS_URL": f"{PREFIX}REDIS_URL",
    "CELERY_BROKER_URL": f"{PREFIX}BROKER_URL",
}


def read_settings(environ: Mapping[str, str]) -> tuple[Settings, list[CheckResult]]:
    """The settings that can be used, and a result for each variable that cannot; for all together, if all can."""
    left = dict(environ)
    problems: list[CheckResult] = []
    while problem := _problem(left):
        blamed = [name for name in left if name.startswith(PREFIX) and _problem(_without(left, name)) != problem]
        blamed = blamed or [name for name in left if name.startswith(PREFIX)]
        problems.append(from_message("settings", problem))
        for name in blamed:
            del left[name]
    settings = Settings.from_env(left)
    n = len(changed_settings(settings))
    return settings, [*(problems or [ok("settings", f"{n} set, all known")]), *_ignored(environ)]


def changed_settings(settings: Settings) -> dict[str, object]:
    """The variables that differ from the defaults; URLs without user, password and parameters."""
    values = {f: getattr(settings, f.name) for f in fields(settings)}
    return {
        variable(f): redacted_url(value) if f.name in URLS else value
        for f, value in values.items()
        if value != f.default
    }


def _problem(environ: Mapping[str, str]) -> str:
    try:
        Settings.from_env(environ)
    except Misconfigured as error:
        return str(error)
    return ""


def _without(environ: Mapping[str, str], name: str) -> dict[str, str]:
    return {other: value for other, value in environ.items() if other != name}


def _ignored(environ: Mapping[str, str]) -> list[CheckResult]:
    """Variables that look like settings and are ignored."""
    found = [
        warn("settings", f"{name} is set, and is not read here", f"set {ours}")
        for name, ours in OTHERS.items()
        if name in environ and ours not in environ
    ]
    spelt = [name for name in environ if name.upper().startswith(PREFIX) and not name.startswith(PREFIX)]
    return found + [warn("settings", f"{name} is ignored", f"write {name.upper()}") for name in spelt]
