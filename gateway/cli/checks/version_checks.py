"""Version checks: Python and the packages that Seriatim and its extras need, from what pip has written down."""

import platform
import sys
from collections.abc import Iterable
from importlib import metadata

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from gateway.cli.checks.check_result import CheckResult, fail, ok, warn
from seriatim import __version__
from seriatim.engine_names import GROUP
from seriatim.settings import Settings
from workers.engines.engine_catalogue import engine_profiles

OURS = ("bench", "dev")  #: extras that only contributors install
SHOWN = ("celery", "kombu", "redis", "hiredis", "numpy", "torch")  #: in the line about packages
INSTALL = "in Seriatim's folder: pip install -c constraints.txt -e"


def check_versions(settings: Settings) -> list[CheckResult]:
    """Results about Python, the packages, the extras and other distributions' engines."""
    try:
        needed = [Requirement(text) for text in metadata.requires("seriatim") or []]
    except metadata.PackageNotFoundError:  # an image that has the code in a folder of its own
        found = f"{python()}; Seriatim {__version__} was not installed by pip"
        return [warn("versions", found, "its packages could not be checked here")]
    return [_python(), _packages(needed), _extras(needed, settings), *_other_engines()]


def python() -> str:
    """Python and the system under it."""
    return f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"


def package_versions() -> dict[str, str]:
    """The version of every package that Seriatim or an extra of it asks for, and that is here."""
    try:
        required = {Requirement(text).name for text in metadata.requires("seriatim") or []}
    except metadata.PackageNotFoundError:
        required = set(SHOWN)
    found = {name: installed_version(name) for name in sorted(required)}
    return {name: version for name, version in found.items() if version}


def installed_version(name: str) -> str:
    """The version of a distribution; "" if it is not here."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def has_extra(name: str) -> bool:
    """Whether every package of an extra is here."""
    try:
        texts = metadata.requires("seriatim") or []
    except metadata.PackageNotFoundError:
        return False
    return all(installed_version(each.name) for each in _of_extra(texts, name))


def _of_extra(texts: Iterable[str], extra: str) -> list[Requirement]:
    return [each for each in map(Requirement, texts) if _applies(each, extra) and not _applies(each, "")]


def _applies(requirement: Requirement, extra: str) -> bool:
    return requirement.marker is None or requirement.marker.evaluate({"extra": extra})


def _python() -> CheckResult:
    required = str(metadata.metadata("seriatim")["Requires-Python"])
    if not SpecifierSet(required).contains(platform.python_version(), prereleases=True):
        advice = f"make a virtual environment with Python {required}"
        return fail("python", f"{python()}; Seriatim needs {required}", advice)
    return ok("python", f"{python()}, in {sys.prefix}")


def _packages(needed: Iterable[Requirement]) -> CheckResult:
    shown = ", ".join(f"{name} {version}" for name in SHOWN if (version := installed_version(name)))
    found = f"seriatim {__version__}, {shown}"
    if wrong := _wrong(each for each in needed if _applies(each, "")):
        return fail("packages", f"{found}; {'; '.join(wrong)}", f"{INSTALL} .")
    return ok("packages", found)


def _extras(needed: Iterable[Requirement], settings: Settings) -> CheckResult:
    texts = [str(each) for each in needed]
    whole: list[str] = []
    missing: list[str] = []
    wrong: list[str] = []
    for extra in sorted(set(metadata.metadata("seriatim").get_all("Provides-Extra") or []).difference(OURS)):
        required = _of_extra(texts, extra)
        wrong += [f"{extra}: {each}" for each in _wrong(each for each in required if installed_version(each.name))]
        (whole if all(installed_version(each.name) for each in required) else missing).append(extra)
    found = f"{', '.join(whole) or 'none'}; not installed: {', '.join(missing) or 'none'}"
    if settings.traces and "otel" in missing:
        return fail("extras", f"SERIATIM_TRACES is set; {found}", f"{INSTALL} '.[otel]'")
    if wrong:
        return fail("extras", f"{found}; {'; '.join(wrong)}", f"{INSTALL} '.[{','.join(whole)}]'")
    if not engine_profiles().keys() & set(whole) and not metadata.entry_points(group=GROUP):
        return warn("extras", f"no engine but the test tone; {found}", f"{INSTALL} '.[espeak]'")
    return ok("extras", found)


def _wrong(needed: Iterable[Requirement]) -> list[str]:
    """What is missing or of another version, such as "redis 5.0 instead of >=8.1"."""
    found = [(each, installed_version(each.name)) for each in needed]
    return [
        f"{each.name} {version} instead of {each.specifier}" if version else f"{each.name} is missing"
        for each, version in found
        if not version or not each.specifier.contains(version, prereleases=True)
    ]


def _other_engines() -> list[CheckResult]:
    points = sorted(metadata.entry_points(group=GROUP), key=lambda point: point.name)
    return [ok(f"engine {point.name}", f"of another distribution: {point.value}") for point in points]
